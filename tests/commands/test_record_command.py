"""`altseason dominance record`, `rebuild` and `status --check`, as a user runs them."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from altseason.cli import main
from altseason.dominance.store import DominanceStore
from altseason.dominance.synthetic import save_marker
from tests.conftest import STRATEGIES
from tests.providers.serving import Provider, Reply
from tests.providers.world import Market
from tests.recorder.simulation import (
    SimulatedClock,
    load_counted,
    load_lines,
    make_recording,
    record,
)

REFUSED = Reply(b"{}", 403)


@pytest.fixture
def config(tmp_path: Path, live_market: Market, live_server: Provider) -> Path:
    (tmp_path / "user_data").mkdir()
    (tmp_path / "user_data" / "strategies").symlink_to(STRATEGIES)
    path = tmp_path / "config.json"
    dominance = {"urls": live_market.urls(live_server.url), "backfill": False}
    path.write_text(
        json.dumps({"exchange": {"name": "kraken"}, "altseason": {"dominance": dominance}})
    )
    return path


@pytest.fixture
def datadir(tmp_path: Path) -> Path:
    return tmp_path / "user_data" / "data" / "kraken"


@pytest.fixture
def words(config: Path, tmp_path: Path) -> list[str]:
    return ["-c", str(config), "--userdir", str(tmp_path / "user_data")]


def run(action: str, words: list[str], *more: str) -> int:
    return main(["dominance", action, *words, *more])


def recorded_ago(datadir: Path, minutes: float, dominance: float = 56.5) -> None:
    now = pd.Timestamp.now(tz="UTC") - pd.Timedelta(minutes=minutes)
    datadir.mkdir(parents=True, exist_ok=True)
    clock = SimulatedClock()
    record(make_recording(datadir, clock), clock, str(now.tz_localize(None)), dominance)


def test_record_once_shows_what_it_has_recorded(
    words: list[str], datadir: Path, capsys: pytest.CaptureFixture
):
    assert run("record", words, "--once") == 0
    assert capsys.readouterr().out.endswith(" UTC  57.00 %  CoinGecko\n")
    assert [(name, value) for _, name, value in load_counted(datadir)] == [("CoinGecko", 57.0)]


def test_record_once_fetches_no_missing_days(words: list[str], config: Path, live_server: Provider):
    settings = json.loads(config.read_text())
    del settings["altseason"]["dominance"]["backfill"]  # on by default
    config.write_text(json.dumps(settings))
    assert run("record", words, "--once") == 0
    # The primary, and the three that are compared with it.
    assert [request.path.split("/")[1] for request in live_server.requests] == [
        "coingecko",
        "coinmarketcap",
        "coinpaprika",
        "coinlore",
    ]


def test_record_once_asks_nobody_before_ten_minutes_are_over(
    words: list[str], live_server: Provider, capsys: pytest.CaptureFixture
):
    run("record", words, "--once")
    asked = len(live_server.requests)
    capsys.readouterr()
    assert run("record", words, "--once") == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert "No new reading" in output.err
    assert len(live_server.requests) == asked


def test_record_once_fails_where_nobody_responds(
    words: list[str], live_market: Market, datadir: Path, capsys: pytest.CaptureFixture
):
    live_market.faults["coingecko"] = REFUSED
    assert run("record", words, "--once") == 1
    assert "No new reading" in capsys.readouterr().err
    assert load_lines(datadir) == []


def test_record_into_a_synthetic_folder_is_refused(
    words: list[str], config: Path, datadir: Path, capsys: pytest.CaptureFixture
):
    config.write_text('{"exchange": {"name": "kraken"}}')
    datadir.mkdir(parents=True)
    save_marker(datadir, seed=1, version=1)
    assert run("record", words, "--once") == 2
    assert "expected a folder for real candles" in capsys.readouterr().err


@contextmanager
def recording(words: list[str], *program: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the command as a process that ends with the test."""
    command = [sys.executable, *(program or ("-m", "altseason")), "dominance", "record", *words]
    environment = {**os.environ, "PYTHONPATH": str(STRATEGIES)}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def assert_ends_normally(process: "subprocess.Popen[str]") -> None:
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert output == ""
    assert errors.splitlines()[-1] == "Recording has ended."
    assert "Traceback" not in errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_record_ends_normally_when_it_is_stopped(
    words: list[str], datadir: Path, wait_until: Callable[..., None], number: int
):
    with recording(words) as process:
        wait_until(lambda: len(load_lines(datadir)) == 4 or process.poll() is not None)
        process.send_signal(number)
        assert_ends_normally(process)


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_record_ends_while_a_provider_keeps_it_waiting(
    words: list[str],
    live_market: Market,
    live_server: Provider,
    wait_until: Callable[..., None],
    number: int,
):
    live_market.faults["coingecko"] = Reply(b"", way="hang")
    with recording(words) as process:
        wait_until(lambda: live_server.requests or process.poll() is not None)
        process.send_signal(number)
        assert_ends_normally(process)


