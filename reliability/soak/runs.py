"""The two runs that a soak compares: a bot that trades through some days, and their backtest."""

import json
import shutil
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from freqtrade.configuration.load_config import load_config_file
from freqtrade.misc import deep_merge_dicts

from altseason_lab.sample.model import generate_market
from altseason_lab.sample.store import save_market
from tests.clock.replay import replaying
from tests.conftest import ROOT, STRATEGIES
from tests.integration.freqtrade_runs import Home

RECORDER = Path(__file__).with_name("recorder.py")
HOUR = timedelta(hours=1)
# So that no candle ends while the bot starts.
START_AFTER = timedelta(seconds=5)
DOMINANCE_FILES = "BTCD_USD-*.feather"
TRADE_COLUMNS = ["pair", "open_date", "close_date", "exit_reason"]
# The differences to config.json.example.
SETTINGS: dict[str, Any] = {
    "strategy": "SoakRecorder",
    # One loop per hour, a second after the end of the candles: Freqtrade itself sleeps no longer.
    "internals": {"process_throttle_secs": 3600, "heartbeat_interval": 86400},
    # With the example's price side, a limit order would stay in the book for that hour, while the
    # example's bot checks it every five seconds; on the other side it is filled at once, as in a
    # backtest.
    "entry_pricing": {"price_side": "other"},
    "exit_pricing": {"price_side": "other"},
    "altseason": {"risk": {"sizing": False}},
}


@dataclass(frozen=True)
class Span:
    """The time that is compared, in full hours.

    :param start: when the first entry can be made; the bot starts some seconds later.
    :param end: when the bot is stopped.
    """

    start: datetime
    end: datetime

    def expect_candles(self, stored: Path, pairs: Iterable[str]) -> pd.DataFrame:
        """Return pair and date of every candle that the bot has to analyze."""
        # The first loop sees the candle that ended at the start; the last one is an hour before the
        # end.
        first, last = self.start - HOUR, self.end - 2 * HOUR
        parts = []
        for pair in pairs:
            dates = pd.read_feather(stored / f"{pair.replace('/', '_')}-1h.feather")["date"]
            parts.append(pd.DataFrame({"pair": pair, "date": dates[dates.between(first, last)]}))
        return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class Run:
    """The signals and trades of a strategy.

    :param candles: pair, date (open time) and signals of each analyzed candle.
    :param entries: pair, time and confirmed of each attempted entry.
    :param trades: `TRADE_COLUMNS`; close_date is missing where a trade is still open.
    """

    candles: pd.DataFrame
    entries: pd.DataFrame
    trades: pd.DataFrame


@dataclass(frozen=True)
class SoakFolders:
    """The folders of a soak.

    :param stored: the sample's data directory.
    """

    folder: Path
    stored: Path

    @property
    def bot(self) -> Path:
        """Return the bot's folder."""
        return self.folder / "bot"

    @property
    def backtest(self) -> Path:
        """Return the folder in which the backtest runs."""
        return self.folder / "backtest"

    @property
    def strategies(self) -> Path:
        """Return the folder with the strategies of both."""
        return self.backtest / "user_data" / "strategies"

    def settings(self, name: str, **changes: Any) -> dict[str, Any]:
        """Return the configuration of a run, which records its signals in its own files."""
        recorded = {
            f"soak_{what}": str(self.folder / f"{name}-{what}.jsonl")
            for what in ("candles", "entries")
        }
        example = load_config_file(str(ROOT / "config.json.example"))
        wanted = deep_merge_dicts(SETTINGS, example)
        wanted = deep_merge_dicts({**recorded, "strategy_path": str(self.strategies)}, wanted)
        return dict(deep_merge_dicts(changes, wanted))

    def load(self, name: str, trades: pd.DataFrame) -> Run:
        """Load what a run has recorded."""
        candles = _load_lines(self.folder / f"{name}-candles.jsonl", "date")
        entries = _load_lines(self.folder / f"{name}-entries.jsonl", "time")
        return Run(candles, entries, trades)


def prepare(folder: Path) -> SoakFolders:
    """Write the sample and the strategies."""
    folders = SoakFolders(folder, folder / "stored")
    save_market(generate_market(), folders.stored)
    folders.bot.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "*.json")
    shutil.copytree(STRATEGIES, folders.strategies, ignore=ignored)
    shutil.copy(RECORDER, folders.strategies / "SoakRecorder.py")
    return folders


def live_through(
    folders: SoakFolders,
    span: Span,
    *,
    outage: tuple[datetime, datetime] | None = None,
    environment: Mapping[str, str] | None = None,
    **changes: Any,
) -> Run:
    """Let a bot trade through a time range of the sample, see `replaying`."""
    settings = folders.settings("live", **changes)
    start = span.start + START_AFTER
    with replaying(folders.bot, folders.stored, start, outage=outage, **settings) as replay:
        output = replay.trade_until(span.end, environment)
    (folders.folder / "live.txt").write_text(output)
    assert "Traceback" not in output, output[-5000:]
    return load_live(folders)


def load_live(folders: SoakFolders) -> Run:
    """Load the signals and trades of the bot."""
    with closing(sqlite3.connect(folders.bot / "trades.sqlite")) as database:
        query = f"select {', '.join(TRADE_COLUMNS)} from trades"  # noqa: S608 # our own columns
        return folders.load("live", to_trades(pd.read_sql_query(query, database)))


def run_backtest(folders: SoakFolders, span: Span, **changes: Any) -> Run:
    """Backtest the same time range on the dominance that the bot has recorded."""
    datadir = folders.folder / "backtested"
    datadir.mkdir()
    for path in folders.stored.glob("*_USDT-1h.feather"):
        shutil.copy(path, datadir)
    for path in (folders.bot / "data").glob(DOMINANCE_FILES):
        shutil.copy(path, datadir)
    home = Home(folders.backtest, datadir)
    home.write_config(**folders.settings("backtest", **changes))
    # Freqtrade trades from the second row on.
    timerange = f"{int((span.start - HOUR).timestamp())}-{int(span.end.timestamp())}"
    statistics = home.backtest("--timerange", timerange, "--cache", "none")
    trades = pd.DataFrame(statistics["SoakRecorder"]["trades"], columns=TRADE_COLUMNS)
    return folders.load("backtest", to_trades(trades))


def to_trades(trades: pd.DataFrame) -> pd.DataFrame:
    """Return trades with times as UTC timestamps."""
    times = {
        name: pd.to_datetime(trades[name], utc=True, format="mixed")
        for name in ("open_date", "close_date")
    }
    return trades.assign(**times).sort_values(["open_date", "pair"], ignore_index=True)


def _load_lines(path: Path, time: str) -> pd.DataFrame:
    if not path.exists():
        return pd.DataFrame({"pair": [], time: pd.DatetimeIndex([], tz="UTC"), "confirmed": []})
    lines = pd.DataFrame([json.loads(line) for line in path.read_text().splitlines()])
    return lines.assign(**{time: pd.to_datetime(lines[time], utc=True)})
