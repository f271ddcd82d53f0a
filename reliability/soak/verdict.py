"""The result of a soak: its figures and problems."""

import json
from dataclasses import dataclass
from typing import Any

import pandas as pd

from reliability.soak.compare import (
    EntryComparison,
    SignalComparison,
    compare_entries,
    compare_signals,
    find_gated,
)
from reliability.soak.runs import HOUR, Run, SoakFolders, Span
from reliability.tally import Tally


@dataclass(frozen=True)
class Verdict:
    """A bot compared with the backtest of its days.

    :param gated: pair and time of the entries that were made while the gate was closed.
    """

    span: Span
    signals: SignalComparison
    entries: EntryComparison
    gated: list[tuple[str, pd.Timestamp]]

    @property
    def problems(self) -> list[str]:
        """Return what is wrong, in words; empty if nothing is."""
        gated = [f"entered while the gate was closed: {pair} {time}" for pair, time in self.gated]
        return self.signals.problems + self.entries.problems + gated

    @property
    def counted_candles(self) -> Tally:
        """Return how many had the same signals in both; those with others, or none, are lost."""
        lost = len(self.signals.differing) + len(self.signals.missing)
        return count(self.signals.compared + len(self.signals.missing), lost)

    @property
    def counted_entries(self) -> Tally:
        """Return how many were made by both, or by one for a known cause; all others are lost."""
        wrong = {(one.pair, one.candle) for one in self.entries.unexplained}
        wrong |= {(pair, time.floor("h")) for pair, time in self.gated}
        return count(self.entries.both + len(self.entries.differences), len(wrong))

    @property
    def figures(self) -> dict[str, Any]:
        """Return the figures of a report."""
        return {
            "from": f"{self.span.start:%Y-%m-%d %H:%M}",
            "to": f"{self.span.end:%Y-%m-%d %H:%M}",
            "candles_compared": self.signals.compared,
            "candles_differing": len(self.signals.differing),
            "candles_never_analysed": len(self.signals.missing),
            "entries_in_both": self.entries.both,
            "entries_explained": self.entries.causes,
            "entries_unexplained": len(self.entries.unexplained),
            "entries_while_the_gate_was_closed": len(self.gated),
        }


def count(tried: int, lost: int) -> Tally:
    """Return a tally in which everything but what is lost has survived."""
    return Tally(tried, tried - lost, lost)


def judge(folders: SoakFolders, span: Span, live: Run, backtest: Run) -> Verdict:
    """Compare a bot with its backtest; the whitelist is that of the bot's configuration."""
    config = json.loads((folders.bot / "config.json").read_text())
    expected = span.expect_candles(folders.stored, config["exchange"]["pair_whitelist"])
    until = pd.Timestamp(span.end - HOUR)
    return Verdict(
        span,
        compare_signals(live.candles, backtest.candles, expected),
        compare_entries(live.trades, backtest.trades, live.entries, until),
        find_gated(live.trades, live.candles),
    )
