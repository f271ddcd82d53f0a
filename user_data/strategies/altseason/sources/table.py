"""A file of any of the formats that people keep series in, as a table of text."""

from pathlib import Path

from altseason.errors import InputError
from altseason.sources.delimited import read_delimited
from altseason.sources.grid import EXPECTED, Table
from altseason.sources.records import read_frame, read_json
from altseason.sources.text import Step, find_encoding, no_step, read_text

__all__ = ["Table", "read_table"]

# What else people give the name of a table, by its first bytes.
SIGNATURES = {
    b"PK\x03\x04": ("a workbook or archive", "save it as CSV"),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "save it as CSV"),
    b"\x1f\x8b": ("a gzip archive", "unpack it first"),
    b"BZh": ("a bzip2 archive", "unpack it first"),
    b"\xfd7zXZ": ("an xz archive", "unpack it first"),
    b"(\xb5/\xfd": ("a zstd archive", "unpack it first"),
}


def read_table(path: Path, step: Step = no_step) -> Table:
    """Read a file of any format; its content says which.

    :param step: told how much of it is read.

    :raises InputError: where it cannot be read, is none of them, or has no rows.
    """
    try:
        return _read(path, step)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def _read(path: Path, step: Step) -> Table:
    with path.open("rb") as file:
        head = file.read(400)
    if head[:6] == b"ARROW1" or head[:4] in (b"FEA1", b"PAR1"):
        return read_frame(path, path.read_bytes())
    for signature, (kind, advice) in SIGNATURES.items():
        if head.startswith(signature):
            raise InputError(f"{path}: {EXPECTED}, found {kind}: {advice}")
    encoding = find_encoding(path, head)
    start = read_text(path, encoding, len(head)).lstrip()[:1]
    if start in ("[", "{"):
        return read_json(path, read_text(path, encoding))
    if start == "<":
        raise InputError(
            f"{path}: {EXPECTED}, found a web page or XML, as a download that needs a login gives"
        )
    return read_delimited(path, encoding, step)
