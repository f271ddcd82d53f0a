"""`altseason why`, by stored candles and by those of a bot."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
import pytest
from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType
from freqtrade.resolvers import StrategyResolver
from freqtrade.rpc import RPC

from altseason.cli import main
from altseason.dominance.store import DominanceStore
from altseason.host.configuration import data_directory
from tests.conftest import STRATEGIES, coin_candles, dominance_candles
from tests.gate.coin_days import store_coins
from tests.integration.freqtrade_runs import write_subclass

NAMES = [
    "is_altcoin",
    "is_traded",
    "is_above_sma50",
    "is_above_sma200",
    "is_not_overbought",
    "has_momentum",
    "is_alt_season",
]
CHEAP = """
    def entry_conditions(self, dataframe, metadata):
        from altseason.gate.conditions import below
        return {**super().entry_conditions(dataframe, metadata),
                "is_cheap": below(dataframe["close"], 90.0)}"""
HIDDEN = """
    buy_params = {"gate_mode": "off"}

    def populate_entry_trend(self, dataframe, metadata):
        dataframe = super().populate_entry_trend(dataframe, metadata)
        dataframe["enter_long"] = 1
        return dataframe"""
FOREIGN = """
from freqtrade.strategy import IStrategy


class Foreign(IStrategy):
    timeframe = "1h"
    stoploss = -0.1
    minimal_roi = {"0": 1}

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
"""

GATED = """
from altseason.strategy import AltSeasonGate
from Foreign import Foreign


class Gated(AltSeasonGate, Foreign):
    pass
