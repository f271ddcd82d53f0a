"""Store the sample market in a data directory of its own, which is marked as synthetic."""

import tempfile
from pathlib import Path

from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType

from altseason.dominance.synthetic import save_marker, validate_target
from altseason.errors import InputError
from altseason.progress import Progress, no_progress
from altseason.settings import DEFAULT_PAIR
from altseason_lab.sample.model import GENERATOR_VERSION, TIMEFRAME, SampleMarket


def save_market(
    market: SampleMarket,
    datadir: Path,
    data_format: str = "feather",
    progress: Progress = no_progress,
) -> None:
    """Write a market into a data directory, replacing the files of an earlier one.

    :param data_format: as Freqtrade's `dataformat_ohlcv` names it.
    :raises InputError: where the folder may hold real candles, or cannot be written.
    """
    validate_target(datadir)
    datadir = datadir.resolve()
    try:
        datadir.mkdir(parents=True, exist_ok=True)
        # The marker comes first, so that there are never unmarked candles.
        save_marker(datadir, seed=market.seed, version=GENERATOR_VERSION)
        # Complete files are moved to their place, so that nobody reads half of one.
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
    stored |= {
        (DEFAULT_PAIR, timeframe): candles for timeframe, candles in market.dominance.items()
    }
    for done, ((pair, timeframe), candles) in enumerate(stored.items()):
        progress(done, len(stored))
        handler.ohlcv_store(pair, timeframe, candles, CandleType.SPOT)
    progress(len(stored), len(stored))
