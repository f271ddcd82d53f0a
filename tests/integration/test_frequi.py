"""What FreqUI draws, from real bots in the sandbox: candles, indicators and shaded alt seasons."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from tests.integration.freqtrade_runs import Home, write_subclass
from tests.integration.test_gated_strategies import PARENT, write_gated
from tests.lab.sandbox.bots import Api

Make = Callable[[Path], Home]
INDICATORS = ["sma50", "sma200", "rsi", "macd", "macdsignal", "macdhist"]
DOMINANCE = ["close_btcd", "sma_btcd", "alt_season"]
HOUR, DAY = pd.Timedelta("1h"), pd.Timedelta("1D")
PAIR = {"pair": "ETH/USDT", "timeframe": "1h"}


@contextmanager
def rehearsing(run: Home, *words: str, end: int, code: int) -> Iterator[subprocess.Popen[str]]:
    """Run a Freqtrade command in the sandbox until it is stopped.

    :param end: the signal that tells it.
    :param code: what it ends with then, after it has cleaned up.
    """
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "altseason", "sandbox", "--datadir", str(run.datadir)),
            *("--", "freqtrade", *words),
        ],
        cwd=run.folder,
        env={**os.environ, "PYTHONPATH": str(run.strategies)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(end)
        _, messages = process.communicate(timeout=60)
    assert process.returncode == code, messages
    assert "Application shutdown complete" in messages
    assert "Traceback" not in messages
    assert "ERROR" not in messages


def as_frame(answer: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame(answer["data"], columns=answer["columns"])
    return frame.assign(date=pd.to_datetime(frame["date"], utc=True))


def find_seasons(sample: Path, first: pd.Timestamp, last: pd.Timestamp) -> list[list[pd.Timestamp]]:
    """The stretches of hours at whose end the last finished day had closed below 55 %."""
    days = pd.read_feather(sample / "BTCD_USD-1d.feather").set_index("date")["close"]
    seasons: list[list[pd.Timestamp]] = []
    for opened in pd.date_range(first, last, freq="1h"):
        end = opened + HOUR
        if days[end.floor("D") - DAY] >= 55:
            continue
        if seasons and seasons[-1][1] == opened:
            seasons[-1][1] = end
        else:
            seasons.append([opened, end])
    return seasons


def test_freqtrade_trade_shows_candles_that_end_now_with_indicators_and_dominance(
    sample: Path, home: Make
):
    run, api = home(sample), Api()
    run.write_config(api_server=api.section, initial_state="running")
    # The sample's last weeks have days on both sides of it.
    parameters = {"buy": {"dominance_threshold": 58.0}}
    content = {"strategy_name": "AltSeasonStrategy", "params": parameters}
    (run.strategies / "AltSeasonStrategy.json").write_text(json.dumps(content))
    now = pd.Timestamp.now("UTC")
    words = ("trade", "--strategy", "AltSeasonStrategy")
    # As a service is ended.
    with rehearsing(run, *words, end=signal.SIGTERM, code=130) as process:
        api.wait_until_running(process)
        answer = api.get("pair_candles", **PAIR, limit=500)
        plot = api.get("plot_config")

    assert set(INDICATORS + DOMINANCE) <= set(answer["columns"])
    candles = as_frame(answer)
    assert now - candles["date"].iloc[-1] < 2 * HOUR + pd.Timedelta("1min")
    # 28 days of the sample are still to come.
    stored = pd.read_feather(sample / "ETH_USDT-1h.feather").set_index("date")["close"]
    end = stored.index[-1] + HOUR
    shift = (now - (end - 28 * DAY)).ceil("D")
    shown = candles[candles["volume"] > 0].set_index("date")
    assert shown["close"].tolist() == stored[shown.index - shift].tolist()
    assert candles[INDICATORS].tail(24).notna().all().all()
    dominance = pd.read_feather(sample / "BTCD_USD-1d.feather").set_index("date")["close"]
    known = (candles["date"] + HOUR).dt.floor("D") - DAY - shift
    assert candles["close_btcd"].tolist() == dominance[known].tolist()
    is_shaded = candles["date"].isna()
    for area in answer["annotations"]:
        begin, until = pd.Timestamp(area["start"]), pd.Timestamp(area["end"])
        is_shaded |= (candles["date"] >= begin) & (candles["date"] < until)
    assert is_shaded.tolist() == (dominance[known] < 58).tolist()
    assert 0 < is_shaded.sum() < len(candles)

    assert set(plot["main_plot"]) == {"sma50", "sma200"}
    assert {name: set(lines) for name, lines in plot["subplots"].items()} == {
        "RSI": {"rsi"},
        "MACD": {"macd", "macdsignal", "macdhist"},
        "BTC.D": {
            *("BTC.D %", "opens below %", "closes from %", "mean %"),
            *("coins above BTC %", "coins open from %"),
        },
    }


COUNTING = """
    def bot_start(self, **kwargs):
        super().bot_start(**kwargs)
        make_fit = keeper.thin_exits

        def counted(*arguments):
            note("charts")
            return make_fit(*arguments)

        keeper.thin_exits = counted

    def populate_exit_trend(self, dataframe, metadata):
        note("exits")
        return super().populate_exit_trend(dataframe, metadata)


