"""What was found of a model of meta-labels, in words, as tables and as numbers."""

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pandas as pd
from rich.table import Table

from altseason.learning.model import MIN_ROWS
from altseason_lab.metalabels.run import MetaLabels
from altseason_lab.metalabels.scores import Bin
from altseason_lab.study.difference import Interval
from altseason_lab.study.placebo import describe_level
from altseason_lab.texts import build_table, count, write_span

BIN_HEADERS = ("probability, %", "won, %", "95 %", "profit, %", "entries")
VERDICTS = {
    True: "distinguished entries that reach their take-profit first from the others",
    False: "did not distinguish entries that reach their take-profit first from the others",
}
MODEL = (
    "Meta-labels: an entry of the rules is won if it reaches the take-profit before the stop and "
    "before its time limit, as Freqtrade would have executed it. Each fold of {test:g} days is "
    "predicted by a model that was trained on the entries of the {train} days before, those whose "
    "time limit had passed by then, {rows} at least, so that nothing that came after an entry is "
    "used to predict it. The AUC is how often, of two entries one of which was won, the won one "
    "had the higher probability; 0.5 is chance. Within folds both entries are of the same fold: "
    "models of different folds may differ in their level alone, also those of shuffled labels. The "
    "Brier score is the mean squared error of the probabilities; the base rate is the share of won "
    "entries in the training data of a fold. The calibration error is that of ten bins of equally "
    "many entries. The placebos are models that were trained on the same entries with their "
    "outcomes shuffled. Profits are those of each entry by itself, from the open of the next "
    "candle to a barrier, after fees: they leave out exit signals, the stake and the limit on open "
    "trades. For the intervals, days are resampled in blocks, all coins of a day together. "
    "The dates of a model are not those of the backtests, which cover the whole time range: they "
    "begin with its first fold, once there are {rows} entries to learn from, and end with the last "
    "entry whose outcome is known."
)


def describe_model(found: MetaLabels) -> str:
    """Describe how everything is calculated."""
    plan = found.plan
    return MODEL.format(test=plan.test_days, train=plan.train_days, rows=MIN_ROWS)


def describe(found: MetaLabels) -> list[str]:
    """Describe what was found, each verdict before its facts."""
    return [describe_test(found), describe_probabilities(found), describe_choice(found)]


def describe_scope(found: MetaLabels) -> str:
    """Describe the model, and which entries it predicted."""
    return f"{found.model}, {write_span(found.start, found.end)}, {count(len(found.pairs), 'pair')}"


def describe_test(found: MetaLabels) -> str:
    """Describe whether the probabilities tell entries apart."""
    scores = found.scores
    facts = (
        f"{describe_scope(found)}: {scores.entries} entries in {count(found.folds, 'fold')}, "
        f"{scores.won:.0%} of them won; {found.rows} were labeled, worth as many as "
        f"{found.independent:.0f} that do not overlap. AUC {scores.auc.write(3)} within folds "
        f"(95 % interval, blocks of {count(scores.block, 'day')}), over all "
        f"{scores.auc_overall.write(3)}. {count(len(found.shuffled), 'model')} of shuffled "
        f"labels: median AUC {found.median_shuffled:.3f}; {found.rank}."
    )
    level = describe_level(found.tests)
    if not found.has_enough:
        return (
            f"There are too few models of shuffled labels to tell whether the model's "
            f"probabilities mean anything, since {level}: {facts}"
        )
    return (
        f"On these coins and years the model's probabilities "
        f"{VERDICTS[found.tells_apart]}: {facts} For that, {level}, and the interval "
        f"must be above 0.5."
    )


def describe_probabilities(found: MetaLabels) -> str:
    """Describe whether the probabilities are correct."""
    scores = found.scores
    verdict = {
        "above": "were better than the base rate",
        "below": "were worse than the base rate",
        "both": "cannot be distinguished from the base rate",
    }[_find_side(scores.gain)]
    error = scores.calibration
    is_right = error.error <= error.by_chance
    right = (
        "no further off than chance explains" if is_right else "further off than chance explains"
    )
    return (
        f"Taken as numbers, the probabilities {verdict}, and {right}: {describe_scope(found)}: "
        f"Brier score {scores.brier.write(4)}, that of the base rate {scores.reference:.4f}, "
        f"gain {scores.gain.write(4, signed=True)}. Expected calibration error {error.error:.3f}; "
        f"that of correct probabilities is below {error.by_chance:.3f} in 19 of 20 cases."
    )


def describe_choice(found: MetaLabels) -> str:
    """Describe what the entries that the model would have taken earned, beside all entries."""
    choice, entries = found.choice, found.scores.entries
    plain = f"all {entries} entries of the plain rules earned {choice.all_profit:+.2%} each"
    where = f"{describe_scope(found)}, probability above {choice.threshold:g}"
    if choice.taken_profit is None or choice.difference is None:
        return f"The model would have taken no entry: {where}; {plain}."
    verdict = {
        "above": "earned more than all entries of the plain rules",
        "below": "earned less than all entries of the plain rules",
        "both": "cannot be distinguished from all entries of the plain rules by what they earned",
    }[_find_side(choice.difference)]
    return (
        f"The entries that the model would have taken {verdict}: {where}: {choice.taken} of them "
        f"earned {choice.taken_profit:+.2%} each after fees, {plain}; the difference is "
        f"{choice.difference.write_points(2)}."
    )


def build_tables(found: MetaLabels) -> Iterator[Table]:
    """Yield the reliability curve, and the importances."""
    table = build_table(right=BIN_HEADERS)
    for one in found.scores.calibration.bins:
        table.add_row(*write_bin(one))
    yield table
    table = build_table("feature", right=("AUC lost", "95 % over folds"))
    for importance in found.importances:
        fall = importance.fall
        table.add_row(importance.feature, f"{fall.value:+.4f}", fall.write_bounds(4, " to "))
    yield table


def write_bin(one: Bin) -> list[str]:
    """Return a row about a bin, in the order of `BIN_HEADERS`."""
    return [
        f"{one.probability * 100:.1f}",
        f"{one.share.value * 100:.1f}",
        (one.share * 100).write_bounds(1, " to "),
        f"{one.profit * 100:+.2f}",
        str(one.entries),
    ]


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
            "p_value": found.rank.p_value,
            "p_error": found.rank.error,
            "tests": found.tests,
            "level": found.level,
            "tells_apart": found.tells_apart if found.has_enough else None,
        }
    )


def _find_side(interval: Interval) -> str:
    """Return on which side of zero an interval lies."""
    if interval.low > 0:
        return "above"
    return "below" if interval.high < 0 else "both"


def _without_nan(value: Any) -> Any:
    """Return values for JSON, which has no NaN."""
    if isinstance(value, dict):
        return {name: _without_nan(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value
