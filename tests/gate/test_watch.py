"""What is reported of the gate, each thing once."""

from pathlib import Path

import pandas as pd
import pytest

from altseason.dominance.candles import empty_candles
from altseason.gate.rule import Dominance, GateRule
from altseason.gate.watch import GateWatch, find_last_season, find_watch
from tests.conftest import dominance_candles
from tests.recorder.simulation import utc

RULE = GateRule()
BEGIN = "2026-05-01"
OPEN, CLOSED = 50.0, 60.0


def days(closes: list[float]) -> Dominance:
    candles = dominance_candles(closes, BEGIN)
    return Dominance("1d", candles, candles, pd.Timedelta(hours=36))


def after(closes: list[float], hours: float = 1) -> pd.Timestamp:
    """The time some hours after the last of them has ended."""
    return utc(BEGIN) + pd.Timedelta(days=len(closes), hours=hours)


def observe(watch: GateWatch, closes: list[float], hours: float = 1) -> list[str]:
    return watch.observe(days(closes), RULE, after(closes, hours))


def watching(closes: list[float], rule: GateRule = RULE) -> GateWatch:
    """A watch that has observed once."""
    watch = GateWatch()
    watch.observe(days(closes), rule, after(closes))
    return watch


@pytest.mark.parametrize(
    ("closes", "expected"),
    [
        (
            [CLOSED, OPEN],
            (
                "The gate is open: dominance 50.00 %, of 2026-05-03 00:00 UTC, 60 minutes ago. "
                "It closes at 55 % or above."
            ),
        ),
        (
            [OPEN, CLOSED, CLOSED],
            (
                "The gate has been closed since 2026-05-03 00:00 UTC: dominance 60.00 %, of "
                "2026-05-04 00:00 UTC, 60 minutes ago. It opens when dominance falls below 55 %."
            ),
        ),
    ],
    ids=["open", "closed"],
)
def test_first_observation_reports_the_gate_and_the_next_is_silent(
    closes: list[float], expected: str
):
    watch = GateWatch()
    assert observe(watch, closes) == [expected]
    assert observe(watch, closes, hours=2) == []


def test_introduction_is_reported_again_only_where_it_is_another():
    """As after /reload_config, which replaces the strategy and keeps the watch."""
    watch, closes = GateWatch(), [CLOSED]

    def introduce(text: str, hours: float) -> list[str]:
        return watch.observe(days(closes), RULE, after(closes, hours), [text])

    first, gate = introduce("by 55", 1)
    assert first == "by 55"
    assert gate.startswith("The gate has been closed since the first stored dominance, 2026-05-02")
    assert introduce("by 55", 2) == []
    assert [message[:12] for message in introduce("by 54", 3)] == ["by 54", "The gate has"]


def test_gate_that_stays_closed_is_reported_once_a_week_counted_from_the_candles():
    """Open on the 1st, which is known at its end; closed from the end of the 2nd on."""
    told: dict[int, str] = {}
    watch = GateWatch()
    for count in range(2, 26):
        closes = [OPEN] + [CLOSED] * (count - 1)
        for hours in (0, 12):
            if count == 12 and hours == 0:
                watch = GateWatch()  # a restart: told as at every start, and then on the same days
            for message in observe(watch, closes, hours=hours):
                told[count] = message
    assert list(told) == [2, 9, 12, 16, 23]
    assert told[16].startswith("No entries for 14 days. The gate has been closed since 2026-05-03")
    assert "It opens when dominance falls below 55 %. `altseason why` shows" in told[16]


def test_gate_that_opens_in_between_is_waited_for_again():
    watch = GateWatch()
    told = []
    for count in range(1, 13):
        closes = [CLOSED] * 5 + [OPEN] + [CLOSED] * (count - 6) if count > 6 else [CLOSED] * count
        told += [(count, message[:10]) for message in observe(watch, closes)]
    # By the end of the 7th it has opened and closed, unseen; the week begins there.
    assert told == [(1, "The gate h")]
    closes = [CLOSED] * 5 + [OPEN] + [CLOSED] * 8
    assert observe(watch, closes)[0].startswith("No entries for 7 days.")


def test_season_is_reported_once_when_it_begins_and_once_when_it_is_over():
    # Three days of a season, from the 2nd to the end of the 4th.
    closes = [CLOSED, OPEN, OPEN, OPEN, CLOSED]
    watch = watching(closes)
    closes.append(54.25)
    [begun] = observe(watch, closes)
    assert begun == (
        "Alt season has begun: dominance 54.25 %; the rule: dominance below 55 %. "
        "The last one lasted 3 days, to 2026-05-05."
    )
    assert observe(watch, closes, hours=2) == []
    closes += [OPEN, OPEN]
    assert observe(watch, closes) == []
    closes.append(55.5)
    [over] = observe(watch, closes)
    assert over == (
        "Alt season is over after 3 days: dominance 55.50 %; the rule: dominance below 55 %. "
        "There are no new entries; open trades exit by their own rules."
    )
    assert observe(watch, closes, hours=2) == []


def test_first_season_on_record_has_none_before_it():
    watch = GateWatch()
    observe(watch, [CLOSED])
    [begun] = observe(watch, [CLOSED, OPEN])
    assert begun.endswith("It is the first one on record.")


def test_season_by_the_hour_is_reported_in_parts_of_a_day():
    watch = GateWatch()
    candles = dominance_candles([CLOSED] + [OPEN] * 6 + [CLOSED], BEGIN, "1h")
    for count in (7, 8):
        hourly = candles.head(count)
        dominance = Dominance("1h", hourly, dominance_candles([], BEGIN), pd.Timedelta(hours=3))
        messages = watch.observe(dominance, RULE, utc(BEGIN) + pd.Timedelta(hours=count))
    assert "over after 0.25 days" in messages[0]


