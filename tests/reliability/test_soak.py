"""A real bot lives through an opening of the gate and an outage of all providers."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from reliability.soak.runs import Run, SoakFolders, Span, live_through, prepare, run_backtest
from reliability.soak.verdict import judge
from tests.telegram.serving import telegram_api

HOUR = timedelta(hours=1)
# The sample's dominance closes below 55 % on the day before, after a season of one day on the 16th.
# There are trades then when dominance becomes stale, and signals after.
OPENING = datetime(2022, 3, 27, tzinfo=UTC)
SPAN = Span(OPENING - HOUR, OPENING + 49 * HOUR)
# No reading shows how the opening's day ends.
OUTAGE = (OPENING + timedelta(minutes=5), OPENING + 40 * HOUR)
STALE = (OPENING + 26 * HOUR, OPENING + 48 * HOUR)
SETTINGS: dict[str, Any] = {
    # Days that are missing stay so: a backtest would know them sooner than the bot did.
    "altseason": {"dominance": {"max_age_hours": 26, "backfill": False}},
    "exchange": {
        "pair_whitelist": ["ETH/USDT", "BNB/USDT"],
        # Freqtrade asks for so many candles in every loop; 400 are enough for the strategy.
        "_ft_has_params": {"ohlcv_candle_limit": 450},
    },
    # A poll asks four providers while all of them fail; two in an hour show as much as six.
    "soak_step_seconds": 1800,
}
# What the provider says half an hour before midnight, on the straight line from 54.401 % at 23:00
# to 54.254 % at 24:00; two days later from 53.046 % to 53.094 %.
TOLD = {
    "Alt season": (
        "Alt season has begun: dominance 54.33 %; the rule: dominance below 55 %. The last one "
        "lasted 1 day, to 2022-03-17."
    ),
    "Dominance is stale": (
        "Dominance is stale: the newest candle ended 2022-03-27 00:00 UTC, 26 hours ago; "
        "allowed are 26 hours. The gate is closed for entries; exits continue."
    ),
    "Dominance is fresh": (
        "Dominance is fresh again: dominance 53.07 %. By the rule (dominance below 55 %) the gate "
        "is open."
    ),
}

# Who enters before the outage has an effect goes by the day before the opening; who enters after it
# by the day that ended last, since no reading showed how the one between them ended.
FIRST_DAY, LAST_DAY = ("2022-03-26 00:00", 54.3275), ("2022-03-28 00:00", 53.07)


# One test, since another process may take another test, and would need a bot of its own.
def test_bot_lives_through_opening_outage_and_recovery(tmp_path: Path):
    folders = prepare(tmp_path)
    with telegram_api() as telegram:
        environment = telegram.environment
        live = live_through(folders, SPAN, outage=OUTAGE, environment=environment, **SETTINGS)

    check_messages(telegram.messages)
    assert telegram.rejected == []
    check_stale_time(live)
    check_custom_data(folders)
    check_parity(folders, live)


def check_messages(messages: list[str]) -> None:
    """Each is told once."""
    for beginning, message in TOLD.items():
        assert [one for one in messages if one.startswith(beginning)] == [message]


def check_parity(folders: SoakFolders, live: Run) -> None:
    """Signals and entries are those of a backtest, also while dominance is stale."""
    verdict = judge(folders, SPAN, live, run_backtest(folders, SPAN, **SETTINGS))

    assert verdict.problems == []
    # Two pairs in 50 hours, in which the exchange has every candle.
    assert verdict.signals.compared == 100
    assert verdict.entries.both >= 2


def check_stale_time(live: Run) -> None:
    """There are no entries then, and exits continue."""
    begin, end = STALE
    trades, candles = live.trades, live.candles
    ended = candles["date"] + HOUR
    wanted = candles[(ended > begin) & (ended < end) & (candles["momentum"] == 1)]
    left = trades[trades["close_date"].between(begin, end)]

    # There was something to enter, and it was not.
    assert len(wanted) >= 1
    assert not trades["open_date"].between(begin, end).any()
    assert "macd_down" in set(left["exit_reason"])


def check_custom_data(folders: SoakFolders) -> None:
    """Each trade keeps the dominance, its day and the rule that it was entered by."""
    query = """
        select trades.id, open_date, cd_key, cd_value from trades
        left join trade_custom_data on ft_trade_id = trades.id
    """
    with closing(sqlite3.connect(folders.bot / "trades.sqlite")) as database:
        rows = pd.read_sql_query(query, database, parse_dates=["open_date"])

    assert rows["cd_key"].notna().all()
    kept = rows.pivot(index=["id", "open_date"], columns="cd_key", values="cd_value")
    assert len(kept) >= 2
    for (_, opened), values in kept.iterrows():
        day, percent = FIRST_DAY if opened.tz_localize(UTC) < STALE[0] else LAST_DAY
        assert (values["dominance_candle"], values["gate_rule"]) == (day, "dominance below 55 %")
        assert float(values["dominance"]) == pytest.approx(percent, abs=0.005)
    assert list(kept) == ["dominance", "dominance_candle", "gate_rule"]
