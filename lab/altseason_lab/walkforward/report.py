"""A walk-forward's result as text and as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from textwrap import wrap
from typing import Any

from altseason_lab.host.hyperopt import Dimension
from altseason_lab.study.cell import HOLD_COINS
from altseason_lab.study.difference import has_bootstrap
from altseason_lab.study.metrics import Outcome
from altseason_lab.study.report import HEADERS, write_metrics, write_number
from altseason_lab.study.verdict import compare_in_words
from altseason_lab.texts import (
    OFFLINE,
    SYNTHETIC,
    WIDTH,
    build_table,
    count,
    describe_missing,
    draw_table,
)
from altseason_lab.walkforward.plateau import MIN_EPOCHS
from altseason_lab.walkforward.run import WalkForward, WindowResult
from altseason_lab.walkforward.stability import Stability
from altseason_lab.walkforward.trials import Count
from altseason_lab.walkforward.windows import Span

TUNED, UNTUNED = "tuned", "untuned"
# All but how long a gate was open.
METRIC_HEADERS = HEADERS[:-1]
WINDOW_HEADERS = (
    "pla-\nteau",
    "profit\ntrain,\n%",
    "tuned,\n%",
    "un-\ntuned,\n%",
    "hold\ncoins,\n%",
    "tra-\ndes",
    "max\ndraw-\ndown,\n%",
)
VALUES_WIDTH = 26
MONTH_DAYS = 30
NO_INTERVALS = (
    "How certain the difference from the untuned parameters is was not calculated: that takes arch "
    "(`pip install arch`)."
)
MODEL = (
    "Tuned: for each parameter, the median or the most frequent choice of a window's best epochs, "
    "the plateau, which is the best tenth of all seeds' epochs that traded, at least {minimum}. "
    "Untuned: the strategy as it is. The profit on the train part, the trades and the drawdown are "
    "those of the tuned parameters. Each test part begins with the balance that the one before has "
    "left, and ends without open trades. The coins are held from the first test part to the last; "
    "in a window's row, within its test part. Spread is how far a parameter moves between windows: "
    "for a number, the largest value less the smallest, as a share of the range searched; for a "
    "choice, the share of windows that differ from the most frequent one. The fee is {fee:.4g} % "
    "per side. Past results do not guarantee future profit."
)


@dataclass(frozen=True)
class WalkForwardReport:
    """What a walk-forward found, for people and for programs.

    :param count: of its trials; None where they are not counted.
    """

    found: WalkForward
    count: Count | None
    synthetic: bool
    offline: bool

    def as_text(self) -> list[str]:
        """Return the verdict first, then the tables and what they mean."""
        found = self.found
        kind = "anchored" if found.plan.is_anchored else "rolling"
        title = f"Walk-forward of {found.strategy}, {found.timeframe} candles, {kind} windows"
        return [
            title,
            *wrap(describe_search(found), WIDTH),
            *wrap(describe_missing(found.missing), WIDTH),
            *([SYNTHETIC] if self.synthetic else []),
            *(wrap(OFFLINE, WIDTH) if self.offline else []),
            "",
            *wrap(describe(found), WIDTH),
            *(line for note in find_notes(found) for line in ["", *wrap(note, WIDTH)]),
            *([] if self.count is None else ["", *wrap(describe_count(self.count), WIDTH)]),
            "",
            *_draw_windows(found),
            "",
            f"All test parts, {found.span}:",
            "",
            *_draw_metrics(found),
            "",
            "The parameters that were found:",
            "",
            *_draw_stability(found.stability),
            "",
            *wrap(MODEL.format(minimum=MIN_EPOCHS, fee=found.fee * 100), WIDTH),
        ]

    def as_json(self) -> dict[str, Any]:
        """Return the same as numbers; profits, drawdowns, shares and fees are ratios."""
        found = self.found
        return {
            "strategy": found.strategy,
            "stake_currency": found.stake_currency,
            "synthetic": self.synthetic,
            "timeframe": found.timeframe,
            "pairs": list(found.pairs),
            "missing_pairs": list(found.missing),
            "fee": found.fee,
            "train_days": found.plan.train,
            "test_days": found.plan.test,
            "embargo_days": found.plan.embargo,
            "anchored": found.plan.is_anchored,
            "days_left_out": found.left_out,
            "epochs": found.settings.epochs,
            "seeds": list(found.seeds),
            "spaces": list(found.settings.spaces),
            "loss": found.settings.loss,
            "trials": self.count and asdict(self.count),
            "windows": [_window_as_json(result) for result in found.windows],
            "out_of_sample": {
                name: _outcome_as_json(outcome) for name, outcome in _all_rows(found).items()
            },
            "difference": found.difference and asdict(found.difference),
            "parameters": [_stability_as_json(one) for one in found.stability],
        }


def describe_search(found: WalkForward) -> str:
    """Describe what was searched, where, and how."""
    settings = found.settings
    seeds = ", ".join(map(str, found.seeds))
    return (
        f"{' '.join(found.pairs)}; {' '.join(settings.spaces)} searched by {settings.loss}, "
        f"{count(settings.epochs, 'epoch')} for each seed ({seeds}) in each window"
    )


def describe(found: WalkForward) -> str:
    """Describe what the parameters earned after their train parts."""
    results = found.windows
    better = sum(result.tuned.metrics.profit > result.untuned.metrics.profit for result in results)
    held = found.holds.get(HOLD_COINS)
    holding = f", the coins held {held.metrics.profit:.2%}" if held else ""
    train = median(_per_month(result.train, result.window.train) for result in results)
    test = median(_per_month(result.tuned, result.window.test) for result in results)
    trials = sum(result.epochs for result in results)
    return (
        f"On the test parts, after the time that they were found on, the tuned parameters earned "
        f"{found.tuned.metrics.profit:.2%}, the untuned ones {found.untuned.metrics.profit:.2%}"
        f"{holding}. In {better} of {count(len(results), 'window')} the tuned ones earned more "
        f"than the untuned. Per 30 days they earned {train:.2%} on the train parts and {test:.2%} "
        f"on the test parts (medians of the windows), after {count(trials, 'epoch')}: overfitting "
        f"shows as a fall from the first to the second."
    )


def find_notes(found: WalkForward) -> Iterator[str]:
    """Yield what a reader has to know of this walk-forward beside its numbers."""
    if found.difference is not None:
        yield compare_in_words("the tuned parameters", "the untuned ones", found.difference)
    elif not has_bootstrap():
        yield NO_INTERVALS
    for result in found.windows:
        if not result.parameters:
            yield (
                f"Window {result.window.number} kept the strategy's own parameters: none of its "
                f"{count(result.epochs, 'epoch')} traded from {result.window.train}."
            )
    if found.left_out:
        days = count(found.left_out, "day")
        yield f"Not tested: the last {days}, shorter than a test part."


def describe_count(added: Count) -> str:
    """Describe what the walk-forward has added to the ledger."""
    return (
        f"Every epoch is a trial: {added.new} new ones were added to the ledger, which now has "
        f"{added.total}. The more trials there are, the better the best of them looks by chance."
    )


def _per_month(outcome: Outcome, span: Span) -> float:
    days = (span.end - span.start).days
    # A wallet can be lost, and no more than that.
    growth = max(0.0, 1 + outcome.metrics.profit)
    return float(growth ** (MONTH_DAYS / days)) - 1


def _all_rows(found: WalkForward) -> dict[str, Outcome]:
    """Return what is compared over all test parts, by name."""
    rows = {TUNED: found.tuned, UNTUNED: found.untuned, **found.holds}
    return {name: outcome for name, outcome in rows.items() if outcome is not None}


def _draw_windows(found: WalkForward) -> list[str]:
    table = build_table("", "train", "test", right=WINDOW_HEADERS)
    for result in found.windows:
        held = result.holds.get(HOLD_COINS)
        outcomes = (result.train, result.tuned, result.untuned, held)
        table.add_row(
            str(result.window.number),
            *(
                str(span).replace(" to ", "\n")
                for span in (result.window.train, result.window.test)
            ),
            f"{result.plateau}\nof {result.valid}",
            *(write_number(_profit(outcome), 1) for outcome in outcomes),
            str(result.tuned.metrics.trades),
            write_number(result.tuned.metrics.max_drawdown * 100, 1),
        )
    return draw_table(table)


def _draw_metrics(found: WalkForward) -> list[str]:
    table = build_table("", right=METRIC_HEADERS)
    for name, outcome in _all_rows(found).items():
        table.add_row(name.replace(" ", "\n"), *write_metrics(outcome.metrics))
    return draw_table(table)


def _draw_stability(stability: Sequence[Stability]) -> list[str]:
    table = build_table("parameter", "range", right=("un-\ntuned", "spread"))
    table.add_column("by window", width=VALUES_WIDTH)
    for one in stability:
        values = ", ".join(_write_value(value) for value in one.values)
        spread = write_number(one.spread, 2)
        table.add_row(
            one.dimension.name,
            _write_range(one.dimension),
            _write_value(one.own).replace("_and_", "\nand\n"),
            spread,
            values,
        )
    return draw_table(table)


def _profit(outcome: Outcome | None) -> float | None:
    return None if outcome is None else outcome.metrics.profit * 100


def _write_value(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _write_range(dimension: Dimension) -> str:
    if dimension.choices:
        return f"{len(dimension.choices)} choices"
    return f"{dimension.low:g} to {dimension.high:g}"


def _window_as_json(result: WindowResult) -> dict[str, Any]:
    return {
        "number": result.window.number,
        "train": _span_as_json(result.window.train),
        "test": _span_as_json(result.window.test),
        "epochs": result.epochs,
        "epochs_that_traded": result.valid,
        "plateau_epochs": result.plateau,
        "parameters": result.parameters,
        "train_metrics": asdict(result.train.metrics),
        "test_metrics": {
            name: asdict(outcome.metrics)
            for name, outcome in {
                TUNED: result.tuned,
                UNTUNED: result.untuned,
                **result.holds,
            }.items()
            if outcome is not None
        },
    }


def _outcome_as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        **asdict(outcome.metrics),
        "equity": {
            "start": outcome.equity.start.isoformat(),
            "values": list(outcome.equity.values),
            "balance": outcome.equity.balance,
        },
    }


def _span_as_json(span: Span) -> dict[str, str]:
    return {"start": span.start.isoformat(), "end": span.end.isoformat()}


def _stability_as_json(one: Stability) -> dict[str, Any]:
    return {**asdict(one.dimension), "untuned": one.own, "values": one.values, "spread": one.spread}
