"""Messages about breadth: why the gate is open or closed, and each change of it."""

import json

import numpy as np
import pandas as pd
import pytest

from altseason.dominance.candles import empty_candles
from altseason.gate.breadth import NO_COINS, CoinPrices, calculate_breadth
from altseason.gate.charts import add_lines
from altseason.gate.explanation import gate_of_row
from altseason.gate.rule import Dominance, GateRule, add_breadth
from altseason.gate.verdict import calculate_verdict, describe_verdict, verdict_as_json
from altseason.gate.watch import GateWatch
from altseason.settings import DominanceSettings
from tests.conftest import dominance_candles
from tests.gate.coin_days import Closes, coin_prices

MAX_AGE = pd.Timedelta(hours=36)
NOTHING = Dominance("1d", empty_candles(), empty_candles(), MAX_AGE)
RULE = GateRule("breadth", breadth_days=2)
BOTH = GateRule("breadth_and_falling", sma_days=2, breadth_days=2)
# Over two days Bitcoin stands still. From the 4th on three of four rise, from the 6th on two.
BITCOIN = [50.0] * 8
COINS: dict[str, Closes] = {
    "AAA": [10.0, 10.0, 10.0, 11.0, 12.0, 12.0, 12.0, 12.0],
    "BBB": [10.0, 10.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0],
    "CCC": [10.0, 10.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0],
    "DDD": [10.0] * 8,
}


def at(moment: str) -> pd.Timestamp:
    return pd.Timestamp(f"2026-05-{moment}", tz="UTC")


def coins(days: int, **more: Closes) -> CoinPrices:
    given = {**COINS, **more}
    return coin_prices({name: closes[:days] for name, closes in given.items()}, BITCOIN[:days])


def falling(days: int) -> Dominance:
    candles = dominance_candles([60.0 - day for day in range(days)], "2026-05-01")
    return Dominance("1d", candles, candles, MAX_AGE)


def say(prices: CoinPrices, moment: str, rule: GateRule = RULE) -> str:
    return describe_verdict(calculate_verdict(NOTHING, rule, at(moment), prices))


def test_rule_is_a_sentence():
    breadth = "75 % or more of the coins watched beat Bitcoin over 90 days"
    assert str(GateRule("breadth")) == breadth
    falls = "dominance below its 20-day SMA"
    assert str(GateRule("breadth_and_falling")) == f"{breadth}, and {falls}"


def test_open_gate_says_why_and_what_closes_it():
    assert say(coins(5), "06 06:00") == (
        "The gate is open: 3 of 4 coins (75 %) beat Bitcoin over 2 days, of 2026-05-06 00:00 UTC, "
        "6 hours ago. It closes when fewer than 75 % beat Bitcoin over 2 days."
    )


def test_closed_gate_says_since_when_and_what_opens_it():
    late = [None] * 6 + [1.0] * 2
    assert say(coins(8, EEE=late), "09 06:00") == (
        "The gate has been closed since 2026-05-08 00:00 UTC: 2 of 4 coins (50 %) beat Bitcoin "
        "over 2 days (1 more have too little history), of 2026-05-09 00:00 UTC, 6 hours ago. It "
        "opens when 75 % or more beat Bitcoin over 2 days."
    )


def test_gate_that_was_never_open_is_closed_since_breadth_is_known():
    assert say(coins(3), "04 06:00").startswith(
        "The gate has been closed since the first known breadth, 2026-05-04: 0 of 4 coins (0 %)"
    )


def test_breadth_that_is_old_says_so():
    assert say(coins(5), "08 00:00") == (
        "The gate has been closed since 2026-05-07 12:00 UTC: 3 of 4 coins (75 %) beat Bitcoin "
        "over 2 days, of 2026-05-06 00:00 UTC, 2 days ago, is older than 36 hours, with fewer "
        "than 4 coins since."
    )


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        (coins(2), "fewer than 4 of the 4 coins watched have daily candles of 3 days, and the "),
        (NO_COINS, "4 coins or more have to be watched, and there are 0."),
        (CoinPrices(NO_COINS.prices, problem="disk: bad"), "disk: bad."),
        (
            CoinPrices(NO_COINS.prices, tuple("abcd"), advice="daily candles of a are missing."),
            "the longest history has 0. Daily candles of a are missing.",
        ),
    ],
)
def test_gate_without_breadth_says_what_is_missing(prices: CoinPrices, expected: str):
    text = say(prices, "09 00:00")
    assert text.startswith("The gate is closed: ")
    assert expected in text


