"""Read the daily candles of the coins that breadth counts, the same in every run mode.

Like dominance, stored candles are read in full, whatever the time range of the run. Freqtrade's own
`dp.get_pair_dataframe` would begin `startup_candle_count` days before the time range, which is
unrelated to the days that breadth needs. A bot reads the candles that Freqtrade fetches for it, see
`find_informative_pairs`.
"""

import logging
from pathlib import Path
from typing import Any

import pandas as pd
from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType, TradingMode
from freqtrade.exceptions import OperationalException

from altseason.errors import CandlesMissingError, SettingsError
from altseason.gate.breadth import MIN_COINS, NO_COINS, CoinPrices, calculate_prices
from altseason.gate.pairs import (
    BITCOIN,
    expand_pairs,
    find_stored_pairs,
    never_entered_because,
)
from altseason.gate.reader import is_trading
from altseason.host.candle_files import candle_file
from altseason.host.configuration import data_format
from altseason.notifications import Notifier
from altseason.settings import SECTION, BreadthSettings

logger = logging.getLogger(__name__)

TIMEFRAME = "1d"
# Exchanges have no earlier candles; without a time range Freqtrade would fetch 30 days.
FIRST_DAY = "20170101"
SETTING = f"{SECTION}.breadth.coins"


class CoinReader:
    """Read the daily candles of the coins watched, once and again after a change."""

    def __init__(self, strategy: Any, config: dict[str, Any], settings: BreadthSettings) -> None:
        """Set up the reader; nothing is read yet.

        :param strategy: its data provider is read, which it has once Freqtrade has loaded it.
        :raises SettingsError: if a coin that is to be watched is no altcoin.
        """
        for coin in settings.coins:
            if reason := never_entered_because(f"{coin}/"):
                raise SettingsError(f"{SETTING}: expected altcoins, found {coin}: {reason}")
        self._strategy = strategy
        self._config = config
        self._coins = settings.coins
        self._candle_type = config.get("candle_type_def") or CandleType.SPOT
        self._is_trading = is_trading(config)
        self._current: CoinPrices | None = None
        self._listed: list[str] = []
        self._pairs: tuple[str, ...] = ()
        # The candles that a bot's current prices were calculated from.
        self._frames: list[pd.DataFrame | None] = []
        self._notifier = Notifier(logger)

    @property
    def files(self) -> list[Path]:
        """Return the files that a backtest can depend on, if the configuration names them."""
        pairs = self._with_bitcoin(self._find_pairs(self._expand_whitelist()))
        datadir, stored_as = Path(self._config["datadir"]), data_format(self._config)
        return [
            candle_file(datadir, stored_as, pair, TIMEFRAME, self._candle_type) for pair in pairs
        ]

    def read(self) -> CoinPrices:
        """Return the prices of the coins watched.

        While a bot trades nothing is raised, since an error would stop exits, too; then
        `CoinPrices.problem` says what went wrong.

        :return: the same object as before while the candles are the same.
        """
        if not self._is_trading:
            return self._current or self._load()
        try:
            return self._read_live()
        except Exception as error:  # exits must go on, whatever it is
            return self._fail(error)

    def require(self) -> None:
        """Read the stored candles, and warn of those that are missing.

        :raises CandlesMissingError: if too few coins have any; it names the command that helps.
        """
        pairs = self._find_pairs(self._find_whitelist())
        if self._current is None or self._current.watched != pairs:
            self._current = self._load()
        found = self._current
        if len(pairs) < MIN_COINS:
            raise CandlesMissingError(
                f"the gate counts coins that beat Bitcoin: expected {MIN_COINS} coins or more to "
                f"watch, found {len(pairs)} ({' '.join(pairs) or 'none'}); name more in {SETTING}, "
                f"whether you trade them or not"
            )
        if not found.advice:
            return
        count = len(found.prices.columns)
        facts = f"{self._config['datadir']}: {found.advice}"
        if count < MIN_COINS:
            raise CandlesMissingError(f"the gate counts coins that beat Bitcoin, but in {facts}")
        self._notifier.warn(f"Breadth counts {count} of {len(pairs)} coins. In {facts}")

    def find_informative_pairs(self) -> list[tuple[str, str, CandleType]]:
        """Return the candles that Freqtrade has to fetch for a bot; called in each loop."""
        return [
            (pair, TIMEFRAME, self._candle_type)
            for pair in self._with_bitcoin(self._find_pairs(self._find_whitelist()))
            # For others Freqtrade would send a request in every loop, only to get an error.
            if self._strategy.dp.market(pair) is not None
        ]

    def _read_live(self) -> CoinPrices:
        pairs = self._find_pairs(self._find_whitelist())
        provider = self._strategy.dp
        frames: list[pd.DataFrame | None] = []
        for pair in self._with_bitcoin(pairs):
            # Freqtrade never changes a frame; it replaces it when there are new candles.
            frame = provider.ohlcv(pair, TIMEFRAME, copy=False, candle_type=self._candle_type)
            frames.append(None if frame.empty else frame)
        current = self._current
        is_same = current is not None and not current.problem and current.watched == pairs
        is_same = is_same and len(frames) == len(self._frames)
        if current is None or not (
            is_same and all(new is old for new, old in zip(frames, self._frames, strict=True))
        ):
            current = self._combine(pairs, frames)
            self._current, self._frames = current, frames
        return current

    def _load(self) -> CoinPrices:
        """Read the stored candles of the coins watched, and keep them."""
        pairs = self._find_pairs(self._find_whitelist())
        frames = [self._load_candles(pair) for pair in self._with_bitcoin(pairs)]
        self._current = self._combine(pairs, frames)
        return self._current

    def _load_candles(self, pair: str) -> pd.DataFrame | None:
        """Return a pair's stored candles; None if there are none, or the file is damaged."""
        handler = get_datahandler(Path(self._config["datadir"]), data_format(self._config))
        candles = handler.ohlcv_load(
            pair, TIMEFRAME, self._candle_type, fill_missing=False, warn_no_data=False
        )
        return None if candles.empty else candles

    def _combine(self, pairs: tuple[str, ...], frames: list[pd.DataFrame | None]) -> CoinPrices:
        """Return the prices of pairs.

        :param frames: their candles, after Bitcoin's if the pairs are not in bitcoin.
        """
        by_pair = dict(zip(self._with_bitcoin(pairs), frames, strict=True))
        missing = [pair for pair, frame in by_pair.items() if frame is None]
        candles = {pair: frame for pair in pairs if (frame := by_pair[pair]) is not None}
        bitcoin = self._bitcoin
        if bitcoin is None:
            prices = calculate_prices(candles, None)
        elif (frame := by_pair[bitcoin]) is not None:
            prices = calculate_prices(candles, frame)
        else:
            prices = NO_COINS.prices
        return CoinPrices(prices, pairs, advice=self._advise(missing) if missing else "")

    def _advise(self, missing: list[str]) -> str:
        names = " ".join(missing)
        if self._is_trading:
            return f"The exchange has returned no daily candles of {names}."
        return (
            f"daily candles of {names} are missing; `freqtrade download-data --pairs {names} "
            f"--timeframes {TIMEFRAME} --timerange {FIRST_DAY}-` stores them (with the same -c or "
            f"--datadir)."
        )

    def _fail(self, error: Exception) -> CoinPrices:
        """Log an error, and return empty prices that name it as their problem."""
        problem = f"the daily candles of coins cannot be read: {type(error).__name__} ({error})"
        self._notifier.warn(problem)
        if self._current is None or self._current.problem != problem:
            self._current = CoinPrices(NO_COINS.prices, problem=problem)
        return self._current

    @property
    def _bitcoin(self) -> str | None:
        """Return Bitcoin's pair; None if prices are in bitcoin already."""
        quote = self._quote
        return None if quote.partition(":")[0] in BITCOIN else f"BTC/{quote}"

    @property
    def _quote(self) -> str:
        """Return what follows the slash in the names of the pairs."""
        stake = str(self._config.get("stake_currency") or "USDT")
        is_futures = self._config.get("trading_mode") == TradingMode.FUTURES
        return f"{stake}:{stake}" if is_futures else stake

    def _with_bitcoin(self, pairs: tuple[str, ...]) -> tuple[str, ...]:
        return pairs if self._bitcoin is None else (self._bitcoin, *pairs)

    def _find_pairs(self, whitelist: list[str]) -> tuple[str, ...]:
        """Return the pairs of the coins watched: those of the settings, or of the whitelist."""
        pairs = [f"{coin}/{self._quote}" for coin in self._coins] or whitelist
        # Once per change of the list, not for every pair that is analyzed.
        if pairs != self._listed:
            self._listed = pairs
            self._pairs = tuple(
                pair for pair in dict.fromkeys(pairs) if never_entered_because(pair) is None
            )
        return self._pairs

    def _find_whitelist(self) -> list[str]:
        if self._coins:
            return []
        try:
            return list(self._strategy.dp.current_whitelist())
        except (AttributeError, OperationalException):  # no pairlists, as in our commands
            return self._expand_whitelist()

    def _expand_whitelist(self) -> list[str]:
        """Return the configuration's whitelist; stored pairs expand its regular expressions."""
        listed = self._config.get("exchange", {}).get("pair_whitelist") or []
        if not (isinstance(listed, list) and all(isinstance(pair, str) for pair in listed)):
            return []  # Freqtrade itself reports what is wrong with it
        return expand_pairs(listed, find_stored_pairs(self._config, TIMEFRAME))
