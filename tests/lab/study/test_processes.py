"""The command with its processes, and workers of a scheduler, some of which are killed.

They are run by what the document shows.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest

from altseason_lab.study.results import FOLDER
from tests.conftest import ROOT
from tests.integration.freqtrade_runs import Home, write_subclass
from tests.lab.study.conftest import PERIOD

EAGER = '    buy_params = {"gate_mode": "level", "macd_trigger": "above"}'
STUDY = ("--modes", "falling", "--windows", PERIOD, "--groups", "ETH/USDT,ADA/USDT")
PLACEBOS = 10
CELLS = 12
TIMEOUT_SECONDS = 300


def command(home: Home, *words: str) -> list[str]:
    strategy = ("--", "--strategy", "Eager")
    # As people write it; workers have another folder to start from.
    datadir = os.path.relpath(home.datadir, home.folder)
    options = ("--offline", "-d", datadir, "--json", "--placebos", str(PLACEBOS))
    return [sys.executable, "-m", "altseason", "study", *options, *STUDY, *words, *strategy]


def run(home: Home, *words: str) -> subprocess.CompletedProcess[str]:
    write_subclass(home.strategies, "Eager", EAGER)
    return subprocess.run(
        command(home, *words),
        cwd=home.folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


def numbers(found: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert found.returncode == 0, found.stderr
    assert "distributed" not in found.stderr
    assert "Traceback" not in found.stderr
    return dict(json.loads(found.stdout))


def stored(home: Home) -> dict[str, int]:
    """When each result was stored, by name."""
    files = (home.userdir / FOLDER).glob("*.json")
    return {path.name: path.stat().st_ino for path in files}


def wait_for(condition: Callable[..., bool], *arguments: object) -> None:
    end = time.monotonic() + TIMEOUT_SECONDS
    while not condition(*arguments):
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)


def has_stored(home: Home, number: int) -> bool:
    return len(stored(home)) >= number


@pytest.fixture
def expected(home: Home) -> dict[str, object]:
    """What one process finds; its results are removed."""
    found = numbers(run(home, "--processes", "1"))
    shutil.rmtree(home.userdir / FOLDER)
    return found


@pytest.mark.slow
def test_killed_command_goes_on_where_it_was_and_killed_workers_change_nothing(
    home: Home, expected: dict[str, object]
):
    with subprocess.Popen(
        command(home, "--processes", "2"),
        cwd=home.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_for(has_stored, home, 3)
        workers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    _, alive = psutil.wait_procs(workers, 30)
    assert alive == []
    before = stored(home)
    assert CELLS > len(before) >= 3
    # No half of a file has the name of a result.
    again = subprocess.Popen(
        command(home, "--processes", "2"),
        cwd=home.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with again:
        wait_for(has_stored, home, len(before) + 2)
        kill_one_worker(again.pid)
        output, errors = again.communicate(timeout=TIMEOUT_SECONDS)
    found = subprocess.CompletedProcess([], again.returncode, output, errors)
    assert numbers(found) == expected
    assert f"{len(before)} of {CELLS} backtests were not run" in errors
    after = stored(home)
    assert len(after) == CELLS
    # Those from before were not written again.
    assert before.items() <= after.items()


def kill_one_worker(command: int) -> None:
    children = psutil.Process(command).children(recursive=True)
    next(one for one in children if "spawn_main" in " ".join(one.cmdline())).kill()


@pytest.mark.slow
def test_ctrl_c_ends_all_processes_in_a_line(home: Home):
    write_subclass(home.strategies, "Eager", EAGER)
    with subprocess.Popen(
        command(home, "--processes", "2"),
        cwd=home.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        wait_for(has_stored, home, 1)
        workers = psutil.Process(process.pid).children(recursive=True)
        # As a terminal does: to all of them.
        os.killpg(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == 130
    assert output == ""
    assert errors.splitlines()[-1].startswith("Stopped. Finished backtests are stored")
    assert "Traceback" not in errors
    _, alive = psutil.wait_procs(workers, 30)
    assert alive == []


def read_document() -> list[list[str]]:
    """The commands that start a scheduler, a worker and a study on it."""
    text = (ROOT / "docs" / "study.md").read_text()
    [block] = re.findall(r"^```console\n(.*?)^```", text, re.S | re.M)
    return [line.split() for line in block.splitlines()]


def find_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def running(folder: Path, words: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Run Dask's command line, in a session of its own, until the end."""
    folder.mkdir(exist_ok=True)
    with (folder / f"{words[1]}.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=folder,
            stdout=log,
            stderr=log,
            text=True,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def scheduler_with(home: Home, workers: int, *, threads: int = 1) -> Iterator[str]:
    """Run what the document shows, on a free port, and yield the address."""
    start, join, _ = read_document()
    port = find_port()
    address = f"tcp://127.0.0.1:{port}"
    join = [word.replace("tcp://127.0.0.1:8786", address) for word in join]
    join[join.index("--nthreads") + 1] = str(threads)
    with ExitStack() as stack:
        stack.enter_context(running(home.folder / "dask", [*start, "--port", str(port)]))
        for _ in range(workers):
            stack.enter_context(running(home.folder / "dask", join))
        wait_for(count_workers(address), workers)
        yield address


def count_workers(address: str):
    from distributed import Client

    def has(number: int) -> bool:
        with Client(address, timeout=TIMEOUT_SECONDS) as client:
            return len(client.nthreads()) >= number

    return has


@pytest.mark.slow
def test_workers_of_a_scheduler_give_the_numbers_of_one_process(
    home: Home, expected: dict[str, object]
):
    with scheduler_with(home, 2) as address:
        assert numbers(run(home, "--scheduler", address)) == expected
        log = (home.folder / "dask" / "worker.log").read_text()
        # A second study finds the workers as they were, and one that is changed is run by them.
        assert numbers(run(home, "--scheduler", address, "--fresh")) == expected
        assert "Traceback" not in log
        check_refusals(home, address)


def check_refusals(home: Home, address: str) -> None:
    """A worker that still has the code from before is named, and what it gave is not stored."""
    before = stored(home)
    parent = home.strategies / "AltSeasonStrategy.py"
    text = parent.read_text()
    parent.unlink()
    parent.write_text(f"{text}\n# changed\n")
    refused = run(home, "--scheduler", address)
    assert refused.returncode == 2
    [line] = [line for line in refused.stderr.splitlines() if "expected the same files" in line]
    assert re.search(r"tcp://127\.0\.0\.1:\d+: expected the same files as on the machine of", line)
    assert "the code of this project or of the strategy's parents" in line
    assert stored(home) == before


@pytest.mark.slow
def test_worker_with_several_threads_is_refused(home: Home):
    with scheduler_with(home, 1, threads=2) as address:
        refused = run(home, "--scheduler", address)
    assert refused.returncode == 2
    assert "expected a Dask worker with one thread" in refused.stderr
    assert "found 2 threads; start it with --nthreads 1" in refused.stderr
    assert not (home.userdir / FOLDER).exists()


@pytest.mark.slow
def test_scheduler_that_ends_ends_the_study_in_a_line(home: Home):
    write_subclass(home.strategies, "Eager", EAGER)
    with ExitStack() as stack:
        address = stack.enter_context(scheduler_with(home, 1))
        process = stack.enter_context(
            subprocess.Popen(
                command(home, "--scheduler", address),
                cwd=home.folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        wait_for(has_stored, home, 2)
        end_scheduler(address)
        _, errors = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == 2
    assert "the Dask scheduler has ended or cannot be reached" in errors
    assert "Traceback" not in errors


def end_scheduler(address: str) -> None:
    port = int(address.rpartition(":")[2])
    for process in psutil.process_iter():
        words = process.cmdline() if process.is_running() else []
        if "scheduler" in words and str(port) in words:
            process.kill()
