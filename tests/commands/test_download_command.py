"""`altseason dominance download`, as a user runs it, with a local provider."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from altseason.cli import main
from altseason.dominance.store import DominanceStore
from tests.conftest import dominance_candles
from tests.providers.serving import (
    COINGECKO_VARIABLE,
    COINMARKETCAP_VARIABLE,
    Provider,
    Reply,
    serving,
)
from tests.providers.web_history import WebHistory
from tests.providers.world import World, reply, three_coins


@pytest.fixture
def world() -> World:
    """Bitcoin's share is 60 % on all days but the newest, where it is 50 %, and now 60 %."""
    world = three_coins()
    world.caps["bitcoin"][-1] = 400.0
    return world


@pytest.fixture
def coingecko(world: World):
    with serving(world.answer) as provider:
        yield provider


@pytest.fixture
def datadir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def download(
    coingecko: Provider, datadir: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., int]:
    monkeypatch.setenv(COINGECKO_VARIABLE, coingecko.url)

    def download(*arguments: str) -> int:
        return main(["dominance", "download", "--datadir", str(datadir), *arguments])

    return download


def write_config(path: Path, *, is_demo: bool) -> None:
    coingecko = {"api_key": "CG-1", "is_demo": is_demo}
    path.write_text(json.dumps({"exchange": {"name": "binance"}, "coingecko": coingecko}))


def stored(datadir: Path) -> pd.DataFrame:
    return DominanceStore(datadir).load("1d")


def newest_midnight() -> pd.Timestamp:
    """The end of the newest day that CoinGecko has."""
    return (pd.Timestamp.now(tz="UTC") - pd.Timedelta(minutes=40)).floor("D")


def test_download_stores_finished_days(
    download, datadir: Path, world: World, capsys: pytest.CaptureFixture
):
    end = newest_midnight()
    is_late = end == pd.Timestamp.now(tz="UTC").floor("D")
    assert download("--days", "10") == 0
    candles = stored(datadir)
    days = pd.date_range(end=end - pd.Timedelta(days=1), periods=10, freq="1D")
    assert candles["date"].tolist() == days.tolist()
    # The current share is 60 %, CoinGecko's 57: all is scaled by 0.95. (Within the first minutes of
    # a day the newest midnight is yesterday's.)
    newest = 47.5 if is_late else 57.0
    assert candles["close"].tolist() == pytest.approx([57.0] * 9 + [newest])
    assert candles["volume"].tolist() == [1.0] * 10
    output = capsys.readouterr()
    told = " ".join(output.out.split())
    for fact in (
        "Bitcoin's share of the 3 largest coins, times 0.9500, so that the current share",
        "equals CoinGecko's 57.00 %",
        "Survivorship bias",
        "Stamp rule: snapshot",
        "BTCD/USD 1d: 10 candles, 10 of them new",
        f"last closes {end:%Y-%m-%d %H:%M} UTC, no gaps",
        f"Stored in {datadir}",
    ):
        assert fact in told
    assert "0 of 3 coins" in output.err


def test_without_days_it_downloads_what_is_missing(download, datadir: Path):
    start = newest_midnight() - pd.Timedelta(days=30)
    DominanceStore(datadir).append(dominance_candles([57.0] * 25, str(start)), "1d")
    assert download() == 0
    assert len(stored(datadir)) == 30
    assert download() == 0
    assert len(stored(datadir)) == 30


def test_first_download_takes_all_there_is(download, datadir: Path, capsys: pytest.CaptureFixture):
    assert download() == 0
    # Soon after midnight the newest day is not available yet.
    days = len(stored(datadir))
    assert days in (139, 140)
    assert f"Of the 365 days requested, {days} could be calculated." in capsys.readouterr().out


def test_gap_that_is_longer_than_what_there_is_is_reported(
    download, datadir: Path, capsys: pytest.CaptureFixture
):
    start = newest_midnight() - pd.Timedelta(days=400)
    DominanceStore(datadir).append(dominance_candles([57.0] * 10, str(start)), "1d")
    assert download() == 0
    assert "25 days between the newest stored candle and these" in capsys.readouterr().out


def test_outliers_are_reported_stored_and_left_out_of_the_mean_unless_they_are_kept(
    download, datadir: Path, world: World, capsys: pytest.CaptureFixture
):
    world.caps["bitcoin"][-5] = 400.0
    assert download("--days", "10") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Outliers (1)" in told
    assert ": 47.50 %, after 57.00 % and before 57.00 %" in told
    assert (stored(datadir)["close"] < 50).sum() >= 1
    assert not DominanceStore(datadir).keeps_outliers
    assert download("--days", "10", "--keep-outliers", "--json") == 0
    [day] = json.loads(capsys.readouterr().out)["timeframes"]
    assert (len(day["outliers"]), day["outliers_kept"]) == (1, True)
    assert DominanceStore(datadir).keeps_outliers


