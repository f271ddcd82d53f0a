"""Read a text file in pieces, and find out how it is written.

That is its encoding, where the header of its table is, and what separates fields.
"""

import codecs
import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

import numpy as np

from altseason.errors import InputError
from altseason.sources.table import EXPECTED, shorten

PIECE = 1024 * 1024
# What Excel writes instead of UTF-8 in Western Europe and America, where these bytes do not occur.
WESTERN = "cp1252"
_NOT_WESTERN = re.compile(
    rb"[\x00-\x08\x0e-\x1f\x7f-\x7f\x81\x8d\x8f\x90\x9d\xd0\xd7\xde\xf0\xfe\xff]"
)
SEPARATORS = ",;\t|"
# This many lines decide about the separator and the header.
SAMPLED_LINES = 40
_NUMBER = re.compile(r"[+-]?[\d.,  ']*\d[\d.,]*(e[+-]?\d+)?\s*%?", re.IGNORECASE)
# Called with the fraction of the work that is done.
Step = Callable[[float], None]


def no_step(done: float) -> None:
    """Report nothing."""


def find_encoding(path: Path, head: bytes) -> str:
    """Return the name of a text file's encoding, as Python knows it.

    :raises InputError: where it is not text in UTF-8, UTF-16 or Windows-1252.
    """
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    if head[1:2] + head[3:4] == b"\0\0":
        return "utf-16-le"
    if head[:1] + head[2:3] == b"\0\0" and head[1:2] != b"\0":
        return "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_unicode = is_western = True
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            if b"\0" in piece:
                raise InputError(f"{path}: {EXPECTED}, found binary data")
            try:
                decoder.decode(piece) if is_unicode and not piece.isascii() else None
            except UnicodeDecodeError:
                is_unicode = False
            is_western = is_western and not _NOT_WESTERN.search(piece)
    if is_unicode:
        return "utf-8-sig"
    if is_western:
        return WESTERN
    raise InputError(f"{path}: {EXPECTED}, but it is not text in UTF-8 or UTF-16: save it as such")


def read_text(path: Path, encoding: str, size: int = -1) -> str:
    """Read a text file's first characters, or all; every line ends with a line feed.

    :raises InputError: where it breaks off within a character.
    """
    with _open(path, encoding) as file:
        return _read(path, file, size)


def read_whole_lines(path: Path, encoding: str, skipped: int, step: Step) -> Iterator[bytes]:
    """Yield a file in pieces of whole lines, in UTF-8; none ends between two quotes.

    Only the last one can have a quote that is not closed, or a line without an end.

    :param skipped: how many lines to leave out first.
    """
    remainder, size, done, bytes_in_all = b"", PIECE, 0, max(1, path.stat().st_size)
    with _open(path, encoding) as file:
        for _ in range(skipped):
            file.readline()
        while text := _read(path, file, size):
            # Files concatenated by `cat` also have byte order marks in the middle.
            piece = remainder + text.replace("\ufeff", "").encode()
            end = _find_end(piece)
            # With a quote that is never closed, not everything is searched again for each piece.
            remainder, size = piece[end:], max(PIECE, len(piece) - end)
            if end:
                yield piece[:end]
            done += len(text)
            step(min(1.0, done / bytes_in_all))
    if remainder:
        yield remainder


def _open(path: Path, encoding: str) -> TextIOWrapper:
    return path.open(encoding=encoding, newline=None)


def _read(path: Path, file: TextIOWrapper, size: int) -> str:
    try:
        return file.read(size)
    except UnicodeError as error:
        raise InputError(
            f"{path}: {EXPECTED}, but it breaks off within a character; is it complete?"
        ) from error


def _find_end(piece: bytes) -> int:
    """Return where the last line ends that does not end between two quotes; 0 if none does."""
    end = piece.rfind(b"\n") + 1
    if piece.count(b'"', 0, end) % 2 == 0:
        return end
    characters = np.frombuffer(piece, dtype=np.uint8)
    quotes, ends = (np.flatnonzero(characters == ord(mark)) for mark in '"\n')
    outside = ends[np.searchsorted(quotes, ends) % 2 == 0]
    return int(outside[-1]) + 1 if len(outside) else 0


@dataclass(frozen=True)
class Header:
    """The layout of a delimited file.

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
        """Return how many lines stand above the first row."""
        return self.skipped + self.is_written


def find_header(path: Path, head: str) -> Header:
    """Find out where the header is, what separates its fields, and what they are called.

    :raises InputError: where nothing separates fields, or the file is empty.
    """
    lines = head.removesuffix("\n").split("\n")[:SAMPLED_LINES]
    preamble, separators = 0, SEPARATORS
    if named := re.fullmatch(r'"?sep=(.)"?', lines[0], re.IGNORECASE):
        preamble, separators = 1, named[1]
        if not separators.isascii() or separators == '"':
            raise InputError(
                f"{path}: expected a comma, a semicolon or another separator in ASCII, found "
                f"{lines[0]!r}; write the file with such a separator"
            )
    while preamble < len(lines) and (
        not lines[preamble].strip() or lines[preamble].startswith("#")
    ):
        preamble += 1
    if preamble == len(lines):
        raise InputError(f"{path}: {EXPECTED}, found an empty file")
    splits = {separator: _split(lines[preamble:], separator) for separator in separators}
    # The separator that the most lines agree on, with the most fields.
    separator = max(splits, key=lambda key: _agreement(splits[key]))
    split = splits[separator]
    _, _, width = _agreement(split)
    if width < 2:
        raise InputError(f"{path}: {EXPECTED}, found {shorten(lines[preamble])!r}")
    above = next(i for i, row in enumerate(split) if len(row) > 1)
    names = split[above]
    # Some programs end each line but the header with a separator, or leave the index unnamed.
    names = [*names, *[""] * (width - len(names))] if len(names) == width - 1 else names
    while len(names) > width and not names[-1].strip():
        names = names[:-1]
    title = " ".join(lines[bool(named) : preamble + above]).lower()
    if any(_NUMBER.fullmatch(name.strip()) for name in names):
        made_up = [f"column {i + 1}" for i in range(len(names))]
        return Header(preamble + above, separator, made_up, is_written=False, title=title)
    names = [name.strip().lower() for name in names]
    return Header(preamble + above, separator, names, is_written=True, title=title)


def _agreement(rows: list[list[str]]) -> tuple[bool, int, int]:
    """Return how well rows agree on a number of fields, last of it that number."""
    counts = [len(row) for row in rows]
    best = max(set(counts), key=lambda count: (count > 1, counts.count(count)))
    return best > 1, counts.count(best) + 2 * (counts[0] == best), best


def _split(lines: list[str], separator: str) -> list[list[str]]:
    try:
        # Each line by itself: a quote that is not closed must not swallow the rest of the sample.
        return [next(csv.reader([line], delimiter=separator), []) for line in lines]
    except csv.Error:
        return [line.split(separator) for line in lines]
