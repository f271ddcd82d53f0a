"""Why the gate is closed, since when, and what opens it."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from altseason.dominance.candles import empty_candles
from altseason.gate.rule import Dominance, GateRule
from altseason.gate.verdict import calculate_verdict, describe_verdict, verdict_as_json
from tests.conftest import dominance_candles

OPEN, CLOSED = 50.0, 60.0


def days(closes: list[float], missing: tuple[int, ...] = ()) -> Dominance:
    """Days from May 1st on; the n-th is known at the midnight that begins day n + 1."""
    candles = dominance_candles(closes, "2026-05-01").drop(index=list(missing))
    candles = candles.reset_index(drop=True)
    return Dominance("1d", candles, candles, pd.Timedelta(hours=36))


def at(moment: str) -> pd.Timestamp:
    return pd.Timestamp(f"2026-05-{moment}", tz="UTC")


@pytest.mark.parametrize(
    ("closes", "missing", "moment", "since"),
    [
        ([OPEN, CLOSED, CLOSED], (), "04 00:00", "03 00:00"),
        # Nothing later than the moment counts.
        ([OPEN, CLOSED, OPEN], (), "03 23:59", "03 00:00"),
        # Stale 36 hours after the end of the 1st, though the 4th is the next that closes it.
        ([OPEN, CLOSED, CLOSED, CLOSED], (1, 2), "05 06:00", "03 12:00"),
        # Open by the rule, and stale since.
        ([CLOSED, OPEN], (), "06 00:00", "04 12:00"),
        # Never open: where the data begin.
        ([CLOSED, CLOSED], (), "03 00:00", "02 00:00"),
    ],
    ids=["rule", "later", "gap", "stale", "never"],
)
def test_gate_is_closed_since(
    closes: list[float], missing: tuple[int, ...], moment: str, since: str
):
    verdict = calculate_verdict(days(closes, missing), GateRule(), at(moment))
    assert not verdict.is_open
    assert verdict.closed_since == at(since)


def test_open_gate_is_closed_since_never():
    verdict = calculate_verdict(days([CLOSED, OPEN]), GateRule(), at("03 12:00"))
    assert (verdict.is_open, verdict.closed_since) == (True, None)


@pytest.mark.parametrize(
    ("rule", "closes", "expected"),
    [
        (GateRule(), [CLOSED, 54.0], "It closes at 55 % or above."),
        (GateRule(band=2), [54.0, 56.0], "It closes at 57 % or above."),
        (GateRule(band=2), [58.0, 56.0], "It opens when dominance falls below 55 %."),
        (
            GateRule("falling", sma_days=2),
            [56.0, 58.0],
            "It opens with a daily close below its 2-day mean, 57.00 % now.",
        ),
        (
            GateRule("falling", sma_days=2),
            [58.0, 56.0],
            "It closes with a daily close at its 2-day mean, 57.00 % now, or above.",
        ),
        (
            GateRule("falling"),
            [58.0, 56.0],
            "with a daily close below its 20-day mean, for which too few days are stored.",
        ),
        (
            GateRule("level_and_falling", sma_days=2),
            [58.0, 56.0],
            (
                "It opens when dominance falls below 55 %, and with a daily close below its 2-day "
                "mean, 57.00 % now."
            ),
        ),
    ],
)
def test_what_would_change_it_is_reported(rule: GateRule, closes: list[float], expected: str):
    verdict = calculate_verdict(days(closes), rule, at("03 06:00"))
    assert describe_verdict(verdict).endswith(expected)


def test_stale_gate_says_how_old_dominance_may_be():
    verdict = calculate_verdict(days([OPEN]), GateRule(), at("04 00:00"))
    assert describe_verdict(verdict) == (
        "The gate has been closed since 2026-05-03 12:00 UTC: dominance 50.00 %, of 2026-05-02 "
        "00:00 UTC, 2 days ago, is older than 36 hours. `altseason dominance download` fetches "
        "what is missing."
    )


def test_frozen_gate_says_that_dominance_stands_still():
    """The fifth day with the same value is one too many, though it is not old."""
    verdict = calculate_verdict(days([51.27, *[54.12] * 5]), GateRule(), at("07 00:00"))
    said = describe_verdict(verdict)
    assert said.startswith("The gate has been closed since 2026-05-07 00:00 UTC: dominance 54.12 %")
    assert ", has not changed for days. `altseason dominance download`" in said


@pytest.mark.parametrize("mode", ["off", "level"])
def test_gate_without_dominance(mode: str):
    nothing = Dominance("1d", empty_candles(), empty_candles(), pd.Timedelta(hours=36))
    facts = verdict_as_json(calculate_verdict(nothing, GateRule(mode), at("02 00:00")))
    assert (facts["open"], facts["stale"], facts["dominance"]) == (mode == "off", True, None)
    assert json.loads(json.dumps(facts)) == facts


def test_reason_for_which_dominance_is_missing_or_old_is_reported():
    nothing = Dominance("1d", empty_candles(), empty_candles(), pd.Timedelta(hours=36), "disk: bad")
    assert describe_verdict(calculate_verdict(nothing, GateRule(), at("02 00:00"))) == (
        "The gate is closed: disk: bad."
    )
    old = replace(days([OPEN]), problem="disk: bad")
    said = describe_verdict(calculate_verdict(old, GateRule(), at("09 00:00")))
    assert said.endswith("is older than 36 hours. disk: bad.")
    # Fresh dominance stays fresh.
    fresh = describe_verdict(calculate_verdict(old, GateRule(), at("02 01:00")))
    assert fresh.endswith("It closes at 55 % or above.")
