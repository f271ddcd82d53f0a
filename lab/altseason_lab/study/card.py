"""The evidence card of a study: how the only rule that it ran has traded."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import numpy as np

from altseason.errors import InputError, StoredDataError
from altseason.evidence import EvidenceCard, Sample, load_card
from altseason_lab.page_file import write_page_file
from altseason_lab.study.cell import CellResult
from altseason_lab.study.difference import has_bootstrap
from altseason_lab.study.grid import OFF, Cell
from altseason_lab.study.run import Study
from altseason_lab.study.verdict import write_share
from altseason_lab.texts import count, write_span

WEEK = timedelta(weeks=1)
# With fewer, an interval means nothing.
MIN_TRADES = 30


def refuse_several(cells: list[Cell]) -> None:
    """Refuse cells that cannot make one card.

    :raises InputError: where they have several gates or groups, or no gate, and where the package
        for the intervals is missing.
    """
    if not has_bootstrap():
        raise InputError("--card needs arch, which is not installed: `pip install arch`")
    gated = {(cell.mode, cell.settings, cell.scope.pairs) for cell in cells if cell.mode != OFF}
    if len(gated) != 1:
        raise InputError(
            f"expected one gate on one group of pairs for --card, found {len(gated)}; name one in "
            f"--modes, and its values in --set"
        )


def refuse_other_file(path: Path) -> None:
    """Refuse to overwrite a file that is no card, such as a configuration.

    :raises InputError: in one line.
    """
    if not path.exists():
        return
    try:
        load_card(path)
    except StoredDataError as error:
        raise InputError(
            f"--card: expected an evidence card or a new file, found another file, {path}; "
            "choose another name"
        ) from error


def build_card(study: Study) -> EvidenceCard:
    """Return the card of a study's only gate, over all windows.

    :raises InputError: where it has not traded.
    """
    results = [result for cell, result in study.results.items() if cell.mode != OFF]
    trades = [trade for result in results for trade in result.trades]
    if len(trades) < MIN_TRADES:
        raise InputError(
            f"expected {MIN_TRADES} trades or more for an evidence card, found {len(trades)}; "
            f"choose longer windows or more pairs"
        )
    first = results[0]
    profits = [trade.profit for trade in trades]
    return EvidenceCard(
        strategy=study.strategy,
        rule=first.rule,
        timeframe=first.timeframe,
        pairs=tuple(dict.fromkeys(pair for result in results for pair in result.pairs)),
        windows=tuple(write_span(result.start, result.end) for result in results),
        weekly_trades=describe([count for result in results for count in count_by_week(result)]),
        wins=describe_wins([profit > 0 for profit in profits]),
        profits=describe(profits),
    )


def describe_card(card: EvidenceCard) -> str:
    """Describe how many trades and weeks a card is made of."""
    weeks = count(card.weekly_trades.count, "whole week")
    return f"with {count(card.profits.count, 'trade')}, counted per week in {weeks}"


def describe_missing_dominance(study: Study) -> str:
    """Return what a card lacks where its gate was closed for want of dominance; empty if nothing.

    A bot that has dominance trades more often than such a card expects.
    """
    results = [result for cell, result in study.results.items() if cell.mode != OFF]
    weeks = [(result.end - result.start) / WEEK for result in results]
    missing = sum(
        result.missing_share * length for result, length in zip(results, weeks, strict=True)
    )
    if not missing:
        return ""
    share = write_share(missing / sum(weeks))
    return (
        f"Dominance was missing or stale at {share} of the card's windows: the gate was closed "
        f"there for want of data, so the card expects fewer trades a week than a bot with "
        f"dominance makes. Choose windows for which dominance is stored."
    )


def describe(values: Sequence[float]) -> Sample:
    """Return the sample of numbers in their order, whose neighbors may be correlated.

    Its deviation is the root of the long-run variance, with Bartlett's kernel (Newey and West 1987,
    https://doi.org/10.2307/1913610), but at least that of independent numbers.
    """
    from arch.covariance.kernel import Bartlett

    numbers = np.asarray(values, dtype=np.float64)
    variance = float(numbers.var())
    if variance and len(numbers) >= MIN_TRADES:
        variance = max(variance, float(np.squeeze(Bartlett(numbers).cov.long_run)))
    return Sample(float(numbers.mean()), math.sqrt(variance), len(numbers))


def describe_wins(wins: Sequence[bool]) -> Sample:
    """Return the sample of won and lost trades, for a rule that never lost one may lose the next.

    Its deviation is at least that by the rule of succession, with one more trade of each kind.
    """
    sample = describe(wins)
    share = (sum(wins) + 1) / (len(wins) + 2)
    return replace(sample, deviation=max(sample.deviation, math.sqrt(share * (1 - share))))


def count_by_week(result: CellResult) -> list[int]:
    """Return how many trades were opened in each whole week of a backtest, of which there is one.

    What is left at the end, less than a week, is not counted.
    """
    counts = [0] * max(1, (result.end - result.start) // WEEK)
    for trade in result.trades:
        week = (trade.opened - result.start) // WEEK
        if week < len(counts):
            counts[week] += 1
    return counts


def save_card(card: EvidenceCard, path: Path) -> None:
    """Write a card in one step.

    :raises InputError: where it cannot be written.
    """
    write_page_file(json.dumps(asdict(card), indent=2) + "\n", path, "evidence card")
