"""What is printed while a provider does not respond."""

import threading
from pathlib import Path

import pytest

from altseason.cli import main
from altseason.commands.reporting import showing_waits
from altseason.sources import session
from tests.providers.serving import COINGECKO_VARIABLE


def test_download_shows_its_retries_and_who_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    # Nobody listens on port 1.
    monkeypatch.setenv(COINGECKO_VARIABLE, "http://127.0.0.1:1/api/v3")
    monkeypatch.setattr(session._Retries, "get_backoff_time", lambda _: 0.0)
    words = ["dominance", "download", "--days", "5", "--calls-per-minute", "100000"]
    assert main([*words, "--datadir", str(tmp_path)]) == 2
    *retries, last = capsys.readouterr().err.splitlines()
    shown = [line for line in retries if line.startswith("127.0.0.1: no usable response")]
    assert [line.rpartition(", ")[2] for line in shown] == [
        f"{left} retries left" for left in (3, 2, 1, 0)
    ]
    assert last.startswith("altseason: ")


def test_waiting_is_reported_once_it_takes_long(capsys: pytest.CaptureFixture[str]):
    over = threading.Event()
    with showing_waits("CoinGecko", silent_seconds=0.0):
        over.wait(0.2)
    assert capsys.readouterr().err == "Waiting for CoinGecko; Ctrl-C stops it\n"
    with showing_waits("CoinGecko", silent_seconds=60):
        pass
    assert capsys.readouterr().err == ""


def test_a_missing_userdir_is_named(capsys: pytest.CaptureFixture[str]):
    assert main(["dominance", "status", "--userdir", "nowhere"]) == 2
    assert "`nowhere` does not exist" in capsys.readouterr().err
