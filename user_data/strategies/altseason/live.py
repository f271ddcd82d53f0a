"""What the strategy does for dominance only while it trades: have it recorded, and tell of it."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from altseason.dominance.candles import candle_length
from altseason.dominance.reader import DominanceReader
from altseason.errors import AltSeasonError
from altseason.gate.rule import Dominance, GateRule
from altseason.gate.watch import find_watch
from altseason.host.configuration import data_directory
from altseason.invocation import altseason_command
from altseason.recorder.backfill import FURTHEST_DAYS, find_missing_days
from altseason.recorder.feed import Feed, end_feed, start_feed
from altseason.settings import DominanceSettings, load_settings
from altseason.sources.coingecko_history import DAY_IS_KNOWN_AFTER
from altseason.sources.snapshot import read_clock

logger = logging.getLogger(__name__)

DAY = pd.Timedelta(days=1)
# Telegram takes 4096, with the marks.
MOST_CHARACTERS = 4000


class LiveDominance:
    """Stands beside a strategy that trades, dry or live."""

    def __init__(
        self,
        config: dict[str, Any],
        reader: DominanceReader,
        introduce: Callable[[], Sequence[str]] = list,
    ) -> None:
        """Begin beside a strategy.

        :param introduce: returns what the bot trades by; called once its parameters are loaded.
        """
        self._reader = reader
        self._introduce = introduce
        self._introduction: Sequence[str] | None = None
        self._watch = find_watch(data_directory(config).resolve())
        self._messages: list[str] = []
        self._failure = ""
        settings = load_settings(config).dominance
        self._feed = self._start_feed(config, settings)
        self._say(*describe_history(reader.read(), settings, read_clock()))

    def collect_messages(self, rule: GateRule, now: datetime) -> list[str]:
        """Return what a person has to be told since the last call; asks no network."""
        try:
            self._observe(rule, now)
        except Exception as error:  # Freqtrade would log it in every loop, and tell nobody
            kind = type(error).__name__
            if kind != self._failure:
                self._say(f"Could not describe the gate: {kind}. Entries and exits go on as ever.")
                logger.exception("Describing the gate failed")
            self._failure = kind
        else:
            self._failure = ""
        messages, self._messages = self._messages, []
        if self._feed is not None:
            messages += self._feed.notices.collect()
        return [as_markdown(message) for message in messages]

    def _observe(self, rule: GateRule, now: datetime) -> None:
        if self._introduction is None:
            self._introduction = self._introduce()
        self._say(*self._watch.observe(self._reader.read(), rule, now, self._introduction))

    def describe_entry(self, rule: GateRule, time: datetime) -> dict[str, Any]:
        """Give what a trade keeps of the dominance that it was entered by."""
        candle = self._reader.read().find_candle(time)
        if candle is None:
            return {"gate_rule": str(rule)}
        return {
            "dominance": round(float(candle["close"]), 4),
            "dominance_candle": f"{candle['date']:%Y-%m-%d %H:%M}",
            "gate_rule": str(rule),
        }

    def _start_feed(self, config: dict[str, Any], settings: DominanceSettings) -> Feed | None:
        if not settings.record:
            logger.info("Dominance is not recorded by this bot (altseason.dominance.record).")
            end_feed(config)  # that was started before /reload_config
            return None
        try:
            return start_feed(config)
        except AltSeasonError as error:
            self._say(f"Dominance is not recorded: {error}")
            return None

    def _say(self, *messages: str) -> None:
        for message in messages:
            logger.warning(message)
            self._messages.append(message)


def as_markdown(message: str) -> str:
    """Give a message that Telegram takes: it refuses what is long, or Markdown that does not close.

    What could be taken for Markdown, such as a file's name, is sent as code.
    """
    if len(message) > MOST_CHARACTERS:
        message = f"{message[: MOST_CHARACTERS - 4]} ..."
    outside_of_code = "".join(message.split("`")[::2])
    is_closed = message.count("`") % 2 == 0 and "``" not in message
    if is_closed and not any(mark in outside_of_code for mark in "_*[\\"):
        return message
    return f"`{message.replace('`', chr(39))}`"


def describe_history(
    dominance: Dominance, settings: DominanceSettings, now: pd.Timestamp
) -> list[str]:
    """Say which history is missing, and which command fills it; nothing where none is."""
    latest = (now - DAY_IS_KNOWN_AFTER).floor("D")
    fills_itself = settings.record and settings.backfill
    if dominance.daily.empty:
        gap = "No daily dominance is stored"
        days, unreached = 365, True
    else:
        newest = dominance.daily["date"].iloc[-1] + candle_length("1d")
        missing = find_missing_days(dominance.daily, latest)
        unreached = latest - newest > FURTHEST_DAYS * DAY
        if not missing:
            return []
        first = newest if unreached else missing[0]
        days = (latest - first) // DAY
        count = days if unreached else len(missing)
        gap = f"Dominance of {count} days since {first:%Y-%m-%d} is missing"
    download = altseason_command(f"dominance download --days {min(days, 365)}")
    advice = f"run `{download}` (with the bot's own -c or --datadir), or import a file"
    if not fills_itself:
        return [f"{gap}. To fill it {advice}."]
    if unreached:
        first_days = f"The last {FURTHEST_DAYS} days are fetched now, in a few minutes"
        return [f"{gap}. {first_days}; for more {advice}."]
    return [f"{gap}. It is fetched now, in a few minutes; if it is not, {advice}."]