"""


@pytest.fixture
def userdir(tmp_path: Path) -> Path:
    """Two coins with 60 days of candles, and dominance by which the gate is closed at the end."""
    folder = tmp_path / "user_data"
    strategies = folder / "strategies"
    strategies.mkdir(parents=True)
    write_subclass(strategies, "Cheap", CHEAP)
    write_subclass(strategies, "Hidden", HIDDEN)
    (strategies / "Foreign.py").write_text(FOREIGN)
    (strategies / "AltSeasonStrategy.py").symlink_to(STRATEGIES / "AltSeasonStrategy.py")
    exchange = {"name": "kraken", "pair_whitelist": ["(ADA|ETH)/USDT", "SOL/USDT"]}
    (folder / "config.json").write_text(json.dumps({"exchange": exchange}))
    datadir = folder / "data" / "kraken"
    DominanceStore(datadir).append(dominance_candles([50.0, 60.5] * 30, "2021-01-01"), "1d")
    for seed, pair in enumerate(["ETH/USDT", "ADA/USDT"]):
        candles = coin_candles(24 * 60, seed=seed)
        get_datahandler(datadir, "feather").ohlcv_store(pair, "1h", candles, CandleType.SPOT)
    return folder


def why(capsys: pytest.CaptureFixture, userdir: Path, *words: str) -> dict[str, Any]:
    assert main(["why", *words, "--json", "--userdir", str(userdir)]) == 0
    return dict(json.loads(capsys.readouterr().out))


def findings(report: dict[str, Any], pair: str) -> dict[str, dict[str, Any]]:
    [found] = [one for one in report["pairs"] if one["pair"] == pair]
    return {condition["name"]: condition for condition in found["conditions"]}


def test_each_condition_is_shown_with_its_value_and_limit(
    capsys: pytest.CaptureFixture, userdir: Path
):
    report = why(capsys, userdir)
    assert sorted(one["pair"] for one in report["pairs"]) == ["ADA/USDT", "ETH/USDT"]
    found = findings(report, "ETH/USDT")
    assert list(found) == NAMES
    close = coin_candles(24 * 60, seed=0)["close"].to_numpy()
    above = found["is_above_sma50"]
    compared = [above[name] for name in ("value_name", "comparison", "limit_name")]
    assert compared == ["close", ">", "sma50"]
    assert above["value"] == pytest.approx(close[-1])
    assert above["limit"] == pytest.approx(np.mean(close[-50:]))
    assert above["holds"] == (close[-1] > np.mean(close[-50:]))
    assert found["is_not_overbought"]["limit"] == 70
    assert (found["is_altcoin"]["holds"], found["is_alt_season"]["holds"]) == (True, False)
    # The 60th day is known when the last candle ends.
    gate = report["gate"]
    assert (gate["open"], gate["dominance"], gate["age_hours"]) == (False, 60.5, 0)
    assert gate["closed_since"] == "2021-03-02T00:00:00+00:00"
    assert all(one["candle_closed"] == gate["closed_since"] for one in report["pairs"])
    assert not any(one["enters"] or one["other_reason"] for one in report["pairs"])


def test_text_has_the_same_facts_in_80_columns(capsys: pytest.CaptureFixture, userdir: Path):
    assert main(["why", "ETH/USDT", "--userdir", str(userdir)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert text.startswith("Gate: dominance below 55 %. The gate has been closed since 2021-03-02")
    assert "ETH/USDT at 2021-03-02 00:00 UTC: no entry" in lines
    assert "  no   is_alt_season" in lines
    assert "ADA/USDT" not in text
    # It is the gate at the end of these candles, so there is no age.
    assert " ago" not in text


@pytest.mark.parametrize(("hours", "is_old"), [(2, False), (3, True)])
def test_candles_that_ended_long_ago_are_reported_to_be_of_then(
    capsys: pytest.CaptureFixture,
    userdir: Path,
    monkeypatch: pytest.MonkeyPatch,
    hours: int,
    is_old: bool,
):
    now = datetime(2021, 3, 2, hours, tzinfo=UTC)
    monkeypatch.setattr("altseason.commands.why.dt_now", lambda: now)
    assert main(["why", "ETH/USDT", "--userdir", str(userdir)]) == 0
    told = "The newest stored candles ended at 2021-03-02 00:00 UTC"
    assert (told in capsys.readouterr().err) == is_old


def test_names_of_a_subclass_show_up_and_decide(capsys: pytest.CaptureFixture, userdir: Path):
    report = why(capsys, userdir, "ETH/USDT", "--strategy", "Cheap")
    found = findings(report, "ETH/USDT")
    assert list(found) == [*NAMES, "is_cheap"]
    close = float(coin_candles(24 * 60, seed=0)["close"].iloc[-1])
    assert (found["is_cheap"]["limit"], found["is_cheap"]["holds"]) == (90, close < 90)


def test_gate_that_counts_coins_says_how_many_beat_bitcoin(
    capsys: pytest.CaptureFixture, userdir: Path
):
    write_subclass(
        userdir / "strategies", "Counts", '    buy_params = {"gate_mode": "breadth_and_falling"}'
    )
    coins = {f"C{number}": [10.0] * 90 + [20.0] for number in range(5)}
    store_coins(userdir / "data" / "kraken", {**coins, "BTC": [50.0] * 91}, "2020-12-01")
    config = json.loads((userdir / "config.json").read_text())
    section = {"breadth": {"coins": [*coins]}}
    (userdir / "config.json").write_text(json.dumps({**config, "altseason": section}))
    gate = why(capsys, userdir, "ETH/USDT", "--strategy", "Counts")["gate"]
    # The 91st day is known when the last candle ends.
    assert gate["breadth"]["known_at"] == "2021-03-02T00:00:00+00:00"
    assert (gate["breadth"]["beating"], gate["breadth"]["measured"]) == (5, 5)
    assert (gate["open"], gate["dominance"]) == (False, 60.5)
    assert "5 of 5 coins (100 %) beat Bitcoin over 90 days" in gate["reason"]


def test_strategy_that_trades_futures_is_explained_by_their_candles(
    capsys: pytest.CaptureFixture, userdir: Path
):
    (userdir / "strategies" / "Gated.py").write_text(GATED)
    config = json.loads((userdir / "config.json").read_text())
    config["exchange"]["pair_whitelist"] = ["(ETH|SOL)/USDT:USDT"]
    futures = {"trading_mode": "futures", "margin_mode": "isolated"}
    (userdir / "config.json").write_text(json.dumps({**config, **futures}))
    datadir = userdir / "data" / "kraken"
    (datadir / "futures").mkdir()
    candles = coin_candles(24 * 60)
    get_datahandler(datadir, "feather").ohlcv_store(
        "ETH/USDT:USDT", "1h", candles, CandleType.FUTURES
    )
    [one] = why(capsys, userdir, "--strategy", "Gated")["pairs"]
    assert (one["pair"], one["candle_closed"]) == ("ETH/USDT:USDT", "2021-03-02T00:00:00+00:00")


def test_what_decides_without_a_name_is_reported(capsys: pytest.CaptureFixture, userdir: Path):
    [one] = why(capsys, userdir, "ETH/USDT", "--strategy", "Hidden")["pairs"]
    assert (one["enters"], one["other_reason"]) == (True, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--strategy", "Foreign"], "expected a strategy with a gate, found Foreign; see `"),
        (["SOL/USDT"], "expected 1h candles of SOL/USDT, found none; `freqtrade download-data"),
        (["--live", "--url", "http://127.0.0.1:9"], "expected a running bot, found none; enable"),
    ],
)
def test_what_cannot_be_explained_ends_in_one_line(
    capsys: pytest.CaptureFixture, userdir: Path, words: list[str], message: str
):
    assert main(["why", *words, "--userdir", str(userdir)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "is_partial"), [(["SOL/USDT", "DOT/USDT"], False), (["SOL/USDT", "ETH/USDT"], True)]
)
def test_pairs_without_candles_are_named_in_one_line_with_what_stores_them(
    capfd: pytest.CaptureFixture, userdir: Path, words: list[str], is_partial: bool
):
    assert main(["why", *words, "--userdir", str(userdir)]) == (0 if is_partial else 2)
    captured = capfd.readouterr()
    names = "SOL/USDT" if is_partial else "SOL/USDT DOT/USDT"
    line, *others = captured.err.splitlines()
    assert len(others) == is_partial
    assert f"`freqtrade download-data --pairs {names} --timeframes 1h`" in line
    assert ("ETH/USDT at" in captured.out) == is_partial


@pytest.mark.parametrize("name", ["ETHUSDT", "eth/usdt", "ETH-USDT", "eth_usdt"])
def test_another_spelling_of_a_pair_is_answered_with_the_right_one(
    capsys: pytest.CaptureFixture, userdir: Path, name: str
):
    assert main(["why", name, "--userdir", str(userdir)]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line == (
        f"altseason: expected a pair as BASE/QUOTE, found {name}; "
        "did you mean `altseason why ETH/USDT`?"
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("def entry_conditions(self, dataframe, metadata):\n        return None", "NoneType"),
        ("def populate_indicators(self, dataframe, metadata):\n        return None", "populate_*"),
        (
            "def populate_indicators(self, dataframe, metadata):\n        return dataframe['x']",
            "Broken.py, line",
        ),
    ],
)
def test_error_of_a_strategy_is_one_line(
    capsys: pytest.CaptureFixture, userdir: Path, body: str, message: str
):
    write_subclass(userdir / "strategies", "Broken", f"\n    {body}\n")
    assert main(["why", "ETH/USDT", "--strategy", "Broken", "--userdir", str(userdir)]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("altseason: Analyzing ETH/USDT failed ")
    assert message in line


def test_empty_pair_is_refused(capsys: pytest.CaptureFixture, userdir: Path):
    assert main(["why", "", "--userdir", str(userdir)]) == 2
    assert "found an empty name" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["DOGE/USDT", "DOGEUSDT", "?"])
def test_a_pair_that_nobody_knows_is_answered_with_the_whitelist(
    capfd: pytest.CaptureFixture, userdir: Path, name: str
):
    assert main(["why", name, "--userdir", str(userdir)]) == 2
    [line] = capfd.readouterr().err.splitlines()
    assert "not in the whitelist: ADA/USDT, ETH/USDT, SOL/USDT" in line
    assert ("download-data" in line) == ("/" in name)


@contextmanager
def bot(answers: dict[str, Any], password: str) -> Iterator[str]:
    """The part of a bot's REST API that is used; a wrong password is refused in the same way."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            # Unread data would reset the connection when it is closed.
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            request = urlsplit(self.path)
            name = request.path.rsplit("/", 1)[1]
            pair = parse_qs(request.query).get("pair", [""])[0]
            answer = answers[name + pair]
            if password not in str(self.headers["Authorization"]):
                answer = {"detail": "Unauthorized"}
            body = json.dumps(answer, default=str).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def analyze_as_bot(userdir: Path, threshold: float) -> dict[str, Any]:
    """The analyzed candles of a dry run as the API returns them, by Freqtrade's own conversion."""
    config = {
        "strategy": "AltSeasonStrategy",
        "strategy_path": str(userdir / "strategies"),
        "user_data_dir": userdir,
        "datadir": userdir / "data" / "kraken",
        "runmode": "dry_run",
        "altseason": {"dominance": {"record": False}},
    }
    assert data_directory(config).is_dir()
    strategy = StrategyResolver.load_strategy(config)
    strategy.ft_load_hyper_params()
    strategy.dominance_threshold.value = threshold
    candles = strategy.advise_indicators(coin_candles(24 * 60), {"pair": "ETH/USDT"})
    candles = strategy.ft_advise_signals(candles, {"pair": "ETH/USDT"})
    now = datetime(2021, 3, 2, tzinfo=UTC)
    return RPC._convert_dataframe_to_dict(
        "AltSeasonStrategy", "ETH/USDT", "1h", candles.tail(500).copy(), now, None, []
    )


