"""Read a strategy's dominance, the same in every run mode."""

import logging
from pathlib import Path
from typing import Any

import pandas as pd
from freqtrade.enums import RunMode

from altseason.dominance.candles import TIMEFRAMES, empty_candles
from altseason.dominance.locking import BRIEF_TIMEOUT
from altseason.dominance.store import DominanceStore
from altseason.errors import BusyError, DominanceMissingError, StoredDataError
from altseason.gate.rule import Dominance
from altseason.host.configuration import data_format
from altseason.invocation import altseason_command
from altseason.notifications import Notifier
from altseason.recorder.recording import Recording
from altseason.settings import DominanceSettings

logger = logging.getLogger(__name__)


def is_trading(config: dict[str, Any]) -> bool:
    """Return whether a bot trades, in dry-run or live mode."""
    return config.get("runmode") in (RunMode.DRY_RUN, RunMode.LIVE)


class DominanceReader:
    """Read the stored pair in full, whatever the run's time range: once, and after a change."""

    def __init__(self, config: dict[str, Any], settings: DominanceSettings) -> None:
        datadir = Path(config["datadir"])
        self._store = DominanceStore(
            datadir,
            data_format(config),
            pair=settings.pair,
            provider=settings.provider,
            timeout=BRIEF_TIMEOUT,
        )
        self._settings = settings
        self._current: Dominance | None = None
        self._nothing = empty_candles()
        self._recording = Recording(datadir, self._store) if is_trading(config) else None
        self._notifier = Notifier(logger)

    @property
    def is_trading(self) -> bool:
        """Return whether a bot trades, so that no error may stop its exits."""
        return self._recording is not None

    @property
    def files(self) -> list[Path]:
        """Return the files that a backtest can depend on, whether they exist or not."""
        candles = [self._store.path(timeframe) for timeframe in TIMEFRAMES]
        return [*candles, self._store.outliers_file]

    def read(self) -> Dominance:
        """Read the dominance pair; its frames are empty if nothing is stored.

        While a bot trades, candles that have just ended are built first, and damaged files are
        treated as missing, since an error would stop exits, too; then `Dominance.problem` says what
        went wrong.

        :return: the same object as before while the stored candles and the problem are the same.
        :raises StoredDataError: if a stored file is damaged, and no bot trades.
        """
        if self._recording is None:
            return self._read_stored()
        problem = ""
        try:
            self._recording.settle()
        except BusyError:
            pass  # the next call tries again
        except Exception as error:  # exits must go on, whatever it is
            problem = self._warn(error)
        try:
            return self._read_stored(problem)
        except Exception as error:  # as above
            return self._keep(self._nothing, self._nothing, self._warn(error))

    def _read_stored(self, problem: str = "") -> Dominance:
        candles, daily = self._store.load(self._settings.timeframe), self._store.load("1d")
        return self._keep(candles, daily, problem)

    def _keep(self, candles: pd.DataFrame, daily: pd.DataFrame, problem: str) -> Dominance:
        """Return the same object as before, unless something has changed."""
        old, keeps_outliers = self._current, self._store.keeps_outliers
        is_same = old is not None and old.candles is candles and old.daily is daily
        if (
            old is None
            or not is_same
            or (old.problem, old.keeps_outliers) != (problem, keeps_outliers)
        ):
            settings = self._settings
            old = Dominance(
                settings.timeframe, candles, daily, settings.max_age, problem, keeps_outliers
            )
            self._current = old
        return old

    def _warn(self, error: Exception) -> str:
        """Log an error, and return its text for notifications."""
        is_foreseen = isinstance(error, OSError | StoredDataError)
        problem = str(error) if is_foreseen else repr(error)
        self._notifier.warn(f"{problem}; until this is fixed, the gate goes by what can be read")
        # The text of an unexpected error may contain anything.
        return problem if is_foreseen else f"{type(error).__name__}, see the log"

    def require(self) -> Dominance:
        """Read the dominance pair, which must be stored.

        :raises DominanceMissingError: if nothing is stored in the timeframe of the settings; it
            names the commands that help.
        """
        dominance = self.read()
        if dominance.candles.empty:
            path = self._store.path(self._settings.timeframe)
            load, download = (
                altseason_command(f"dominance {words}") for words in ("import FILE", "download")
            )
            others = sorted(
                other for other in path.parent.glob(f"{path.stem}.*") if other.suffix != path.suffix
            )
            beside = (
                f" ({others[0].name} beside it is of another dataformat_ohlcv: import that file)"
                if others
                else ""
            )
            raise DominanceMissingError(
                f"the gate is on, but no dominance is stored: expected {self._store.pair} "
                f"{self._settings.timeframe} in {path}{beside}; run `{load}` or "
                f"`{download}` (with the same -c or --datadir), or set gate_mode to off"
            )
        return dominance
