"""The memory and time that `altseason dominance import` takes for a file of a million rows.

Importing Freqtrade and pandas takes memory by itself. So the size of the file is compared with the
difference between the peak with the large file and the peak with its first rows.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.preparation import ROOT
from benchmarks.runs import METER, load_cost

ROWS, FEW_ROWS = 1_000_000, 1_000
MEBIBYTE = 1024 * 1024
# Peak memory above the small file's, by the file's size; CPU seconds above the small file's.
MAX_GROWTH, MAX_SECONDS = 5.0, 10.0

console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Shape:
    """A way in which people write files.

    :param header: the first line.
    :param write: returns the text of all rows for their times and four prices, open to close.
    :param options: those that the import needs.
    """

    name: str
    header: str
    write: Callable[[pd.DatetimeIndex, list[np.ndarray]], list[str]]
    options: tuple[str, ...] = ()


def _write_iso(times: pd.DatetimeIndex, prices: list[np.ndarray]) -> list[str]:
    return _join(times.strftime("%Y-%m-%dT%H:%M:%SZ"), prices, ",", "123.4567")


def _write_unix(times: pd.DatetimeIndex, prices: list[np.ndarray]) -> list[str]:
    return _join(times.as_unit("s").asi8, prices, ",", "123456789.123")


def _write_german(times: pd.DatetimeIndex, prices: list[np.ndarray]) -> list[str]:
    rows = _join(times.strftime("%d.%m.%Y %H:%M:%S"), prices, ";", "123.4567")
    day = len("01.01.2022")
    return [row[:day] + row[day:].replace(".", ",") for row in rows]


def _write_thin(times: pd.DatetimeIndex, prices: list[np.ndarray]) -> list[str]:
    stamps = times.strftime("%Y-%m-%dT%H:%M:%SZ")
    return [f"{stamp},{close:.2f}" for stamp, close in zip(stamps, prices[3], strict=True)]


def _join(
    stamps: Iterable[object], prices: list[np.ndarray], separator: str, volume: str
) -> list[str]:
    columns: tuple[Iterable[object], ...] = (stamps, *prices)
    return [
        separator.join([str(stamp), *(f"{price:.4f}" for price in row), volume])
        for stamp, *row in zip(*columns, strict=True)
    ]


SHAPES = (
    Shape("ISO dates", "date,open,high,low,close,volume", _write_iso),
    Shape("ISO dates, one value", "date,btc_dominance", _write_thin),
    Shape("TradingView, unix", "time,open,high,low,close,Volume", _write_unix),
    Shape(
        "dd.mm.yyyy, decimal comma",
        "date;open;high;low;close;volume",
        _write_german,
        ("--timezone", "UTC"),
    ),
)


def main() -> int:
    """Run the benchmark; 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(prog="benchmarks.import_cost", description=__doc__)
    parser.add_argument(
        "--rows", type=int, default=ROWS, metavar="N", help="of the large file, %(default)s"
    )
    options = parser.parse_args()
    table = Table("shape", "file, MiB", "growth, MiB", "of the file", "CPU, s", box=None)
    exceeded = []
    with tempfile.TemporaryDirectory() as folder:
        for shape in SHAPES:
            size, growth, seconds = measure(shape, Path(folder), options.rows)
            cells = (f"{size:.1f}", f"{growth:.0f}", f"{growth / size:.1f}", f"{seconds:.1f}")
            table.add_row(shape.name, *cells)
            if growth > MAX_GROWTH * size or seconds > MAX_SECONDS:
                exceeded.append(shape.name)
    console.print(table)
    if exceeded:
        console.print(
            f"FAILED: above {MAX_GROWTH:g} times the file or {MAX_SECONDS:g} s of CPU: "
            f"{'; '.join(exceeded)}"
        )
    return 1 if exceeded else 0


def measure(shape: Shape, folder: Path, rows: int) -> tuple[float, float, float]:
    """Return a large file's size in MiB, and what it takes more than a small one: MiB and CPU s."""
    few, many = (save(shape, folder, count) for count in (FEW_ROWS, rows))
    small, large = (run(shape, file) for file in (few, many))
    growth, seconds = large["memory"] - small["memory"], large["cpu"] - small["cpu"]
    return many.stat().st_size / MEBIBYTE, growth, seconds


def save(shape: Shape, folder: Path, rows: int) -> Path:
    """Write a file of this shape, with one row a minute."""
    times = pd.date_range("2022-01-01", periods=rows, freq="min")
    close = 50 + 8 * np.sin(np.arange(rows) / 9e4) + np.random.default_rng(1).normal(0, 0.05, rows)
    lines = shape.write(times, [close - 0.01, close + 0.02, close - 0.02, close])
    path = folder / f"BTC.D {rows}.csv"
    path.write_text("\n".join([shape.header, *lines]) + "\n", encoding="utf-8")
    return path


def run(shape: Shape, file: Path) -> dict[str, float]:
    """Import a file in its own process; exit if that fails."""
    datadir, cost = file.parent / "data", file.parent / "cost.json"
    shutil.rmtree(datadir, ignore_errors=True)
    command = [sys.executable, "-c", "import sys; from altseason.cli import main; sys.exit(main())"]
    paths = ["--userdir", str(ROOT / "user_data"), "--datadir", str(datadir)]
    words = ["dominance", "import", str(file), *paths, *shape.options]
    meter = [sys.executable, "-I", "-S", str(METER), str(cost)]
    ended = subprocess.run(
        [*meter, *command, *words],
        cwd=file.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise SystemExit(f"the import of {shape.name} failed: {ended.stderr}")
    return load_cost(cost)


if __name__ == "__main__":
    sys.exit(main())