def note(what):
    with open("calls.txt", "a") as file:
        file.write(f"{what}\\n")


from altseason.gate import keeper
"""


def test_backtest_makes_no_candles_fit_for_charts_and_so_keeps_every_exit(sample: Path, home: Make):
    run = home(sample)
    write_subclass(run.strategies, "Counting", COUNTING)
    run.backtest("--strategy", "Counting", "--timerange", "20220101-20220115")
    calls = run.folder / "calls.txt"
    assert set(calls.read_text().split()) == {"exits"}
    # The same strategy where FreqUI asks it.
    calls.unlink()
    api = Api()
    run.write_config(api_server=api.section)
    with rehearsing(run, "webserver", "--datadir", str(sample), end=signal.SIGINT, code=143) as one:
        api.wait_until_up(one)
        api.get("pair_history", **PAIR, timerange="20220101-20220115", strategy="Counting")
    assert set(calls.read_text().split()) == {"charts", "exits"}


def test_freqtrade_webserver_shades_exactly_the_alt_seasons(sample: Path, home: Make):
    run, api = home(sample), Api()
    run.write_config(api_server=api.section)
    words = ("webserver", "--datadir", str(sample))
    # As a person ends it.
    with rehearsing(run, *words, end=signal.SIGINT, code=143) as process:
        api.wait_until_up(process)
        asked = {"timerange": "20220101-20220701", "strategy": "AltSeasonStrategy"}
        answer = api.get("pair_history", **PAIR, **asked)

    assert set(INDICATORS + DOMINANCE) <= set(answer["columns"])
    candles = as_frame(answer)
    first, last = candles["date"].iloc[0], candles["date"].iloc[-1]
    assert (last - first) > 150 * DAY
    shaded = [
        [pd.Timestamp(area["start"]), pd.Timestamp(area["end"])] for area in answer["annotations"]
    ]
    assert {area["type"] for area in answer["annotations"]} == {"area"}
    assert len(shaded) > 1
    assert shaded == find_seasons(sample, first, last)


DRAWN = """
    def plot_annotations(self, pair, start_date, end_date, dataframe, **kwargs):
        return [{"type": "area", "start": start_date, "end": start_date, "label": "mine"}]
"""


def test_freqtrade_webserver_shows_the_gate_of_any_strategy_beside_what_it_draws(
    sample: Path, home: Make
):
    run, api = home(sample), Api()
    run.write_config(api_server=api.section)
    (run.strategies / "Parent.py").write_text(PARENT + DRAWN)
    write_gated(run, "MyGated")
    words = ("webserver", "--datadir", str(sample))
    with rehearsing(run, *words, end=signal.SIGINT, code=143) as process:
        api.wait_until_up(process)
        asked = {"timerange": "20220101-20220401", "strategy": "MyGated"}
        answer = api.get("pair_history", **PAIR, **asked)

    assert {"mean", "enter_long", "exit_long", *DOMINANCE} <= set(answer["columns"])
    candles = as_frame(answer)
    seasons = find_seasons(sample, candles["date"].iloc[0], candles["date"].iloc[-1])
    areas = [one for one in answer["annotations"] if one.get("label") != "mine"]
    assert len(areas) == len(answer["annotations"]) - 1
    assert [[pd.Timestamp(one[end]) for end in ("start", "end")] for one in areas] == seasons
    is_open = candles["date"].map(lambda date: any(first <= date < end for first, end in seasons))
    assert candles["alt_season"].tolist() == is_open.tolist()
    assert 0 < is_open.sum() < len(candles)
    is_entered = candles["close"] < candles["mean"]
    assert candles["enter_long"].eq(1).tolist() == (is_entered & is_open).tolist()
    assert (is_entered & ~is_open).sum() > 0
