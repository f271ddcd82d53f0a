"""What a running bot does besides trading: have dominance recorded, and report the gate."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from freqtrade.util import dt_ts

from altseason.dominance.candles import DAY, candle_length
from altseason.errors import AltSeasonError
from altseason.gate.breadth import NO_COINS, CoinPrices, calculate_breadth
from altseason.gate.columns import notify_closed
from altseason.gate.reader import DominanceReader
from altseason.gate.rule import Dominance, GateRule
from altseason.gate.watch import find_watch
from altseason.host.configuration import data_directory
from altseason.invocation import altseason_command
from altseason.notifications import Notifier
from altseason.recorder.backfill import MAX_BACKFILL_DAYS, find_missing_days
from altseason.recorder.feed import Feed, end_feed, find_feed, start_feed
from altseason.settings import DEFAULT_PROVIDER, DominanceSettings, load_settings
from altseason.sources.coingecko_history import DAILY_CLOSE_DELAY
from altseason.sources.reading import read_clock

logger = logging.getLogger(__name__)


class DominanceService:
    """Record dominance and report the gate, beside a strategy that trades in dry-run or live."""

    def __init__(
        self,
        config: dict[str, Any],
        reader: DominanceReader,
        notifier: Notifier,
        introduce: Callable[[], Sequence[str]] = list,
        coins: Callable[[], CoinPrices] = lambda: NO_COINS,
    ) -> None:
        """Start to record dominance, and report which history is missing.

        :param introduce: returns messages on what the bot trades by; called once its parameters are
            loaded.
        :param coins: returns the prices that breadth is counted from; called if the rule has it.
        """
        self._coins = coins
        self._reader = reader
        self._notifier = notifier
        self._introduce = introduce
        self._introduction: Sequence[str] | None = None
        self._watch = find_watch(data_directory(config).resolve())
        settings = load_settings(config).dominance
        self._feed = self._start_feed(config, settings)
        try:
            for message in describe_history(reader.read(), settings, read_clock()):
                notifier.notify(message)
        except Exception:  # it would end the bot, and with it its exits
            logger.exception("Describing the history of dominance failed")

    def report(self, rule: Callable[[], GateRule], now: datetime) -> None:
        """Notify of each change of the gate, and forward what the recorder reports; no network."""
        topic = "describing the gate"
        try:
            if self._introduction is None:
                self._introduction = self._introduce()
            current = rule()
            coins = self._coins() if current.has_breadth else NO_COINS
            for message in self._watch.observe(
                self._reader.read(), current, now, self._introduction, coins
            ):
                self._notifier.notify(message)
        except AltSeasonError as error:
            notify_closed(self._notifier, error, read_clock())
        except Exception as error:  # Freqtrade would log it in every loop, and notify nobody
            text = f"Could not describe the gate: {error!r}. Entries and exits continue."
            if self._notifier.raise_alert(topic, text):
                logger.exception("Describing the gate failed")
        else:
            self._notifier.clear(topic)
        if self._feed is not None:
            self._notifier.forward(self._feed.notifier)

    def describe_entry(self, rule: GateRule, time: datetime) -> dict[str, Any]:
        """Return facts on dominance and breadth at an entry, to be kept with the trade."""
        facts = {"gate_rule": str(rule)}
        if rule.has_breadth:
            breadth = calculate_breadth(self._coins(), rule.breadth_days)
            known = int(breadth.find_known(np.array([dt_ts(time)]))[0])
            if known >= 0:
                facts["breadth"] = f"{breadth.beating[known]} of {breadth.measured[known]} coins"
        candle = self._reader.read().find_candle(time)
        if candle is None:
            return facts
        return {
            **facts,
            "dominance": round(float(candle["close"]), 4),
            "dominance_candle": f"{candle['date']:%Y-%m-%d %H:%M}",
        }

    def _start_feed(self, config: dict[str, Any], settings: DominanceSettings) -> Feed | None:
        try:
            if settings.record:
                return start_feed(config)
            logger.info("Dominance is not recorded by this bot (altseason.dominance.record).")
            end_feed(config)  # which may have been started before /reload_config
        except AltSeasonError as error:
            reason = str(error)
        except Exception as error:  # Freqtrade would exit, and abandon open trades
            logger.exception("Starting to record dominance failed")
            reason = (
                f"starting to record failed with {type(error).__name__}, see the log. Entries and "
                f"exits continue; /reload_config tries again."
            )
        else:
            return None
        feed = find_feed(config)  # one that the reload could not change
        state = "not recorded" if feed is None else "recorded as before the change"
        self._notifier.notify(f"Dominance is {state}: {reason}")
        return feed


def describe_history(
    dominance: Dominance, settings: DominanceSettings, now: pd.Timestamp
) -> list[str]:
    """Return messages on which history is missing, and which command downloads it.

    Nothing where none is missing, nor where it cannot be read, which the gate reports.
    """
    if dominance.daily.empty and dominance.problem:
        return []
    latest = (now - DAILY_CLOSE_DELAY).floor("D")
    fills_itself = settings.record and settings.backfill
    if dominance.daily.empty:
        gap = "No daily dominance is stored"
        days, unreached = 365, True
    else:
        newest = dominance.daily["date"].iloc[-1] + candle_length("1d")
        missing = find_missing_days(dominance.daily, latest)
        unreached = latest - newest > MAX_BACKFILL_DAYS * DAY
        if not missing:
            return []
        first = newest if unreached else missing[0]
        days = (latest - first) // DAY
        count = days if unreached else len(missing)
        gap = f"Dominance of {count} days since {first:%Y-%m-%d} is missing"
    # CoinMarketCap has all days since 2013, and by default fetches those that are missing.
    wanted = f" --days {min(days, 365)}" if settings.provider == DEFAULT_PROVIDER else ""
    download = altseason_command(f"dominance download{wanted}")
    advice = f"run `{download}` (with the bot's own -c or --datadir), or import a file"
    if not fills_itself:
        return [f"{gap}. To fill it, {advice}."]
    if unreached:
        first_days = f"The last {MAX_BACKFILL_DAYS} days are fetched within a few minutes"
        return [f"{gap}. {first_days}; for more, {advice}."]
    return [f"{gap}. It is fetched within a few minutes; if it is not, {advice}."]
