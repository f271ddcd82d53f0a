"""What was found of a model of meta-labels, in words, as tables and as numbers."""

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pandas as pd
from rich import box
from rich.table import Table

from altseason.learning.model import MIN_ROWS
from altseason_lab.metalabels.run import MetaLabels
from altseason_lab.study.difference import Interval

TOLD = "told entries that reached their take-profit first from others"
NOT_TOLD = "did not tell entries that reach their take-profit first from others"
MODEL = (
    "Meta-labels: an entry of the rules is won if it reaches the take-profit before the stop and "
    "before its time is over, as Freqtrade would have executed it. Each fold of {test:g} days is "
    "predicted by a model that has learned from the entries of {train} days before whose time was "
    "over, {rows} at least, so that no entry is predicted by what came after it. The AUC is how "
    "often, of two entries one of which was won, that one had the higher probability; 0.5 is "
    "chance. Within folds both are of one fold: models of different folds may differ in level "
    "alone, also those of shuffled labels. The Brier score is the mean squared error of the "
    "probabilities; the base rate is the share that was won of what a fold's model has learned "
    "from. The calibration error is that of ten parts of as many entries each. The placebos are "
    "models that have learned from the same entries with their outcomes dealt out anew. Profits "
    "are those of each entry by itself, from the open of the next candle to a barrier, after fees: "
    "exit signals, the stake and the limit of open trades are not in them. Intervals are of days "
    "drawn anew in blocks, with all coins of a day at once."
)


def describe_model(found: MetaLabels) -> str:
    """Describe how all of it is calculated."""
    plan = found.plan
    return MODEL.format(test=plan.test_days, train=plan.train_days, rows=MIN_ROWS)


def describe(found: MetaLabels) -> list[str]:
    """Describe what was found, each in words first."""
    return [describe_test(found), describe_probabilities(found), describe_choice(found)]


def describe_scope(found: MetaLabels) -> str:
    """Describe the model, and which entries it predicted."""
    return (
        f"{found.model}, {found.start:%Y-%m-%d} to {found.end:%Y-%m-%d}, {len(found.pairs)} pairs"
    )


def describe_test(found: MetaLabels) -> str:
    """Describe whether the probabilities tell entries apart."""
    scores = found.scores
    facts = (
        f"{describe_scope(found)}: {scores.entries} entries in {found.folds} folds, "
        f"{scores.won:.0%} of them won; {found.rows} were labeled, as many as "
        f"{found.independent:.0f} that do not overlap. AUC {write(scores.auc, 3)} within folds "
        f"(95 % interval, blocks of {scores.block} days), over all "
        f"{write(scores.auc_overall, 3)}. {len(found.shuffled)} models of shuffled labels: median "
        f"AUC {found.median_shuffled:.3f}; p = {found.p_value:.3f} +- "
        f"{found.p_error:.3f}."
    )
    if not found.has_enough:
        return (
            f"So few shuffles cannot tell whether the model's probabilities mean anything, p would "
            f"have to be at most {found.level:.3f}: {facts}"
        )
    several = f", as there are {found.tests} such tests" if found.tests > 1 else ""
    return (
        f"On these coins and years the model's probabilities "
        f"{TOLD if found.tells_apart else NOT_TOLD}: {facts} To do so, p has to be at most "
        f"{found.level:.3f}{several}, and 0.5 below the interval."
    )


def describe_probabilities(found: MetaLabels) -> str:
    """Describe whether the probabilities are right."""
    scores = found.scores
    verdict = {
        "above": "were better than the base rate",
        "below": "were worse than the base rate",
        "both": "cannot be told from the base rate",
    }[_find_side(scores.gain)]
    error = scores.calibration
    is_right = error.error <= error.by_chance
    right = (
        "no further off than chance explains" if is_right else "further off than chance explains"
    )
    return (
        f"As numbers the probabilities {verdict}, and {right}: {describe_scope(found)}: "
        f"Brier score {write(scores.brier, 4)}, that of the base rate {scores.reference:.4f}, "
        f"gain {write(scores.gain, 4, signed=True)}. Expected calibration error {error.error:.3f}; "
        f"that of right probabilities is below {error.by_chance:.3f} in 19 of 20 cases."
    )


