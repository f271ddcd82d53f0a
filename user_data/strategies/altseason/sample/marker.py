"""The file that marks a data directory as synthetic, so that no result on it passes for a real one.

It is read wherever results are shown, and so it imports nothing that is slow to import.
"""

from pathlib import Path
from typing import Any

SYNTHETIC_MARKER = "SYNTHETIC.txt"
# What Freqtrade keeps beside a result, and FreqUI shows where results are listed.
NOTE = "SYNTHETIC candles, drawn at random: no market's result"
NOTES_SETTING = "backtest_notes"

TEXT = """\
SYNTHETIC candles: no coin ever traded at these prices.

They were drawn at random by `altseason sample`, seed {seed}, generator version {version}.
Results on them show that the software works; they say nothing about real markets.

`altseason sample` overwrites the candles in this folder because this file is here.
Do not download real candles into it.
"""


def is_synthetic(datadir: Path) -> bool:
    """Return whether the candles in a data directory are marked as synthetic."""
    return (datadir / SYNTHETIC_MARKER).is_file()


def mark_results(config: dict[str, Any], tag: str) -> str:
    """Note in a configuration that results on its candles are synthetic, where they are.

    :param tag: of entries, by which Freqtrade and FreqUI group every result that they show.
    :return: the tag, marked where the candles are synthetic.
    """
    if not is_synthetic(Path(config["datadir"])):
        return tag
    notes = str(config.get(NOTES_SETTING) or "")
    if NOTE not in notes:
        config[NOTES_SETTING] = f"{NOTE}. {notes}" if notes else NOTE
    return f"SYNTHETIC_{tag}"


def save_marker(datadir: Path, *, seed: int, version: int) -> None:
    """Mark a data directory as synthetic, with the seed and generator that made it."""
    text = TEXT.format(seed=seed, version=version)
    (datadir / SYNTHETIC_MARKER).write_text(text, encoding="utf-8")
