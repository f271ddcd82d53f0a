"""What a study has found, in words and as numbers."""

from collections.abc import Iterator
from typing import Any

from altseason_lab.study.cell import CellResult
from altseason_lab.study.difference import Difference, Interval
from altseason_lab.study.execution import Results
from altseason_lab.study.grid import Cell
from altseason_lab.study.placebo import BOOTSTRAP, SHIFT
from altseason_lab.study.run import NOT_MATCHED, TOO_FEW, Placebos, PlaceboTest
from altseason_lab.study.selection import Selection

MADE = {
    SHIFT: "the same dominance shifted round the calendar",
    BOOTSTRAP: "the daily changes of dominance drawn anew in blocks",
}


def describe_test(test: PlaceboTest) -> str:
    """Describe what the placebos say of a gate, in words first."""
    where = _describe_where(test.cell, test.true)
    facts = f"{where}: {_describe_true(test)} {' '.join(map(describe_placebos, test.kinds))}"
    if test.obstacle == NOT_MATCHED:
        return (
            f"The placebos' gates are open for another time than the true one, so that they "
            f"cannot tell whether the dates of dominance mattered; dominance may be missing for a "
            f"part of the window: {facts}"
        )
    several = f", as there are {test.tests} such tests" if test.tests > 1 else ""
    if test.obstacle == TOO_FEW:
        return (
            f"So few placebos cannot tell whether the dates of dominance mattered: {facts} "
            f"To matter, p has to be at most {test.level:.3f}{several}: that takes "
            f"{test.needed_placebos} placebos or more."
        )
    verdict = "mattered" if test.dates_mattered else "did not matter"
    needed = max(placebos.find_needed_profit(test.level) for placebos in test.kinds)
    close = (
        " That is within its error: other placebos may say otherwise, and more of them tell."
        if test.is_close
        else ""
    )
    return (
        f"On these coins and years the dates of dominance {verdict} beyond trading less: {facts} "
        f"To matter, p has to be at most {test.level:.3f}{several}: that takes a profit above "
        f"{needed:.2%}.{close}"
    )


def _describe_true(test: PlaceboTest) -> str:
    true = test.true.metrics
    return (
        f"profit {true.profit:.2%} at the true dates, the gate open {test.true.open_share:.0%} of "
        f"the time, {true.trades} trades, a position in {true.time_in_market:.0%} of the candles."
    )


def describe_placebos(placebos: Placebos) -> str:
    """Describe what the placebos of a kind came to."""
    return (
        f"{len(placebos.results)} placebos, {MADE[placebos.kind]}: median profit "
        f"{placebos.median_profit:.2%}, on average open {placebos.mean_open_share:.0%}, "
        f"{placebos.mean_trades:.1f} trades, {placebos.mean_time_in_market:.0%} of the candles; "
        f"p = {placebos.p_value:.3f} +- {placebos.p_error:.3f}."
    )


def describe_difference(cell: Cell, result: CellResult, found: Difference) -> str:
    """Describe how a gate's wallet differs from the ungated one's, in words first."""
    return compare_in_words(_describe_where(cell, result), "no gate", found)


def compare_in_words(one: str, other: str, found: Difference) -> str:
    """Describe how one wallet differs from another, in words first."""
    growth = found.growth
    verdict = (
        f"cannot be told from {other}"
        if growth.has_zero
        else f"grew {'faster' if growth.value > 0 else 'more slowly'} than {other}"
    )
    return (
        f"By the days alone, {one} {verdict}: growth {_in_points(growth)} a year, Sharpe ratio "
        f"{_in_numbers(found.sharpe)}, drawdown {_in_points(found.drawdown)} (95 % intervals, "
        f"{found.days} days in blocks of {found.block}). A true difference in growth of "
        f"{found.detectable * 100:.0f} points a year would show in four of five cases, a smaller "
        f"one less often."
    )


