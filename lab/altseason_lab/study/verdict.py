"""What a study has found, in words and as numbers."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from altseason.invocation import altseason_command
from altseason_lab.study.cell import CellResult
from altseason_lab.study.difference import Difference
from altseason_lab.study.execution import Results
from altseason_lab.study.grid import Cell, Scope
from altseason_lab.study.placebo import BOOTSTRAP, SHIFT, describe_level
from altseason_lab.study.run import (
    MAX_MISSING_SHARE,
    NO_DOMINANCE,
    NOT_MATCHED,
    TOO_FEW,
    Placebos,
    PlaceboTest,
    Study,
    has_dominance,
)
from altseason_lab.study.selection import Selection
from altseason_lab.texts import count, write_span

MADE = {
    SHIFT: "the same dominance shifted around the calendar",
    BOOTSTRAP: "the daily changes of dominance resampled in blocks",
}
# What placebos do with days that have no dominance.
MOVED_GAP = (
    "dominance was missing, and the placebos have this gap at other dates, so this is a verdict on "
    "the dates of the gap, too"
)


def describe_test(test: PlaceboTest) -> str:
    """Describe what the placebos say of a gate, the verdict first."""
    where = _describe_where(test.cell, test.true)
    if test.obstacle == NO_DOMINANCE:
        return (
            f"The placebo test cannot be judged: {NO_DOMINANCE}, so no placebo was run ({where})."
        )
    facts = f"{where}: {_describe_true(test)} {' '.join(map(describe_placebos, test.kinds))}"
    if test.obstacle == NOT_MATCHED:
        return (
            f"The placebos cannot tell whether the dates of dominance mattered, since their gates "
            f"were open for longer or shorter than the true one: {facts} {_explain_mismatch(test)}"
        )
    if test.obstacle == TOO_FEW:
        return (
            f"There are too few placebos to tell whether the dates of dominance mattered: {facts} "
            f"To matter, {describe_level(test.tests)}, which takes "
            f"{count(test.needed_placebos, 'placebo')} or more."
        )
    verdict = "mattered" if test.dates_mattered else "did not matter"
    needed = max(placebos.find_needed_profit(test.level) for placebos in test.kinds)
    close = (
        " p is so close to this that other placebos may give the other verdict; more of them tell."
        if test.is_close
        else ""
    )
    return (
        f"On these coins and years the dates of dominance {verdict} beyond trading less"
        f"{_qualify(test.true, MOVED_GAP)}: {facts} "
        f"To matter, {describe_level(test.tests)}, which takes a profit above {needed:.2%}.{close}"
    )


def _describe_true(test: PlaceboTest) -> str:
    true = test.true.metrics
    return (
        f"profit {true.profit:z.2%} at the true dates, with the gate open "
        f"{test.true.open_share:.0%} of the time, {count(true.trades, 'trade')}, and a position "
        f"held in {true.time_in_market:.0%} of the candles."
    )


def describe_placebos(placebos: Placebos) -> str:
    """Describe the results of the placebos of one kind."""
    return (
        f"{name_placebos(placebos)}: median profit {placebos.median_profit:z.2%}, on average open "
        f"{placebos.mean_open_share:.0%} of the time, {placebos.mean_trades:.1f} trades, in "
        f"position {placebos.mean_time_in_market:.0%} of the candles; {placebos.rank}."
    )


def name_placebos(placebos: Placebos) -> str:
    """Name how many placebos there are, and how they were made."""
    return f"{count(len(placebos.results), 'placebo')}, {MADE[placebos.kind]}"


def describe_difference(cell: Cell, result: CellResult, found: Difference) -> str:
    """Describe how a gate's wallet differs from the ungated one's, the verdict first."""
    lack = "the gate was closed for want of dominance, so this is no verdict on its rule"
    return compare_in_words(_describe_where(cell, result), "no gate", found, _qualify(result, lack))


def _qualify(result: CellResult, lack: str) -> str:
    """Return the sentence that a verdict needs where much of the window has no dominance."""
    if result.missing_share <= MAX_MISSING_SHARE:
        return ""
    return f". At {write_share(result.missing_share)} of the window {lack}"


def _explain_mismatch(test: PlaceboTest) -> str:
    if test.true.missing_share > 0:
        return (
            f"Dominance is missing at {write_share(test.true.missing_share)} of the window; where "
            f"that is moved to, the placebos' means lack days."
        )
    return (
        "No dominance is missing: where the end of the window meets its beginning, dominance "
        "jumps, and the mean around it covers both sides. Choose a window of twenty times "
        "gate_sma_days or longer."
    )


def describe_missing_dominance(study: Study) -> Iterator[str]:
    """Yield where gates were closed for want of dominance, once for gates of the same candles."""
    alike: dict[tuple[Scope, str], list[Cell]] = {}
    for cell, result in study.results.items():
        if result.missing_share > 0:
            alike.setdefault((cell.scope, write_share(result.missing_share)), []).append(cell)
    stored = write_stored(study.stored)
    for (_, share), cells in alike.items():
        result = study.results[cells[0]]
        names = ", ".join(cell.name for cell in cells)
        where = f"{names}, {describe_candles(cells[0], result)}"
        if not has_dominance(result):
            how_much = "no dominance" if result.missing_share == 1 else "almost no dominance"
            yield (
                f"The comparison with no gate cannot be judged: {how_much} in this window; "
                f"{stored}. {where}: the gate was closed at {share} of the candles for want of "
                f"data, not by its rule."
            )
        else:
            yield (
                f"Dominance was missing or stale at {share} of the window: the gate was closed "
                f"there for want of data, not by its rule ({where}); {stored}. What it avoided "
                f"there is no merit of the gate: choose a window for which dominance is stored, or "
                f"store it (`{altseason_command('dominance download')}`)."
            )


def write_share(share: float) -> str:
    """Write a share in percent, a small one not as zero and a large one not as all."""
    text = f"{share:.0%}"
    return text if share in (0, 1) or text not in ("0%", "100%") else f"{share:.2%}"


def write_stored(stored: tuple[date, date] | None) -> str:
    """Write from when to when dominance is stored."""
    return f"stored: {stored[0]} to {stored[1]}" if stored else "nothing is stored"


def compare_in_words(one: str, other: str, found: Difference, qualification: str = "") -> str:
    """Describe how one wallet differs from another, the verdict first.

    :param qualification: the end of the verdict.
    """
    growth = found.growth
    several = name_all(found.compared) if found.compared > 1 else ""
    if found.is_clear:
        verdict = f"grew {'faster' if growth.value > 0 else 'more slowly'} than {other}"
    else:
        verdict = f"cannot be distinguished from {other}"
        if several and not growth.has_zero:
            verdict += f" once {several} are counted"
    return (
        f"By the days alone, {one} {verdict}{qualification}: growth {growth.write_points(1)} a "
        f"year, {write_p_value(found)}{f' with {several} counted' if several else ''}; "
        f"Sharpe ratio {found.sharpe.write(2, signed=True)}, "
        f"drawdown {found.drawdown.write_points(1)} (95 % "
        f"intervals, {count(found.days, 'day')} in blocks of {found.block}). Compared alone, a "
        f"true difference in growth of {found.detectable * 100:.0f} points a year would show in "
        f"four of five cases, a smaller one less often."
    )


def name_all(comparisons: int) -> str:
    """Name several comparisons."""
    return "both comparisons" if comparisons == 2 else f"all {comparisons} comparisons"


def write_p_value(found: Difference) -> str:
    """Write the p-value of a difference."""
    return f"p = {found.p_value:.2g}"


def describe_selection(selection: Selection, results: Results) -> Iterator[str]:
    """Describe how much of the best results is luck, the verdict first."""
    is_spent = selection.trials > selection.budget
    rest = (
        "so the best of them may look that good without being worth anything"
        if is_spent
        else f"{selection.budget - selection.trials} are left"
    )
    yield (
        f"The ledger has {count(selection.trials, 'trial')}, {selection.new} of them new. Of "
        f"{selection.budget} independent trials on {selection.years:.1f} years, the best is "
        f"expected to show a Sharpe ratio of 1 by chance: {rest}. Trials that are alike count as "
        f"if they were independent."
    )
    for best in selection.bests:
        yield (
            f"Best by its Sharpe ratio: {_describe_where(best.cell, results[best.cell])}. The "
            f"probability that its true Sharpe ratio is above what the best of "
            f"{count(selection.trials, 'worthless trial')} would show by chance is "
            f"{best.probability:.2f} (deflated Sharpe ratio). The true Sharpe ratio of a worthless "
            f"trial is zero; in a market that rose, anything that was invested has a higher one."
        )
    for found in selection.overfitting:
        result = results[found.cell]
        yield (
            f"The best of {found.variants} variants in one half of the days from "
            f"{write_span(result.start, result.end)} was below the median in the other half in "
            f"{found.probability:.0%} of the cases (probability of backtest overfitting); if none "
            f"were better than another, it would be {found.low:.0%} to {found.high:.0%}."
        )


def selection_as_json(selection: Selection) -> dict[str, Any]:
    """Return what follows from the trials as numbers."""
    return {
        "trials": selection.trials,
        "new_trials": selection.new,
        "years": selection.years,
        "budget": selection.budget,
        "bests": [
            {
                **cell_as_json(best.cell),
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
    return f"{cell.name}, {describe_candles(cell, result)}"


def describe_candles(cell: Cell, result: CellResult) -> str:
    """Describe the window and the group of pairs of a cell."""
    coins = f", {count(len(result.pairs), 'pair')}" if cell.scope.pairs else ""
    return f"{write_span(result.start, result.end)}{coins}"


def cell_as_json(cell: Cell) -> dict[str, Any]:
    """Return which gate a cell has, for JSON."""
    return {"mode": cell.mode, "settings": dict(cell.settings)}


def span_as_json(result: CellResult) -> dict[str, Any]:
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
        **cell_as_json(test.cell),
        **span_as_json(test.true),
        "tests": test.tests,
        "level": test.level,
        "dates_mattered": None if test.obstacle else test.dates_mattered,
        "obstacle": test.obstacle or None,
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
        "p_value": placebos.rank.p_value,
        "p_error": placebos.rank.error,
        "profits": placebos.profits,
        "open_share": placebos.mean_open_share,
        "trades": placebos.mean_trades,
        "time_in_market": placebos.mean_time_in_market,
    }
