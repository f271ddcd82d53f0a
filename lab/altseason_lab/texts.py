"""What all reports say in the same words, and how they write numbers, times, pairs and tables."""

from collections.abc import Sequence
from datetime import datetime

from rich import box
from rich.console import Console
from rich.table import Table

# The same on every terminal and in a file; a table with long numbers is wider, and never cut.
WIDTH, MAX_TABLE_WIDTH = 80, 300
# Of the pairs' names, in characters.
MAX_PAIRS_WIDTH = 60
SYNTHETIC = "SYNTHETIC market: prices are drawn at random and say nothing about real markets."
OFFLINE = "An exchange emulator on this machine stood in for the exchange; no network was used."


def count(number: int, noun: str) -> str:
    """Return a number of things, such as "1 placebo" or "40 placebos"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def write_span(start: datetime, end: datetime) -> str:
    """Return from which day to which something runs."""
    return f"{start:%Y-%m-%d} to {end:%Y-%m-%d}"


def name_pairs(pairs: Sequence[str]) -> str:
    """Name as many pairs as one line can hold."""
    shown = list(pairs)
    while len(" ".join(shown)) > MAX_PAIRS_WIDTH:
        shown.pop()
    more = len(pairs) - len(shown)
    return " ".join(shown) + (f" and {more} more" if more else "")


def describe_missing(pairs: Sequence[str]) -> str:
    """Describe which pairs are left out; empty where none is."""
    return f"No candles of {', '.join(pairs)}: neither traded nor held." if pairs else ""


def build_table(*left: str, right: Sequence[str] = ()) -> Table:
    """Return a table without rows, given the headers of its columns by how they are aligned."""
    table = Table(box=box.SIMPLE_HEAD, padding=0)
    for header in left:
        table.add_column(header, no_wrap=True)
    for header in right:
        table.add_column(header, justify="right", no_wrap=True)
    return table


def draw_table(table: Table) -> list[str]:
    """Return the lines of a table as it is, however wide."""
    console = Console(width=MAX_TABLE_WIDTH, color_system=None, highlight=False)
    with console.capture() as capture:
        console.print(table)
    lines = [line.rstrip() for line in capture.get().splitlines()]
    # Rich frames the table with an empty line, but not above and below in every version.
    return "\n".join(lines).strip("\n").splitlines()