def test_gate_that_another_rule_closes_without_any_season_is_over():
    watch, closes = GateWatch(), [50.0, 50.0]
    observe(watch, closes)
    [message] = watch.observe(days(closes), GateRule(threshold=45), after(closes))
    assert message.startswith("Alt season is over: dominance 50.00 %; the rule: dominance below 45")


def test_rule_is_reported_as_it_is():
    closes = [60.0, 50.0, 52.0]
    rule = GateRule("level_and_falling", 55, 2, 2)
    watch = watching(closes[:2], rule)
    [message] = watch.observe(days(closes), rule, after(closes))
    assert "dominance below 55 % (until 57 %), and dominance below its 2-day SMA" in message


def test_stale_dominance_is_reported_once_and_its_recovery_once():
    closes = [CLOSED, OPEN]
    watch = watching(closes)
    assert observe(watch, closes, hours=36) == []
    [stale] = observe(watch, closes, hours=36.5)
    assert stale == (
        "Dominance is stale: the newest candle ended 2026-05-03 00:00 UTC, 36.5 hours ago; "
        "allowed are 36 hours. The gate is closed for entries; exits continue."
    )
    assert observe(watch, closes, hours=40) == []
    closes += [54.0, 53.5]
    [fresh] = observe(watch, closes)
    assert fresh == (
        "Dominance is fresh again: dominance 53.50 %. By the rule (dominance below 55 %) the "
        "gate is open."
    )
    assert observe(watch, closes, hours=2) == []


def test_frozen_dominance_is_reported_once_and_its_recovery_once():
    closes = [CLOSED, 50.12, 50.12, 50.12, 50.12]
    watch = watching(closes)
    closes += [50.12]
    # Three days after its first reading it still counts, for the last time.
    [frozen] = observe(watch, closes)
    assert frozen == (
        "Dominance is frozen: 50.12 % without any change for days, up to 2026-05-07 00:00 UTC. "
        "Its provider has probably stopped updating it. The gate is closed for entries; exits "
        "continue."
    )
    assert observe(watch, [*closes, 50.12]) == []
    [fresh] = observe(watch, [*closes, 50.12, 50.13])
    assert fresh.startswith("Dominance is fresh again: dominance 50.13 %.")


def test_change_while_it_was_stale_is_reported_with_the_recovery():
    watch, closes = GateWatch(), [CLOSED, OPEN]
    observe(watch, closes)
    observe(watch, closes, hours=40)
    [fresh] = observe(watch, [*closes, OPEN, CLOSED])
    assert "the gate is closed" in fresh
    assert observe(watch, [*closes, OPEN, CLOSED], hours=2) == []


def test_first_observation_of_stale_dominance_reports_it():
    watch = GateWatch()
    nothing = Dominance("1d", empty_candles(), empty_candles(), pd.Timedelta(hours=36))
    [message] = watch.observe(nothing, RULE, utc(BEGIN))
    assert message == (
        "The gate is closed: no dominance is stored. `altseason dominance download` fetches what "
        "is missing."
    )
    assert watch.observe(nothing, RULE, utc(BEGIN)) == []
    assert "the gate is open" in observe(watch, [OPEN])[0]


def broken(problem: str, *closes: float) -> Dominance:
    candles = dominance_candles(list(closes), BEGIN)
    return Dominance("1d", candles, candles, pd.Timedelta(hours=36), problem)


def test_reason_that_comes_while_dominance_is_stale_is_reported_once_for_each_reason():
    watch = GateWatch()

    def look(dominance: Dominance) -> list[str]:
        return watch.observe(dominance, RULE, utc(BEGIN) + pd.Timedelta(days=9))

    assert [text[:44] for text in look(broken(""))] == [
        "The gate is closed: no dominance is stored. "
    ]
    effect = "The gate is closed for entries; exits continue."
    assert look(broken("disk: unreadable")) == [
        f"Dominance cannot be read: disk: unreadable. {effect}"
    ]
    assert look(broken("")) == look(broken("disk: unreadable")) == []
    [old] = look(broken("disk: full", OPEN))
    assert old.startswith("Dominance is stale: the newest candle ended 2026-05-02 00:00 UTC")
    assert old.endswith(f"allowed are 36 hours. disk: full. {effect}")
    assert look(broken("disk: full", OPEN)) == []


def test_gate_that_is_off_is_silent():
    watch, off = GateWatch(), GateRule("off")
    nothing = Dominance("1d", empty_candles(), empty_candles(), pd.Timedelta(hours=36))
    assert watch.observe(nothing, off, utc(BEGIN)) == []
    for closes in ([OPEN], [OPEN, CLOSED]):
        assert watch.observe(days(closes), off, after(closes)) == []


def test_watch_of_a_folder_outlives_the_strategy(tmp_path: Path):
    assert find_watch(tmp_path) is find_watch(Path(str(tmp_path)))
    assert find_watch(tmp_path) is not find_watch(tmp_path / "other")


@pytest.mark.parametrize(
    ("seasons", "expected"),
    [
        ("", None),
        ("0", None),
        ("1", None),
        ("011", None),
        ("10", (0, 0)),
        ("0110", (1, 2)),
        ("011011", (1, 2)),
        ("0100110", (4, 5)),
        ("1101", (0, 1)),
    ],
)
def test_last_season_is_the_newest_that_is_over(seasons: str, expected: tuple[int, int] | None):
    dates = pd.date_range(BEGIN, periods=len(seasons), freq="D", tz="UTC")
    alt_season = pd.Series([one == "1" for one in seasons], index=dates, dtype=bool)
    found = find_last_season(alt_season)
    assert found == (None if expected is None else tuple(dates[i] for i in expected))
