"""Whose number the stored pair is: providers count different coins, so their levels differ.

A series has one convention, which has the name of a provider in our settings. A file beside the
candles remembers it; where there is none, as in folders of earlier versions, it is CoinGecko's.
"""

import os
from pathlib import Path

from freqtrade.misc import pair_to_filename

from altseason.errors import StoredDataError
from altseason.settings import DEFAULT_PAIR, DEFAULT_PROVIDER, PRIMARIES

TEXT = """\
{provider}

The candles of {pair} in this folder are this provider's dominance. Those of another one are of
another level, so they are never added. To begin another series, move the candles away.
"""


def convention_file(folder: Path, pair: str = DEFAULT_PAIR) -> Path:
    """Return the file that remembers a pair's convention, whether it exists or not."""
    return folder / f"{pair_to_filename(pair)}-provider.txt"


def load_convention(folder: Path, pair: str = DEFAULT_PAIR) -> str:
    """Return whose number a pair's candles in a folder are; the default's where nothing says so.

    :raises StoredDataError: where the file does not hold the name of a provider.
    """
    path = convention_file(folder, pair)
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return DEFAULT_PROVIDER
    provider = text.partition("\n")[0].strip()
    if provider not in PRIMARIES:
        raise StoredDataError(
            f"{path}: expected {' or '.join(PRIMARIES)} in the first line, found {provider[:60]!r}"
        )
    return provider


def save_convention(folder: Path, provider: str, pair: str = DEFAULT_PAIR) -> None:
    """Remember whose number a pair's candles in a folder are, on disk before any of them is."""
    path = convention_file(folder, pair)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with part.open("w", encoding="utf-8") as file:
        file.write(TEXT.format(provider=provider, pair=pair))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def find_version(folder: Path, pair: str = DEFAULT_PAIR) -> tuple[int, int] | None:
    """Return what changes with the file; None where there is none."""
    try:
        status = convention_file(folder, pair).stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size