def test_gate_of_both_says_both():
    verdict = calculate_verdict(falling(5), BOTH, at("06 06:00"), coins(5))
    assert describe_verdict(verdict) == (
        "The gate is open: 3 of 4 coins (75 %) beat Bitcoin over 2 days, of 2026-05-06 00:00 UTC, "
        "6 hours ago; dominance 56.00 %, of 2026-05-06 00:00 UTC, 6 hours ago. It closes when "
        "fewer than 75 % beat Bitcoin over 2 days, or with a daily close of dominance at its 2-day "
        "mean, 56.50 % now, or above."
    )
    assert "The gate is closed: no dominance is stored." in describe_verdict(
        calculate_verdict(NOTHING, BOTH, at("06 06:00"), coins(5))
    )
    old = calculate_verdict(falling(3), BOTH, at("06 06:00"), coins(5))
    assert (old.is_open, old.is_stale, old.is_breadth_stale) == (False, True, False)
    assert "dominance 58.00 %, of 2026-05-04 00:00 UTC, 2.2 days ago, is older" in (
        describe_verdict(old)
    )


def test_program_reads_the_same_facts():
    facts = verdict_as_json(calculate_verdict(NOTHING, RULE, at("06 06:00"), coins(5)))
    assert facts["open"] is True
    assert facts["breadth"] == {
        "percent": 75.0,
        "beating": 3,
        "measured": 4,
        "watched": 4,
        "known_at": "2026-05-06T00:00:00+00:00",
        "age_hours": 6.0,
    }
    assert json.loads(json.dumps(facts)) == facts


def test_each_change_is_reported_once():
    watch, told = GateWatch(), []
    for days in range(2, 9):
        for hours in (1, 13):
            now = at("01 00:00") + pd.Timedelta(days=days, hours=hours)
            told += watch.observe(NOTHING, RULE, now, ["Hello."], coins(days))
    first, lacks, fresh, begun, over = told
    assert first == "Hello."
    assert lacks.startswith("The gate is closed: fewer than 4 of the 4 coins watched")
    assert fresh == (
        "Breadth is fresh again: 0 % of 4 coins. By the rule (75 % or more of the coins watched "
        "beat Bitcoin over 2 days) the gate is closed."
    )
    assert begun.startswith("Alt season has begun: 75 % of 4 coins; the rule: 75 % or more")
    assert begun.endswith("It is the first one on record.")
    assert over.startswith("Alt season is over after 3 days: 50 % of 4 coins; the rule: ")


def test_breadth_that_is_lost_is_reported_once():
    watch = GateWatch()
    watch.observe(NOTHING, RULE, at("06 06:00"), [], coins(5))
    [lost] = watch.observe(NOTHING, RULE, at("08 06:00"), [], coins(5))
    assert lost.startswith("Breadth is unknown: 3 of 4 coins (75 %) beat Bitcoin over 2 days, of")
    assert lost.endswith("The gate is closed for entries; exits continue.")
    assert watch.observe(NOTHING, RULE, at("08 07:00"), [], coins(5)) == []


def row(prices: CoinPrices, moment: str) -> pd.DataFrame:
    """A candle that closes at a time, as analyzed by a bot."""
    times = np.array([at(moment).value // 10**6])
    rows = pd.DataFrame({"close_btcd": [56.0], "sma_btcd": [57.0], "alt_season": [True]})
    rows["date_btcd"] = pd.to_datetime([pd.NaT], utc=True)
    return add_breadth(rows, calculate_breadth(prices, 2), times, with_source=True)


def test_candle_of_a_bot_says_the_same():
    verdict = gate_of_row(
        row(coins(5), "06 06:00").iloc[0], RULE, DominanceSettings(), at("06 06:00")
    )
    assert describe_verdict(verdict) == say(coins(5), "06 06:00")
    none = row(coins(2), "06 06:00").assign(alt_season=False).iloc[0]
    verdict = gate_of_row(none, RULE, DominanceSettings(), at("06 06:00"))
    assert describe_verdict(verdict) == ("The gate is closed: no breadth was known at this candle.")


def test_chart_shows_breadth_and_the_line_that_decides_in_its_modes_alone():
    rows = row(coins(5), "06 06:00")
    shown = add_lines(rows, RULE).iloc[0]
    assert (shown["coins above BTC %"], shown["coins open from %"]) == (75, 75)
    assert np.isnan(shown["opens below %"])
    assert np.isnan(shown["mean %"])
    assert add_lines(rows, BOTH)["mean %"].iloc[0] == 57
    hidden = add_lines(rows, GateRule())[["coins above BTC %", "coins open from %"]]
    assert hidden.isna().all(axis=None)
