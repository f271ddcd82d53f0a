"""Scenario: CoinMarketCap's daily history, which is undocumented and fails in ways of its own.

A bot that uses CoinMarketCap starts with an empty folder. In the end, exactly the days that the
provider reported have to be stored, with their values.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from altseason.dominance.store import DominanceStore
from altseason.history import long
from altseason.recorder.feed import Feed
from reliability.recorder.clock import SharedClock
from reliability.recorder.oracle import Candle, is_same, read_candles
from reliability.recorder.rig import QUICK, START, using_policy
from reliability.recorder.shapes import history_shapes
from reliability.recorder.walk import LEVELS, Walk, make_walk
from reliability.tally import Setting, Tally, Try
from tests.conftest import dominance_candles
from tests.providers.serving import Reply, serving
from tests.providers.web_history import WebHistory, history_body, quote_body

DAY = timedelta(days=1)
DAYS = 90
HOUR_SECONDS = 3600
# A failed request is repeated after an hour; a provider's request to wait is respected for 6 hours.
HOURS_UNTIL_ASKED = 7
# In percentage points: more than the level of a series varies.
MIN_MOVE, MAX_MOVE = 0.7, 5.0
SMALL = 8


@dataclass
class Series:
    """A bot's folder, and the history that its provider reports."""

    folder: Path
    clock: SharedClock
    history: WebHistory
    feed: Feed
    said: Mapping[date, float]

    def step(self, hours: int = 1) -> None:
        """Let a number of hours pass, with a step of the recorder after each."""
        for _ in range(hours):
            self.clock.sleep(HOUR_SECONDS)
            self.feed.step()

    def expect(self, gaps: frozenset[date] = frozenset()) -> dict[datetime, Candle]:
        """Return the expected candles: a reading at midnight closes the day before."""
        today = self.clock().date()
        days = [today - number * DAY for number in range(DAYS)]
        return {
            datetime(day.year, day.month, day.day, tzinfo=UTC) - DAY: (*[self.said[day]] * 4, 1)
            for day in days
            if day not in gaps
        }

    def check(self, this: Try, expected: Mapping[datetime, Candle]) -> None:
        """Compare the stored candles with the expected ones."""
        found = read_candles(self.folder, "1d")
        wrong = [day for day, candle in found.items() if not is_same(candle, expected.get(day))]
        missing = sorted(set(expected) - set(found))
        this.lost += len(wrong) + len(missing)
        this.expect(not wrong, f"{len(wrong)} days were not said so: {wrong[:1]}")
        this.expect(not missing, f"{len(missing)} days are missing: {missing[:1]}")


def try_history(setting: Setting, tally: Tally) -> None:
    """Let the history fail in every way, then work again."""
    names = list(history_shapes(datetime.now(UTC)))
    if setting.scale == "small":
        names = setting.random.sample(names, SMALL)
    attempts: dict[str, Callable[[Setting, Try], None]] = {
        **{f"history, {name}": partial(_try_shape, name) for name in names},
        "history with gaps": _try_gaps,
        "history that repeats the response to another request": _try_repeat,
        "history of another level than what was recorded": _try_level,
        "history that finds the disk full": _try_full_disk,
    }
    for name, attempt in attempts.items():
        with tally.trying(name) as this:
            attempt(setting, this)


def _try_shape(name: str, setting: Setting, this: Try) -> None:
    with _beginning(setting) as series:
        fault = history_shapes(series.clock())[name]
        series.history.faults = [fault]
        series.step()
        series.check(this, {})
        series.step(HOURS_UNTIL_ASKED)
        series.check(this, series.expect())


def _try_gaps(setting: Setting, this: Try) -> None:
    with _beginning(setting) as series:
        today = series.clock().date()
        # Not at the ends, where more than three would change the time range.
        ago = setting.random.sample(range(4, DAYS - 4), setting.random.randint(1, 30))
        gaps = frozenset(today - number * DAY for number in ago)
        series.history.gaps = set(gaps)
        series.step()
        series.check(this, series.expect(gaps))


def _try_repeat(setting: Setting, this: Try) -> None:
    with _beginning(setting) as series:
        moved = setting.random.choice([-1, 1]) * setting.random.randint(5, 2000) * DAY
        days = [series.clock().date() + moved - number * DAY for number in range(DAYS)]
        quotes = [quote_body(day, 57.5) for day in days]
        series.history.last = Reply(json.dumps(history_body(quotes)).encode())
        series.history.repeats = 1
        series.step()
        series.check(this, {})
        series.step()
        series.check(this, series.expect())


def _try_level(setting: Setting, this: Try) -> None:
    with _beginning(setting) as series:
        recorded = dict(sorted(series.expect().items())[-20:-5])
        closes = [candle[3] for candle in recorded.values()]
        store = DominanceStore(series.folder, provider="coinmarketcap")
        store.append(dominance_candles(closes, f"{min(recorded):%Y-%m-%d}"), "1d")
        size = setting.random.choice([-1, 1]) * setting.random.uniform(MIN_MOVE, MAX_MOVE)
        series.history.percent = lambda day: series.said[day] + size
        series.step()
        series.check(this, recorded)
        series.history.percent = series.said.__getitem__
        series.step()
        series.check(this, series.expect())


def _try_full_disk(setting: Setting, this: Try) -> None:
    """Let the disk be full after the folder's provider is stored, before any candle is."""
    with _beginning(setting) as series:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(DominanceStore, "_write", _fail)
            series.step()
        series.check(this, {})
        series.step()
        series.check(this, series.expect())


def _fail(*_: object) -> None:
    raise OSError("No space left on device")


@contextmanager
def _beginning(setting: Setting) -> Iterator[Series]:
    """Set up a bot that uses CoinMarketCap, with an empty folder."""
    number = len(list(setting.folder.iterdir()))
    folder = setting.new_folder(f"history {number}")
    clock = SharedClock(setting.folder / f"{folder.name}.clock", START)
    walk: Walk = make_walk(clock, setting.random)
    level = walk.base + LEVELS["coinmarketcap"]
    first = clock().date() - 2 * DAYS * DAY
    said = {
        first + number * DAY: level + setting.random.gauss(0, 0.5) for number in range(3 * DAYS)
    }
    history = walk.history = WebHistory(said.__getitem__, clock, gaps=set())
    with (
        using_policy(QUICK),
        pytest.MonkeyPatch.context() as patch,
        serving(walk.answer) as provider,
    ):
        patch.setattr(long, "POLICY", QUICK)
        dominance = {"provider": "coinmarketcap", "urls": walk.urls(provider.url)}
        config = {"datadir": folder, "altseason": {"dominance": dominance}}
        feed = Feed(config, clock=clock, sleep=clock.sleep)
        try:
            yield Series(folder, clock, history, feed, said)
        finally:
            feed.close()
