"""The sample market on disk, in a data directory that is marked as synthetic and holds no other."""

import shutil
import tempfile
from pathlib import Path

from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType
from freqtrade.exchange import ccxt_exchanges

from altseason.dominance.candles import PAIR
from altseason.errors import InputError
from altseason.progress import Progress, no_progress
from altseason.sample.marker import SYNTHETIC_MARKER, is_synthetic, save_marker
from altseason.sample.model import GENERATOR_VERSION, TIMEFRAME, SampleMarket


def validate_target(datadir: Path) -> None:
    """Refuse a folder that may hold real candles, now or after the next download.

    :raises InputError: for a folder named as an exchange, since Freqtrade downloads into those, and
        unless the folder is missing, empty or marked as synthetic.
    """
    # Creating the folder would make sense of "missing/../here", which before does not exist.
    datadir = datadir.resolve()
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
    """Mark a folder that candles of another one are about to be written into, where that is marked.

    :raises InputError: where the folder may hold real candles, as in `validate_target`.
    """
    if not is_synthetic(source) or is_synthetic(target):
        return
    validate_target(target)
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(source / SYNTHETIC_MARKER, target)


def save_market(
    market: SampleMarket,
    datadir: Path,
    data_format: str = "feather",
    progress: Progress = no_progress,
) -> None:
    """Write a market into a data directory; files of an earlier one are replaced.

    :param data_format: as Freqtrade's `dataformat_ohlcv` names it.
    :raises InputError: where the folder may hold real candles, or cannot be written.
    """
    validate_target(datadir)
    datadir = datadir.resolve()
    try:
        datadir.mkdir(parents=True, exist_ok=True)
        # The marker comes first: at no moment are there candles that it does not mark.
        save_marker(datadir, seed=market.seed, version=GENERATOR_VERSION)
        # A file is put in its place whole, so that a reader never meets half of one.
        with tempfile.TemporaryDirectory(dir=datadir, prefix=".sample-") as folder:
            _store_candles(market, Path(folder), data_format, progress)
            for path in sorted(Path(folder).iterdir()):
                path.replace(datadir / path.name)
    except OSError as error:
        raise InputError(
            f"{datadir}: expected a folder that can be written, found: {error.strerror}"
        ) from error


def _store_candles(
    market: SampleMarket, folder: Path, data_format: str, progress: Progress
) -> None:
    handler = get_datahandler(folder, data_format)
    stored = {(pair, TIMEFRAME): candles for pair, candles in market.candles.items()}
    stored |= {(PAIR, timeframe): candles for timeframe, candles in market.dominance.items()}
    for done, ((pair, timeframe), candles) in enumerate(stored.items()):
        progress(done, len(stored))
        handler.ohlcv_store(pair, timeframe, candles, CandleType.SPOT)
    progress(len(stored), len(stored))