def describe_choice(found: MetaLabels) -> str:
    """Describe what the entries earned that the model would have taken, beside all."""
    choice, entries = found.choice, found.scores.entries
    plain = f"all {entries} entries of the plain rules earned {choice.all_profit:+.2%} each"
    where = f"{describe_scope(found)}, probability above {choice.threshold:g}"
    if choice.taken_profit is None or choice.difference is None:
        return f"The model would have taken no entry: {where}; {plain}."
    verdict = {
        "above": "earned more than all of the plain rules",
        "below": "earned less than all of the plain rules",
        "both": "cannot be told from all of the plain rules by what they earned",
    }[_find_side(choice.difference)]
    return (
        f"The entries that the model would have taken {verdict}: {where}: {choice.taken} entries "
        f"earned {choice.taken_profit:+.2%} each after fees, {plain}; the difference is "
        f"{write_points(choice.difference)}."
    )


def build_tables(found: MetaLabels) -> Iterator[Table]:
    """Yield the reliability curve, and the importances."""
    table = _table("probability", "won", "95 %", "profit", "entries")
    for one in found.scores.calibration.bins:
        table.add_row(
            f"{one.probability * 100:.1f}",
            f"{one.share.value * 100:.1f}",
            f"{write_bound(one.share.low * 100, 1)} to {write_bound(one.share.high * 100, 1)}",
            f"{one.profit * 100:+.2f}",
            str(one.entries),
        )
    yield table
    table = _table("feature", "AUC lost", "95 % over folds")
    for importance in found.importances:
        fall = importance.fall
        table.add_row(
            importance.feature,
            f"{fall.value:+.4f}",
            f"{write_bound(fall.low, 4)} to {write_bound(fall.high, 4)}",
        )
    yield table


def as_json(found: MetaLabels) -> dict[str, Any]:
    """Return the same as numbers; profits, shares and probabilities are ratios."""
    scores = asdict(found.scores)
    return _without_nan(
        {
            "model": found.model,
            "pairs": list(found.pairs),
            "start": found.start.isoformat(),
            "end": found.end.isoformat(),
            "labeled": found.rows,
            "independent": found.independent,
            "folds": found.folds,
            "train_days": found.plan.train_days,
            "test_days": found.plan.test_days,
            "horizon_hours": found.plan.horizon / pd.Timedelta(hours=1),
            **scores,
            "choice": asdict(found.choice),
            "importances": [asdict(one) for one in found.importances],
            "shuffled_aucs": list(found.shuffled),
            "p_value": found.p_value,
            "p_error": found.p_error,
            "tests": found.tests,
            "level": found.level,
            "tells_apart": found.tells_apart if found.has_enough else None,
        }
    )


def write(interval: Interval, decimals: int, *, signed: bool = False) -> str:
    """Write a value and its bounds."""
    sign = "+" if signed else ""
    low, high = (
        write_bound(bound, decimals, signed=signed) for bound in (interval.low, interval.high)
    )
    return f"{interval.value:{sign}.{decimals}f} [{low}, {high}]"


def write_bound(bound: float, decimals: int, *, signed: bool = False) -> str:
    """Write a bound, a dash where it is not known."""
    return "-" if math.isnan(bound) else f"{bound:{'+' if signed else ''}.{decimals}f}"


def write_points(interval: Interval) -> str:
    """Write a difference of ratios in percentage points."""
    points = Interval(interval.value * 100, interval.low * 100, interval.high * 100)
    return f"{write(points, 2, signed=True).replace(' [', ' points [')}"


def _find_side(interval: Interval) -> str:
    """Return on which side of zero an interval lies."""
    if interval.low > 0:
        return "above"
    return "below" if interval.high < 0 else "both"


def _table(*headers: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=0)
    for number, header in enumerate(headers):
        is_name = header == "feature"
        table.add_column(header, justify="left" if is_name or not number else "right")
    return table


def _without_nan(value: Any) -> Any:
    """Return values for JSON, which has no NaN."""
    if isinstance(value, dict):
        return {name: _without_nan(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value
