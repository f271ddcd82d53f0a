"""How a file of separated values is written: where its header is, and what separates fields."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from altseason.errors import InputError
from altseason.sources.grid import EXPECTED, shorten

SEPARATORS = ",;\t|"
# How many lines decide about the separator and where the header is.
SAMPLED_LINES = 40
_NUMBER = re.compile(r"[+-]?[\d.,  ']*\d[\d.,]*(e[+-]?\d+)?\s*%?", re.IGNORECASE)


@dataclass(frozen=True)
class Header:
    """How a CSV file is written.

    :param skipped: how many lines stand above the header.
    :param is_written: whether there is a header at all; else the names are made up.
    :param title: the text above it, in lower case.
    """

    skipped: int
    separator: str
    names: list[str]
    is_written: bool
    title: str = ""

    @property
    def lines(self) -> int:
        """How many lines stand above the first row."""
        return self.skipped + self.is_written


def find_header(path: Path, head: str) -> Header:
    """Find out where the header is, what separates its fields, and what they are called."""
    lines = head.removesuffix("\n").split("\n")[:SAMPLED_LINES]
    preamble, separators = 0, SEPARATORS
    if told := re.fullmatch(r'"?sep=(.)"?', lines[0], re.IGNORECASE):
        preamble, separators = 1, told[1]
    while preamble < len(lines) and (
        not lines[preamble].strip() or lines[preamble].startswith("#")
    ):
        preamble += 1
    if preamble == len(lines):
        raise InputError(f"{path}: {EXPECTED}, found an empty file")
    fields = {
        separator: [len(row) for row in _split(lines[preamble:], separator)]
        for separator in separators
    }
    # The separator that the most lines agree on, with the most fields.
    separator = max(fields, key=lambda key: _agreement(fields[key]))
    counts = fields[separator]
    width = max(set(counts), key=lambda count: (count > 1, counts.count(count)))
    if width < 2:
        raise InputError(f"{path}: {EXPECTED}, found {shorten(lines[preamble])!r}")
    split = _split(lines[preamble:], separator)
    above = next(i for i, row in enumerate(split) if len(row) > 1)
    names = split[above]
    # Some programs end each line but the header with a separator, or leave the index unnamed.
    names = [*names, *[""] * (width - len(names))] if len(names) == width - 1 else names
    while len(names) > width and not names[-1].strip():
        names = names[:-1]
    title = " ".join(lines[bool(told) : preamble + above]).lower()
    if any(_NUMBER.fullmatch(name.strip()) for name in names):
        made_up = [f"column {i + 1}" for i in range(len(names))]
        return Header(preamble + above, separator, made_up, is_written=False, title=title)
    names = [name.strip().lower() for name in names]
    return Header(preamble + above, separator, names, is_written=True, title=title)


def _agreement(counts: list[int]) -> tuple[bool, int, int]:
    best = max(set(counts), key=lambda count: (count > 1, counts.count(count)))
    return best > 1, counts.count(best) + 2 * (counts[0] == best), best


def _split(lines: list[str], separator: str) -> list[list[str]]:
    try:
        # A line of its own each: a quote that is not closed must not swallow the sample.
        return [next(csv.reader([line], delimiter=separator), []) for line in lines]
    except csv.Error:
        return [line.split(separator) for line in lines]
