"""Mark a data directory as synthetic, so that no result on it passes for a real one.

The mark is read wherever results are shown, so this module imports nothing that is slow to import.
"""

import shutil
from pathlib import Path
from typing import Any

from altseason.errors import InputError

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
    """Mark a data directory as synthetic, with the seed and the generator's version."""
    text = TEXT.format(seed=seed, version=version)
    (datadir / SYNTHETIC_MARKER).write_text(text, encoding="utf-8")


def validate_target(datadir: Path) -> None:
    """Refuse a folder that may hold real candles, now or after the next download.

    :raises InputError: for a folder named as an exchange, since Freqtrade downloads into those, and
        unless the folder is missing, empty or marked as synthetic.
    """
    # Resolved first: "missing/../here" exists only once the folder "missing" is created.
    datadir = datadir.resolve()
    # Imported here: it is slow, and most who read the marker write nothing.
    from freqtrade.exchange import ccxt_exchanges

    if datadir.name in ccxt_exchanges():
        raise InputError(
            f"{datadir}: expected a folder of its own for synthetic candles, found one that "
            f"Freqtrade downloads the candles of {datadir.name} into; name another folder with "
            "--datadir, nothing was written"
        )
    if datadir.exists() and not datadir.is_dir():
        raise InputError(f"{datadir}: expected a folder for the synthetic candles, found a file")
    if datadir.is_dir() and any(datadir.iterdir()) and not is_synthetic(datadir):
        raise InputError(
            f"{datadir}: expected a new or empty folder, or one with {SYNTHETIC_MARKER}, found "
            "other files; name another folder with --datadir, nothing was written"
        )


def carry_marker(source: Path, target: Path) -> None:
    """Mark a folder before candles of another, marked one are written into it.

    :raises InputError: where the folder may hold real candles, as in `validate_target`.
    """
    if not is_synthetic(source) or is_synthetic(target):
        return
    validate_target(target)
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(source / SYNTHETIC_MARKER, target)
