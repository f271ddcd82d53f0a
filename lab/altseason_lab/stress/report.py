"""The text of a stress test's result."""

from textwrap import wrap

from rich import box
from rich.table import Table

from altseason_lab.host.backtests import BacktestResult
from altseason_lab.stress.grid import CostScenario
from altseason_lab.stress.run import MAX_COST, StressTest
from altseason_lab.texts import (
    OFFLINE,
    SYNTHETIC,
    WIDTH,
    count,
    describe_missing,
    draw_table,
    name_pairs,
    write_span,
)

BREAK_EVEN = (
    "Break-even: the lowest cost per side found, fee and slippage together, at which the profit "
    "after stop slippage is no longer above zero, to 0.01 % and up to 2 %."
)
HEADERS = (
    "delay",
    "fee,\n%",
    "slip-\npage,\nbp",
    "cost\nper\nside,\n%",
    "profit\nby Freq-\ntrade,\n%",
    "stop\nslip-\npage,\n%",
    "profit\nafter\nit,\n%",
    "max\ndraw-\ndown,\n%",
    "trades\n(stops)",
)


def as_text(found: StressTest, *, synthetic: bool, offline: bool) -> list[str]:
    """Describe what was run, the results, how they are modeled, and each delay's break-even."""
    return [
        *wrap(f"Stress test of {found.scope.strategy}: {describe_scope(found)}", WIDTH),
        *wrap(describe_missing(found.scope.missing), WIDTH),
        *([SYNTHETIC] if synthetic else []),
        *(wrap(OFFLINE, WIDTH) if offline else []),
        "",
        *_table_as_text(found),
        "",
        *wrap(describe_model(found), WIDTH),
        "",
        *wrap(BREAK_EVEN, WIDTH),
        *(
            f"  {describe_delay(delay)}: {describe_break_even(found, delay)}"
            for delay in found.break_evens
        ),
        "",
    ]


def headline(found: StressTest, *, synthetic: bool) -> str:
    """Return the break-even that matters most, in a sentence."""
    delay = found.headline_delay
    result = describe_break_even(found, delay)
    costs = " per side (fee and slippage together)" if "%" in result else ""
    market = ", on SYNTHETIC candles" if synthetic else ""
    return f"{result[0].upper()}{result[1:]}{costs}, {describe_delay(delay)}{market}."


def describe_scope(found: StressTest) -> str:
    """Describe which candles are backtested, in one line."""
    scope = found.scope
    span = write_span(scope.start, scope.end)
    return f"{span}, {name_pairs(scope.pairs)}, {scope.timeframe} candles"


def describe_model(found: StressTest) -> str:
    """Describe how slippage, stops and delay are modeled, and what is not."""
    return (
        "Every row is a backtest by Freqtrade. Slippage is added to the fee, and Freqtrade charges "
        f"their sum at entry and exit. Stop slippage is {found.stop_slippage:g} bp, "
        f"{found.stop_slippage / 100:g} %, of what each stop sold, computed from Freqtrade's "
        "trades and subtracted afterwards: later stakes and the drawdown do not include it. A "
        "delay moves the entry and exit signals by whole candles; stops, take-profit and the "
        "strategy's callbacks stay on time. Spread, order book, partial fills and market impact "
        "are not modeled: the slippage stands for all of them. Past results do not guarantee "
        "future profit."
    )


def describe_delay(delay: int) -> str:
    """Name a delay."""
    if delay == 0:
        return "without delay"
    return f"delayed by {count(delay, 'candle')}"


def describe_break_even(found: StressTest, delay: int) -> str:
    """Describe at which cost per side no profit is left."""
    break_even = found.break_evens[delay]
    if not found.has_trades(delay):
        return "no profit, since there are no trades"
    if break_even is None:
        return f"still profitable at {format_cost(MAX_COST)} %"
    if break_even == 0:
        return "unprofitable even without costs"
    return f"breaks even at {format_cost(break_even)} %"


def format_cost(cost: float) -> str:
    """Write basis points as percent, to the basis point or as finely as they are."""
    percent = cost / 100
    return f"{percent:.2f}" if cost == round(cost) else f"{percent:.6g}"


def write_result(scenario: CostScenario, result: BacktestResult) -> list[str]:
    """Return a row of the table, in the order of `HEADERS`."""
    return [
        str(scenario.delay),
        format_cost(scenario.fee_cost),
        f"{scenario.slippage:g}",
        format_cost(scenario.cost),
        f"{result.profit:.2f}",
        f"{0 - result.stop_cost:.2f}",
        f"{result.profit_after_stops:.2f}",
        f"{result.drawdown:.2f}",
        f"{result.trades} ({result.stops})",
    ]


def _table_as_text(found: StressTest) -> list[str]:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1), pad_edge=False)
    for header in HEADERS:
        table.add_column(header, justify="right", no_wrap=True)
    before = found.headline_delay
    for scenario, result in found.results.items():
        if scenario.delay != before:
            table.add_section()
            before = scenario.delay
        table.add_row(*write_result(scenario, result))
    return draw_table(table)
