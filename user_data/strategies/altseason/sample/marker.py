"""The file that marks a data directory as synthetic, so that no result on it passes for a real one.

It is read wherever results are shown, and so it imports nothing that is slow to import.
"""

from pathlib import Path

SYNTHETIC_MARKER = "SYNTHETIC.txt"

TEXT = """\
SYNTHETIC candles: no coin ever traded at these prices.

They were drawn at random by `altseason sample`, seed {seed}, generator version {version}.
Results on them show that the software works; they say nothing about real markets.

`altseason sample` overwrites the candles in this folder because this file is here.
Do not download real candles into it.
"""


def is_synthetic(datadir: Path) -> bool:
    """Tell whether the candles in a data directory are marked as synthetic."""
    return (datadir / SYNTHETIC_MARKER).is_file()


def save_marker(datadir: Path, *, seed: int, version: int) -> None:
    """Mark a data directory as synthetic, and say from which seed and generator."""
    text = TEXT.format(seed=seed, version=version)
    (datadir / SYNTHETIC_MARKER).write_text(text, encoding="utf-8")
