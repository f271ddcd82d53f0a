"""What a person is told of a stress test."""

from textwrap import wrap

from rich import box
from rich.console import Console
from rich.table import Table

from altseason_lab.stress.breakeven import HIGHEST
from altseason_lab.stress.study import Study

# The same on every terminal and in a file; a table with long numbers is wider, and never cut.
WIDTH, WIDEST = 80, 300
# Letters of pairs' names in one line.
MAX_PAIRS_SHOWN = 60
SYNTHETIC = "SYNTHETIC market: its prices are drawn at random, no result here is a market's."
OFFLINE = "An exchange emulator on this machine answered for the exchange; no network was used."
BREAK_EVEN = (
    "Where the profit after the extra at stops ends: the lowest cost per side found, fee and "
    "slippage together, at which it is no longer above zero, to 0.01 % and up to 2 %."
)
HEADERS = (
    "delay",
    "fee,\n%",
    "slip-\npage,\nbp",
    "cost\nper\nside,\n%",
    "profit\nby Freq-\ntrade,\n%",
    "extra\nat\nstops,\n%",
    "profit\nafter\nit,\n%",
    "max\ndraw-\ndown,\n%",
    "trades\n(stops)",
)


def as_text(study: Study, *, synthetic: bool, offline: bool) -> list[str]:
    """Describe what was run, what came out, how it was modelled, and each delay's break-even."""
    return [
        *wrap(f"Stress test of {study.scene.strategy}: {describe_scene(study)}", WIDTH),
        *([SYNTHETIC] if synthetic else []),
        *(wrap(OFFLINE, WIDTH) if offline else []),
        "",
        *_table_as_text(study),
        "",
        *wrap(describe_model(study), WIDTH),
        "",
        *wrap(BREAK_EVEN, WIDTH),
        *(
            f"  {describe_delay(delay)}: {describe_break_even(study, delay)}"
            for delay in study.break_evens
        ),
        "",
    ]


def headline(study: Study, *, synthetic: bool) -> str:
    """Return the one number that a person needs, in a sentence."""
    delay = study.headline_delay
    found = describe_break_even(study, delay)
    costs = " per side (fee and slippage together)" if "%" in found else ""
    market = ", on SYNTHETIC candles" if synthetic else ""
    return f"{found[0].upper()}{found[1:]}{costs}, {describe_delay(delay)}{market}."


def describe_scene(study: Study) -> str:
    """Describe which candles are backtested, in one line."""
    scene = study.scene
    shown = list(scene.pairs)
    while len(" ".join(shown)) > MAX_PAIRS_SHOWN:
        shown.pop()
    more = len(scene.pairs) - len(shown)
    pairs = " ".join(shown) + (f" and {more} more" if more else "")
    return f"{scene.start:%Y-%m-%d} to {scene.end:%Y-%m-%d}, {pairs}, {scene.timeframe} candles"


def describe_model(study: Study) -> str:
    """Describe how slippage, stops and delay enter, and what does not."""
    return (
        "Every row is a backtest by Freqtrade. Slippage is added to the fee, and Freqtrade charges "
        f"their sum at entry and exit. The extra at stops is {study.stop_slippage:g} bp, "
        f"{study.stop_slippage / 100:g} %, of what each stop sold, computed from Freqtrade's "
        "trades and subtracted; since it was not traded, no later stake and no drawdown knows of "
        "it. A delay moves the entry and exit signals by whole candles; stops, take-profit and the "
        "strategy's callbacks stay in time. Spread, order book, partial fills and your own effect "
        "on the price are not modelled: the slippage is all that stands for them. Past results "
        "promise no profit."
    )


def describe_delay(delay: int) -> str:
    """Name a delay."""
    if delay == 0:
        return "without delay"
    return f"delayed by {delay} candle{'' if delay == 1 else 's'}"


def describe_break_even(study: Study, delay: int) -> str:
    """Describe at which cost per side nothing is earned any more."""
    found = study.break_evens[delay]
    if not study.has_trades(delay):
        return "earns nothing, since it has no trades"
    if found is None:
        return f"still earns at {format_cost(HIGHEST)} %"
    if found == 0:
        return "earns nothing even without costs"
    return f"stops earning at {format_cost(found)} %"


def format_cost(cost: float) -> str:
    """Write basis points as percent, to the basis point, and finer where it is finer."""
    percent = cost / 100
    return f"{percent:.2f}" if cost == round(cost) else f"{percent:.6g}"


def _table_as_text(study: Study) -> list[str]:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1), pad_edge=False)
    for header in HEADERS:
        table.add_column(header, justify="right", no_wrap=True)
    before = study.headline_delay
    for cell, outcome in study.cells.items():
        if cell.delay != before:
            table.add_section()
            before = cell.delay
        table.add_row(
            str(cell.delay),
            format_cost(cell.fee_cost),
            f"{cell.slippage:g}",
            format_cost(cell.cost),
            f"{outcome.profit:.2f}",
            f"{0 - outcome.stop_extra:.2f}",
            f"{outcome.profit_after_stops:.2f}",
            f"{outcome.drawdown:.2f}",
            f"{outcome.trades} ({outcome.stops})",
        )
    console = Console(width=WIDEST, color_system=None, highlight=False)
    with console.capture() as capture:
        console.print(table)
    lines = [line.rstrip() for line in capture.get().splitlines()]
    # Rich frames the table with an empty line, but not above and below in every version.
    return "\n".join(lines).strip("\n").splitlines()