def test_json_is_one_object(download, capsys: pytest.CaptureFixture):
    assert download("--days", "5", "--json") == 0
    facts: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert facts["factor"] == pytest.approx(0.95)
    expected = {"source": "coingecko", "days_asked": 5, "coins": 3, "survivors_only": True}
    assert expected.items() <= facts.items()
    assert (facts["current"], facts["days_left_out"], facts["level"]) == (57.0, [], None)
    [day] = facts["timeframes"]
    assert (day["timeframe"], day["candles"], day["added"], day["gaps"]) == ("1d", 5, 5, [])


def test_other_level_is_reported_and_what_is_stored_stays(
    download, datadir: Path, capsys: pytest.CaptureFixture
):
    start = newest_midnight() - pd.Timedelta(days=20)
    DominanceStore(datadir).append(dominance_candles([54.0] * 10, str(start)), "1d")
    assert download("--days", "12") == 0
    output = capsys.readouterr().out
    assert "On 10 days that were stored before, it differs by +3.00 percentage points" in output
    assert "The levels differ" in output
    assert "2 candles disagree" in output
    assert stored(datadir)["close"].iloc[:10].tolist() == [54.0] * 10


def test_hole_of_a_large_coin_is_reported_as_a_gap(
    download, world: World, capsys: pytest.CaptureFixture
):
    world.caps["ethereum"][-5] = None
    assert download("--days", "20") == 0
    output = " ".join(capsys.readouterr().out.split())
    assert "Left out 1 days on which coins with more than 1% of the sum" in output
    assert "1 gap" in output


def test_key_of_freqtrade_s_configuration_is_used(
    download, coingecko: Provider, tmp_path: Path, capsys: pytest.CaptureFixture
):
    config = tmp_path / "config.json"
    write_config(config, is_demo=True)
    assert download("--days", "5", "-c", str(config)) == 0
    assert {request.headers["x-cg-demo-api-key"] for request in coingecko.requests} == {"CG-1"}
    assert "CG-1" not in "".join(capsys.readouterr())


def test_pro_source_divides_by_the_total(
    download, world: World, datadir: Path, tmp_path: Path, capsys: pytest.CaptureFixture
):
    world.is_pro, world.total = True, [1200.0] * 140
    config = tmp_path / "config.json"
    write_config(config, is_demo=False)
    assert download("--source", "coingecko-pro", "--days", "9", "-c", str(config)) == 0
    assert stored(datadir)["close"].iloc[0] == 50.0
    output = capsys.readouterr().out
    assert "Bitcoin's share of the total market cap" in output
    assert "Survivors" not in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--days", "366"], "expected at most 365, found 366"),
        (["--source", "coingecko-pro"], "expected a Pro key, found none"),
    ],
)
def test_what_cannot_be_had_is_refused_before_any_call(
    download,
    coingecko: Provider,
    capsys: pytest.CaptureFixture,
    arguments: list[str],
    message: str,
):
    assert download(*arguments) == 2
    output = capsys.readouterr()
    assert message in output.err
    assert output.err.count("\n") == 1
    assert output.out == ""
    assert coingecko.requests == []


@pytest.mark.parametrize(
    "arguments",
    [["--days", "0"], ["--days", "1.5"], ["--days", "99999"], ["--coins", "1"], ["--coins", "-3"]],
)
def test_number_out_of_range_is_refused(
    download, coingecko: Provider, capsys: pytest.CaptureFixture, arguments: list[str]
):
    with pytest.raises(SystemExit) as end:
        download(*arguments)
    assert end.value.code == 2
    assert "expected a whole number from" in capsys.readouterr().err
    assert coingecko.requests == []


def test_synthetic_candles_are_never_mixed_with_real_ones(
    download, datadir: Path, coingecko: Provider, capsys: pytest.CaptureFixture
):
    datadir.mkdir()
    (datadir / "SYNTHETIC.txt").write_text("")
    assert download() == 2
    assert "expected a folder for real candles" in capsys.readouterr().err
    assert coingecko.requests == []


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/global", reply({"status": {"error_code": 10005, "error_message": "no"}}, 401)),
        ("/coins/markets", reply({"error": "Missing parameter vs_currencies"}, 422)),
        ("/coins/ethereum/market_chart", Reply(b"<html>Just a moment</html>", 403)),
        ("/coins/ethereum/market_chart", Reply(b'{"market_caps": []}')),
        ("/coins/dogecoin/market_chart", Reply(b'{"market_caps":[[1,2]]}')),
    ],
)
def test_failed_download_stores_nothing_and_says_so_in_one_line(
    download,
    coingecko: Provider,
    datadir: Path,
    capsys: pytest.CaptureFixture,
    path: str,
    fault: Reply,
):
    coingecko.faults[path] = [fault]
    assert download("--days", "5") == 2
    output = capsys.readouterr()
    *progress, last = output.err.splitlines()
    assert last.startswith("altseason: CoinGecko /")
    assert not any(line.startswith(("altseason:", "Traceback")) for line in progress)
    assert output.out == ""
    assert list(datadir.glob("BTCD*")) == []


