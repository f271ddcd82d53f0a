"""Cells handed out to processes, some of which end."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from distributed import Client

from altseason.errors import InputError
from altseason_lab.study.cluster import open_local_cluster, open_scheduler
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


def test_scheduler_that_is_not_there_is_refused_in_a_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("altseason_lab.study.cluster.TIMEOUT_SECONDS", 0.5)
    with pytest.raises(InputError) as refused, open_scheduler("tcp://127.0.0.1:9"):
        pass
    assert "--scheduler tcp://127.0.0.1:9: expected a Dask scheduler" in str(refused.value)
    assert "\n" not in str(refused.value)


class Deserted:
    """As a client of a scheduler without workers."""

    def nthreads(self) -> dict[str, int]:
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


def test_processes_of_this_machine_that_do_not_start_again_end_the_study():
    handout = Handout(Deserted(), Job({}), run_fake)
    for _ in range(24):
        handout._check_workers()
    with pytest.raises(InputError, match="do not start again; what was finished is stored"):
        handout._check_workers()