# Python prints and drops exceptions in such a callback, or in a destructor.
STOPPED_IN_A_CALLBACK = """
import os, signal, sys, weakref
from altseason.cli import main
from altseason.recorder.feed import Feed


class Held: pass


def stop(_):
    os.kill(os.getpid(), signal.SIGTERM)
    for _ in range(100_000): pass


def record(feed):
    held = Held()
    reference = weakref.ref(held, stop)
    del held
    return False


Feed.record = record
sys.exit(main(sys.argv[1:]))
"""


def test_stop_that_comes_where_no_exception_can_pass_ends_it(words: list[str]):
    with recording(words, "-c", STOPPED_IN_A_CALLBACK) as process:
        assert_ends_normally(process)


def test_interrupt_that_a_background_process_ignores_does_not_end_it(
    words: list[str], datadir: Path, wait_until: Callable[..., None]
):
    """A shell sets it so for commands that it starts with `&`."""
    script = "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    script += "from altseason.cli import main; sys.exit(main(sys.argv[1:]))"
    with recording(words, "-c", script) as process:
        wait_until(lambda: len(load_lines(datadir)) == 4 or process.poll() is not None)
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        process.terminate()
        assert_ends_normally(process)


def test_rebuild_makes_the_candles_of_the_log(
    words: list[str], datadir: Path, capsys: pytest.CaptureFixture
):
    for day in (9, 8, 7):
        recorded_ago(datadir, day * 1440)
    assert run("rebuild", words, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["readings"], report["added"]["1h"]) == (3, 3)
    assert len(DominanceStore(datadir).load("1h")) == 3
    assert run("rebuild", words) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert output.startswith(f"3 readings in {datadir / 'BTCD_USD-readings.jsonl'}; ")
    assert "candles added: 0 of 1h, 0 of 1d" in output


def test_rebuild_without_a_log_is_refused(words: list[str], capsys: pytest.CaptureFixture):
    assert run("rebuild", words) == 2
    assert "expected recorded readings, found none" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("minutes_ago", "code"), [([], 1), ([59], 0), ([61], 1), ([300, 59], 0), ([20_000], 1)]
)
def test_status_check_names_what_failed_where_nothing_is_recorded(
    words: list[str],
    datadir: Path,
    capsys: pytest.CaptureFixture,
    minutes_ago: list[float],
    code: int,
):
    for minutes in minutes_ago:
        recorded_ago(datadir, minutes)
    assert run("status", words, "--check") == code
    failed = "Check failed: nothing was recorded in the last hour.\n"
    assert capsys.readouterr().err == (failed if code else "")
    assert run("status", words) == 0


def test_status_check_does_not_count_what_was_only_compared(words: list[str], datadir: Path):
    recorded_ago(datadir, 90)
    clock = SimulatedClock()
    now = str(pd.Timestamp.now(tz="UTC").tz_localize(None))
    record(make_recording(datadir, clock), clock, now, None, raw=50.0)
    assert run("status", words, "--check") == 1


def test_status_shows_the_last_reading_and_each_offset(
    words: list[str], datadir: Path, capsys: pytest.CaptureFixture
):
    run("record", words, "--once")
    capsys.readouterr()
    assert run("status", words) == 0
    output = capsys.readouterr().out
    assert re.search(r"recorded: 57.00 % by CoinGecko, \d seconds? ago", output)
    assert "CoinPaprika: not calibrated yet" in output
    assert run("status", words, "--json") == 0
    recorded = json.loads(capsys.readouterr().out)["recorded"]
    assert recorded["current"] is True
    assert recorded["last"]["raw"] == 57.0
    assert recorded["offsets"] == {"CoinLore": None, "CoinMarketCap": None, "CoinPaprika": None}
