"""The one way by which a strategy gets its dominance, the same in every run mode."""

from pathlib import Path
from typing import Any

from altseason.configuration import data_format
from altseason.dominance.candles import PAIR, TIMEFRAMES
from altseason.dominance.gate import Dominance
from altseason.dominance.store import DominanceStore
from altseason.errors import DominanceMissingError
from altseason.settings import DominanceSettings


class DominanceReader:
    """Reads the stored pair in full, whatever the run's time range: once, and after a change."""

    def __init__(self, config: dict[str, Any], settings: DominanceSettings) -> None:
        self._store = DominanceStore(Path(config["datadir"]), data_format(config))
        self._settings = settings
        self._current: Dominance | None = None

    @property
    def files(self) -> list[Path]:
        """The files that a result can depend on, whether they exist or not."""
        return [self._store.path(timeframe) for timeframe in TIMEFRAMES]

    def read(self) -> Dominance:
        """Read the dominance pair; its frames are empty where nothing is stored.

        :return: the same object as before where the stored candles are.
        :raises StoredDataError: where a stored file is damaged.
        """
        timeframe = self._settings.timeframe
        candles, daily = self._store.load(timeframe), self._store.load("1d")
        current = self._current
        if current is None or current.candles is not candles or current.daily is not daily:
            current = Dominance(timeframe, candles, daily, self._settings.max_age)
            self._current = current
        return current

    def require(self) -> Dominance:
        """Read the dominance pair, or say which command makes it.

        :raises DominanceMissingError: where nothing is stored in the timeframe of the settings.
        """
        dominance = self.read()
        if dominance.candles.empty:
            path = self._store.path(self._settings.timeframe)
            raise DominanceMissingError(
                f"the gate is on, but no dominance is stored: expected {PAIR} "
                f"{self._settings.timeframe} in {path}; run `altseason dominance import FILE` or "
                f"`altseason dominance download` (with the same -c or --datadir), or set "
                f"gate_mode to off"
            )
        return dominance
