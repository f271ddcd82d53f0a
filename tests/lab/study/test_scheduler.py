"""Cells handed out to processes, some of which end."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import psutil
import pytest
from distributed import Client, SpecCluster

from altseason.errors import InputError
from altseason_lab.study.cluster import (
    LocalScheduler,
    LocalWorker,
    open_local_cluster,
    open_scheduler,
)
from altseason_lab.study.contents import Contents
from altseason_lab.study.grid import Cell, Scope
from altseason_lab.study.process import Job
from altseason_lab.study.scheduler import Handout
from tests.lab.study.fake_cells import ALWAYS, ONCE, WRONG, run_fake

SCOPE = Scope("20220101-20220201", ("ETH/USDT",))
CONTENTS = Contents("", "", "", "", "")


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with open_local_cluster(2) as found:
        yield found


def hand_out(client: Client, folder: Path, *modes: str) -> Iterator[tuple[Cell, str]]:
    handout = Handout(client, Job({"folder": str(folder)}), run_fake)
    tasks = [(Cell(SCOPE, mode), CONTENTS) for mode in modes]
    yield from ((cell, found.result.timeframe) for cell, found in handout(tasks))


def test_each_cell_has_its_own_result_and_is_run_once(client: Client, tmp_path: Path):
    names = [f"cell {number}" for number in range(40)]
    found = list(hand_out(client, tmp_path, *names))
    assert sorted(found, key=str) == [(Cell(SCOPE, name), name) for name in sorted(names)]
    assert {path.read_text() for path in tmp_path.iterdir()} == {"run\n"}


def test_lost_process_costs_its_cell_only(client: Client, tmp_path: Path):
    names = [*(f"cell {number}" for number in range(9)), ONCE]
    found = list(hand_out(client, tmp_path, *names))
    assert sorted(name for _, name in found) == sorted(names)
    runs = {path.name: path.read_text().count("run") for path in tmp_path.iterdir()}
    assert runs.pop("ends-once") == 2
    # At most what was just found, and not fetched yet, is run again: these take no time at all.
    assert sum(runs.values()) <= len(runs) + 2


def test_cell_that_fails_ends_the_study_with_its_error(client: Client, tmp_path: Path):
    with pytest.raises(ValueError, match="as a strategy's own"):
        list(hand_out(client, tmp_path, WRONG))


@pytest.mark.slow
def test_cell_that_ends_each_process_is_named_and_the_others_are_there(tmp_path: Path):
    found: list[tuple[Cell, str]] = []
    with open_local_cluster(2) as client, pytest.raises(InputError) as refused:
        found.extend(hand_out(client, tmp_path, "one", ALWAYS, "two", "three"))
    assert f"gate_mode {ALWAYS} on ETH/USDT in 20220101-20220201 ended each" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert sorted(name for _, name in found) == ["one", "three", "two"]
    assert (tmp_path / "ends-always").read_text().count("run") == 3


@pytest.mark.slow
def test_cluster_listens_on_loopback_alone_and_leaves_no_process():
    with open_local_cluster(2) as client:
        command = psutil.Process()
        children = command.children(recursive=True)
        listening = [
            connection.laddr.ip
            for process in (command, *children)
            for connection in process.net_connections()
            if connection.status == psutil.CONN_LISTEN
        ]
        # Of the scheduler, two nannies and two workers.
        assert len(listening) >= 5
        # As a terminal does at Ctrl-C.
        workers = list(client.run(os.getpid).values())
        for worker in workers:
            os.kill(worker, signal.SIGINT)
        assert sorted(client.run(os.getpid).values()) == sorted(workers)
    assert set(listening) == {"127.0.0.1"}
    assert not any(psutil.pid_exists(worker) for worker in workers)


def say_nothing(connection: socket.socket) -> None:
    """Keep the connection open."""


def answer_wrongly(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 100)


@pytest.mark.parametrize("respond", [None, say_nothing, answer_wrongly])
def test_what_is_no_scheduler_is_refused_in_a_line_and_in_time(
    respond: Callable[[socket.socket], None] | None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("altseason_lab.study.cluster.TIMEOUT_SECONDS", 0.5)
    with listening(respond) as port, pytest.raises(InputError) as refused:
        hold(f"tcp://127.0.0.1:{port}")
    assert f"--scheduler tcp://127.0.0.1:{port}: expected a Dask scheduler" in str(refused.value)
    assert "\n" not in str(refused.value)


@contextmanager
def listening(respond: Callable[[socket.socket], None] | None) -> Iterator[int]:
    """Yield a port whose connections are answered in some way; None for one that nobody has."""
    with ExitStack() as connections, socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if respond is None:
            server.close()
            yield port
            return

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    connections.enter_context(connection)
                    respond(connection)

        thread = Thread(target=accept, daemon=True)
        thread.start()
        yield port
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_worker_is_no_scheduler_and_one_that_has_none_waits_for_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("altseason_lab.study.cluster.WORKER_SECONDS", 0.5)
    here = {"host": "127.0.0.1", "protocol": "tcp://", "dashboard": False}
    with SpecCluster(
        {}, {"cls": LocalScheduler, "options": here}, {"cls": LocalWorker, "options": here}
    ) as cluster:
        address = cluster.scheduler_address
        with pytest.raises(InputError, match="expected workers, found none"):
            hold(address)
        assert f"The study waits for a worker of {address}" in capsys.readouterr().err
        cluster.scale(1)
        hold(address)
        [worker] = cluster.workers.values()
        with pytest.raises(
            InputError, match=r"expected a Dask scheduler, found none \(a LocalWorker"
        ):
            hold(worker.address)


def hold(address: str) -> None:
    """Connect to a scheduler, and leave it again."""
    with open_scheduler(address):
        pass


class Deserted:
    """As a client of a scheduler without workers.

    :param is_silent: whether it does not even respond.
    """

    def __init__(self, *, is_silent: bool = False) -> None:
        self.scheduler = SimpleNamespace(ncores=None)
        self.is_silent = is_silent

    def sync(self, call: None, *, callback_timeout: float) -> dict[str, int]:
        if self.is_silent:
            raise TimeoutError(callback_timeout)
        return {}

    def scheduler_info(self) -> dict[str, str]:
        return {"address": "tcp://127.0.0.1:8786"}


def test_study_waits_for_workers_of_a_scheduler_and_says_so_once(
    capsys: pytest.CaptureFixture[str],
):
    handout = Handout(Deserted(), Job({}, is_remote=True), run_fake)
    for _ in range(100):
        handout._check_workers()
    assert capsys.readouterr().err.count("`dask worker tcp://127.0.0.1:8786 --nthreads 1`") == 1


def test_study_waits_for_a_scheduler_that_is_silent_and_says_so_once(
    capsys: pytest.CaptureFixture[str],
):
    """A scheduler or its machine may have been suspended."""
    client = Deserted(is_silent=True)
    handout = Handout(client, Job({}, is_remote=True), run_fake)
    for _ in range(3):
        handout._check_workers()
    assert capsys.readouterr().err.count("tcp://127.0.0.1:8786 does not respond") == 1
    client.is_silent = False
    handout._check_workers()
    client.is_silent = True
    handout._check_workers()
    assert capsys.readouterr().err.count("does not respond") == 1


def test_processes_of_this_machine_that_do_not_start_again_end_the_study(
    capsys: pytest.CaptureFixture[str],
):
    handout = Handout(Deserted(), Job({}), run_fake)
    for _ in range(24):
        handout._check_workers()
    # Nobody has to start a worker for them.
    errors = capsys.readouterr().err
    assert errors.count("are being restarted") == 1
    assert "dask worker" not in errors
    with pytest.raises(InputError, match="do not restart; finished backtests are stored"):
        handout._check_workers()