def describe_selection(selection: Selection, results: Results) -> Iterator[str]:
    """Describe how much of the best results is luck, in words first."""
    is_spent = selection.trials > selection.budget
    rest = (
        "so the best of them may look as good without any worth"
        if is_spent
        else f"{selection.budget - selection.trials} are left"
    )
    yield (
        f"The ledger has {selection.trials} trials, {selection.new} of them new. "
        f"{selection.years:.1f} years carry {selection.budget} independent ones before the best "
        f"shows a Sharpe ratio of 1 by chance: {rest}. Trials that are alike count fully here."
    )
    for best in selection.bests:
        yield (
            f"Best by its Sharpe ratio: {_describe_where(best.cell, results[best.cell])}. That it "
            f"is above what the best of {selection.trials} worthless trials shows has a "
            f"probability of {best.probability:.2f} (deflated Sharpe ratio). Worthless trials have "
            f"one of zero; in a market that rose, whatever was invested has a Sharpe ratio above "
            f"that."
        )
    for found in selection.overfitting:
        result = results[found.cell]
        yield (
            f"The best of {found.variants} variants in one half of the days from "
            f"{result.start:%Y-%m-%d} to {result.end:%Y-%m-%d} was below the middle in the other "
            f"half in {found.probability:.0%} of the cases (probability of backtest overfitting); "
            f"without any worth that is {found.low:.0%} to {found.high:.0%}."
        )


def selection_as_json(selection: Selection) -> dict[str, Any]:
    """Return the same as numbers."""
    return {
        "trials": selection.trials,
        "new_trials": selection.new,
        "years": selection.years,
        "budget": selection.budget,
        "bests": [
            {
                **describe_cell(best.cell),
                "window": best.cell.scope.window,
                "daily_sharpe": best.sharpe,
                "deflated_sharpe_ratio": best.probability,
            }
            for best in selection.bests
        ],
        "overfitting": [
            {
                "window": found.cell.scope.window,
                "variants": found.variants,
                "probability": found.probability,
                "noise_low": found.low,
                "noise_high": found.high,
            }
            for found in selection.overfitting
        ],
    }


def _describe_where(cell: Cell, result: CellResult) -> str:
    coins = f", {len(result.pairs)} pairs" if cell.scope.pairs else ""
    return f"{cell.name}, {result.start:%Y-%m-%d} to {result.end:%Y-%m-%d}{coins}"


def _in_points(interval: Interval) -> str:
    value, low, high = (number * 100 for number in (interval.value, interval.low, interval.high))
    return f"{value:+.1f} points [{low:+.1f}, {high:+.1f}]"


def _in_numbers(interval: Interval) -> str:
    return f"{interval.value:+.2f} [{interval.low:+.2f}, {interval.high:+.2f}]"


def describe_cell(cell: Cell) -> dict[str, Any]:
    """Return which gate a cell has, for JSON."""
    return {"mode": cell.mode, "settings": dict(cell.settings)}


def describe_span(result: CellResult) -> dict[str, Any]:
    """Return what a result is of, for JSON."""
    return {
        "pairs": list(result.pairs),
        "missing_pairs": list(result.missing),
        "start": result.start.isoformat(),
        "end": result.end.isoformat(),
        "fee": result.fee,
    }


def test_as_json(test: PlaceboTest) -> dict[str, Any]:
    """Return a placebo test as numbers; profits and shares are ratios."""
    true = test.true.metrics
    return {
        **describe_cell(test.cell),
        **describe_span(test.true),
        "tests": test.tests,
        "level": test.level,
        "dates_mattered": None if test.obstacle else test.dates_mattered,
        "profit": true.profit,
        "open_share": test.true.open_share,
        "trades": true.trades,
        "time_in_market": true.time_in_market,
        "kinds": [_placebos_as_json(placebos) for placebos in test.kinds],
    }


def _placebos_as_json(placebos: Placebos) -> dict[str, Any]:
    return {
        "kind": placebos.kind,
        "placebos": len(placebos.results),
        "p_value": placebos.p_value,
        "p_error": placebos.p_error,
        "profits": placebos.profits,
        "open_share": placebos.mean_open_share,
        "trades": placebos.mean_trades,
        "time_in_market": placebos.mean_time_in_market,
    }
