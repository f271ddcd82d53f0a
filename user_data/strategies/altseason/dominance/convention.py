"""Remember which provider's dominance is stored: they count different coins, so levels differ.

The convention of a series is the name of a provider, as in our settings. A file beside the candles
holds it; without one, as in folders of earlier versions, it is CoinGecko's.
"""

import os
from pathlib import Path

from freqtrade.misc import pair_to_filename

from altseason.errors import StoredDataError
from altseason.settings import DEFAULT_PAIR, DEFAULT_PROVIDER, PRIMARIES

TEXT = """\
{provider}

The candles of {pair} in this folder are this provider's dominance. Another provider's has another
level, so it is never added. To begin another series, move the candles away.
"""


def convention_file(folder: Path, pair: str = DEFAULT_PAIR) -> Path:
    """Return the file that holds a pair's convention, whether it exists or not."""
    return folder / f"{pair_to_filename(pair)}-provider.txt"


def load_convention(folder: Path, pair: str = DEFAULT_PAIR) -> str:
    """Return which provider's dominance a pair's candles are; the default's without a file.

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
    """Store which provider's dominance a pair's candles are, on disk before any candle is."""
    path = convention_file(folder, pair)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with part.open("w", encoding="utf-8") as file:
        file.write(TEXT.format(provider=provider, pair=pair))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def find_version(folder: Path, pair: str = DEFAULT_PAIR) -> tuple[int, int] | None:
    """Return a value that changes with the file; None where it does not exist."""
    try:
        status = convention_file(folder, pair).stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size