def test_bot_is_asked_by_its_api(
    capsys: pytest.CaptureFixture, userdir: Path, monkeypatch: pytest.MonkeyPatch
):
    # The bot was started with another threshold than the files have now.
    answers = {
        "show_config": {"strategy": "AltSeasonStrategy"},
        "whitelist": {"whitelist": ["ETH/USDT"]},
        "pair_candlesETH/USDT": analyze_as_bot(userdir, threshold=70),
    }
    monkeypatch.setenv("FREQTRADE__API_SERVER__USERNAME", "me")
    monkeypatch.setenv("FREQTRADE__API_SERVER__PASSWORD", "word")
    with bot(answers, "bWU6d29yZA==") as url:
        report = why(capsys, userdir, "--live", "--url", url)
        assert main(["why", "--live", "--url", url, "--userdir", str(userdir)]) == 0
        text = capsys.readouterr().out
        monkeypatch.setenv("FREQTRADE__API_SERVER__PASSWORD", "secret-of-mine")
        assert main(["why", "--live", "--url", url, "--userdir", str(userdir)]) == 2
    refused = capsys.readouterr().err
    assert "Unauthorized" in refused
    assert "secret-of-mine" not in refused
    found = findings(report, "ETH/USDT")
    assert list(found) == NAMES
    close = coin_candles(24 * 60)["close"].to_numpy()
    assert found["is_above_sma50"]["limit"] == pytest.approx(np.mean(close[-50:]))
    assert found["is_alt_season"]["holds"]
    gate = report["gate"]
    assert (gate["open"], gate["dominance"], gate["age_hours"]) == (True, 60.5, 0)
    assert "  yes  is_alt_season" in text


def test_conditions_are_columns_where_a_bot_trades_and_not_in_a_backtest(userdir: Path):
    columns = analyze_as_bot(userdir, threshold=55)["columns"]
    assert set(NAMES) <= set(columns)
    config = {
        "strategy": "AltSeasonStrategy",
        "strategy_path": str(userdir / "strategies"),
        "user_data_dir": userdir,
        "datadir": userdir / "data" / "kraken",
        "runmode": "backtest",
    }
    strategy = StrategyResolver.load_strategy(config)
    strategy.ft_load_hyper_params()
    candles: pd.DataFrame = strategy.advise_indicators(coin_candles(500), {"pair": "ETH/USDT"})
    assert set(NAMES).isdisjoint(strategy.ft_advise_signals(candles, {"pair": "ETH/USDT"}))


def test_without_the_default_strategy_the_option_is_named(
    capsys: pytest.CaptureFixture, userdir: Path
):
    (userdir / "strategies" / "AltSeasonStrategy.py").unlink()
    assert main(["why", "--userdir", str(userdir)]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert "'AltSeasonStrategy'" in last
    assert last.endswith("name it with --strategy.")
