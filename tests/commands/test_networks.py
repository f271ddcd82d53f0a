"""The commands that poll providers, each in its own process: by a proxy, and with faults."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from altseason.dominance.store import DominanceStore
from tests.conftest import STRATEGIES
from tests.providers.proxies import Reached, reaching
from tests.providers.serving import Reply, Request
from tests.providers.world import Market, three_coins
from tests.recorder.simulation import load_counted

BROKEN = Reply(b"", way="drop")


def answer(request: Request) -> Reply:
    """Respond for all providers: the current value by folder, and the history."""
    market = Market(lambda: pd.Timestamp.now(tz="UTC"))
    is_current = request.path == "/coingecko/global" or not request.path.startswith("/coingecko/")
    if is_current:
        return market.answer(request)
    path = request.path.removeprefix("/coingecko")
    return three_coins().answer(Request(path, request.query, request.headers))


@pytest.fixture
def run(tmp_path: Path):
    """Run a command on a folder, with all providers at one address."""

    def run(url: str, *words: str) -> "subprocess.CompletedProcess[str]":
        urls = {name: f"{url}/{name}" for name in Market(pd.Timestamp.now).percent}
        config = tmp_path / "config.json"
        settings = {"urls": urls, "backfill": False}
        config.write_text(
            json.dumps({"exchange": {"name": "kraken"}, "altseason": {"dominance": settings}})
        )
        (tmp_path / "user_data").mkdir()
        # By this variable Freqtrade recognizes a test, and leaves logging as it is.
        environment = {name: os.environ[name] for name in os.environ if name != "PYTEST_VERSION"}
        folders = ["-c", str(config), "--userdir", "user_data", "--datadir", "data"]
        return subprocess.run(
            [sys.executable, "-m", "altseason", "dominance", *words, *folders],
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(STRATEGIES)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def proxied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reached]:
    """Providers behind a tunneling proxy; any other would see a key in plain text."""
    with reaching("connect proxy", answer, tmp_path, monkeypatch) as reached:
        yield reached


@pytest.fixture
def direct(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reached]:
    with reaching("direct", answer, tmp_path, monkeypatch) as reached:
        yield reached


def test_record_once_goes_through_a_proxy(run, proxied: Reached, tmp_path: Path):
    found = run(proxied.url, "record", "--once")
    assert found.returncode == 0, found.stderr
    assert found.stdout.endswith(" UTC  57.00 %  CoinGecko\n")
    [(_, provider, value)] = load_counted(tmp_path / "data")
    assert (provider, value) == ("CoinGecko", 57.0)
    assert {line.split()[0] for line in proxied.proxy.asked} == {"CONNECT"}
    # Also the three that are compared with it.
    assert len({request.path.split("/")[1] for request in proxied.provider.requests}) == 4


def test_download_goes_through_a_proxy(run, proxied: Reached, tmp_path: Path):
    found = run(proxied.url, "download", "--days", "5", "--calls-per-minute", "3000")
    assert found.returncode == 0, found.stderr
    # 60 % on all days and now, where CoinGecko has 57.
    closes = DominanceStore(tmp_path / "data").load("1d")["close"]
    assert closes.tolist() == [pytest.approx(57.0)] * 5
    assert {line.split()[0] for line in proxied.proxy.asked} == {"CONNECT"}


@pytest.mark.parametrize(
    ("words", "code", "requests"),
    [
        # The next poll of a recorder is its retry.
        (("record", "--once"), 1, 1),
        pytest.param(("download", "--days", "5"), 0, 2, marks=pytest.mark.slow),
    ],
)
def test_failures_are_reported_in_our_words_alone(
    run, direct: Reached, words: tuple[str, ...], code: int, requests: int
):
    direct.provider.faults["/coingecko/global"] = [BROKEN]
    found = run(direct.url, *words)
    assert found.returncode == code, found.stderr
    assert direct.provider.count("/coingecko/global") == requests
    assert "no usable response (" in found.stderr
    assert "Retrying" not in found.stderr
    warnings = [line for line in found.stderr.splitlines() if "WARNING" in line]
    assert [line for line in warnings if "recorder.feed" not in line] == []