@pytest.fixture
def coinmarketcap(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebHistory]:
    """CoinMarketCap's history with 60 % on every day, at the address of the environment."""
    world = WebHistory()
    with serving(world.answer) as provider:
        monkeypatch.setenv(COINMARKETCAP_VARIABLE, provider.url)
        yield world


@pytest.mark.usefixtures("coinmarketcap")
def test_long_history_is_one_command(
    download, coingecko: Provider, datadir: Path, capsys: pytest.CaptureFixture
):
    assert download("--source", "coinmarketcap") == 0
    candles = DominanceStore(datadir, provider="coinmarketcap").load("1d")
    days = (newest_midnight() - pd.Timestamp("2013-04-29", tz="UTC")).days + 1
    # One day is known to be missing there.
    assert len(candles) == days - 1
    assert candles["close"].unique().tolist() == [60.0]
    output = " ".join(capsys.readouterr().out.split())
    for fact in (
        "CoinMarketCap does not document this endpoint",
        f"Of the {days} days requested, {days - 1} could be calculated.",
        "Stamp rule: snapshot",
        "1 gap",
        "2013-04-28",
        f"Stored in {datadir}",
    ):
        assert fact in output
    assert coingecko.requests == []


@pytest.mark.usefixtures("coinmarketcap")
def test_long_history_as_json(download, capsys: pytest.CaptureFixture):
    assert download("--source", "coinmarketcap", "--days", "5", "--json") == 0
    facts: dict[str, Any] = json.loads(capsys.readouterr().out)
    expected = {"source": "coinmarketcap", "days_asked": 5, "coins": None, "survivors_only": False}
    assert expected.items() <= facts.items()


def test_long_history_that_fails_stores_nothing_and_says_so_in_one_line(
    download, coinmarketcap: WebHistory, datadir: Path, capsys: pytest.CaptureFixture
):
    coinmarketcap.faults = [Reply(b"<html>Just a moment</html>", 403)]
    assert download("--source", "coinmarketcap") == 2
    output = capsys.readouterr()
    assert output.err.splitlines()[-1].startswith("altseason: CoinMarketCap /data-api/v3/")
    assert output.out == ""
    assert list(datadir.glob("BTCD*")) == []


@pytest.mark.usefixtures("coinmarketcap")
def test_two_providers_are_not_mixed(
    download, datadir: Path, coingecko: Provider, capsys: pytest.CaptureFixture
):
    assert download("--source", "coinmarketcap", "--days", "5") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "set altseason.dominance.provider to coinmarketcap" in told
    assert download("--days", "5") == 2
    output = capsys.readouterr()
    assert "set altseason.dominance.provider to coinmarketcap, or move" in output.err
    assert (output.err.count("\n"), output.out) == (1, "")
    assert coingecko.requests == []
    assert DominanceStore(datadir, provider="coinmarketcap").load("1d")["close"].nunique() == 1


@pytest.mark.usefixtures("coinmarketcap")
def test_download_follows_the_provider_of_the_settings(
    download, datadir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    monkeypatch.setenv("FREQTRADE__ALTSEASON__DOMINANCE__PROVIDER", "coinmarketcap")
    assert download("--days", "5", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["source"], facts["setting_needed"]) == ("coinmarketcap", None)
    assert main(["dominance", "status", "--datadir", str(datadir)]) == 0
    assert "Provider: CoinMarketCap (altseason.dominance.provider)" in capsys.readouterr().out
    assert main(["dominance", "status", "--datadir", str(datadir), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["provider"] == "coinmarketcap"
    assert download("--source", "coingecko", "--days", "5") == 2


def test_interrupted_download_goes_on_where_it_stopped(
    download, coingecko: Provider, datadir: Path
):
    command = [sys.executable, "-m", "altseason", "dominance", "download", "--days", "5"]
    command += ["--datadir", str(datadir), "--calls-per-minute", "90"]
    environment = {**os.environ, COINGECKO_VARIABLE: coingecko.url}
    process = subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 120
    while not list(datadir.rglob("bitcoin.json")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 130, errors
    assert output == ""
    assert "the same command continues from there" in errors
    assert "Traceback" not in errors
    assert list(datadir.glob("BTCD*")) == []

    assert download("--days", "5") == 0
    assert coingecko.count("bitcoin") == 1
    assert len(stored(datadir)) == 5
