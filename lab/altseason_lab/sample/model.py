"""The sample market: four years of 1h candles, and the dominance that follows from market caps.

Dominance is not drawn but calculated: Bitcoin's cap divided by the sum of all caps, each a price
times a fixed supply, plus those of other alts and of stablecoins. So it falls where alts lead.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from altseason.dominance.candles import TIMEFRAMES, aggregate_candles
from altseason_lab.sample.candles import draw_candles, draw_outages, draw_single_gaps
from altseason_lab.sample.parameters import MARKET, MarketParameters
from altseason_lab.sample.paths import Array, MarketPaths, draw_paths

# Chosen by its dominance alone: it stays between 40 and 70 percent, long on either side of 55.
DEFAULT_SEED = 10
# Raise it whenever a seed gives other candles than before.
GENERATOR_VERSION = 1
TIMEFRAME = "1h"
# Finer than any provider's accuracy, coarser than differences between processors.
DOMINANCE_DECIMALS = 6


@dataclass(frozen=True)
class SampleMarket:
    """A synthetic market.

    :param candles: 1h candles by pair: date (open time, UTC), open, high, low, close, volume.
    :param dominance: dominance candles by timeframe, in percent; volume counts the readings.
    :param rest: caps in USD that are not of a pair, at the end of each hour: date (open time of
        that hour), altcoins, stablecoins.
    """

    seed: int
    candles: dict[str, pd.DataFrame]
    dominance: dict[str, pd.DataFrame]
    rest: pd.DataFrame


def generate_market(seed: int = DEFAULT_SEED) -> SampleMarket:
    """Generate the market of a seed; one seed always gives the same market.

    :param seed: a whole number from 0.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    dates = pd.date_range(
        MARKET.start, MARKET.stop, freq=TIMEFRAME, tz="UTC", inclusive="left", unit="ms"
    )
    hours = len(dates)
    paths = draw_paths(rng, MARKET, hours)
    outages = draw_outages(rng, MARKET, hours)
    candles = {}
    for coin in MARKET.coins:
        growth = paths.coins[coin.base]
        whole = draw_candles(
            rng, MARKET, coin, growth=growth, volatility=paths.volatility, dates=dates
        )
        missing = outages | draw_single_gaps(rng, MARKET, hours)
        candles[coin.pair] = whole[~missing].reset_index(drop=True)
    rest = calculate_rest(MARKET, paths, dates)
    readings = calculate_dominance(MARKET, paths, rest)
    return SampleMarket(seed, candles, build_dominance_candles(readings, dates), rest)


def calculate_rest(
    parameters: MarketParameters, paths: MarketPaths, dates: pd.DatetimeIndex
) -> pd.DataFrame:
    """Calculate the caps of coins that are not traded here; see `SampleMarket.rest`."""
    total = 100 * parameters.bitcoin.cap / parameters.reference_dominance
    stablecoins = total * parameters.stablecoin_percent / 100
    altcoins = total - stablecoins - sum(coin.cap for coin in parameters.coins)
    return pd.DataFrame(
        {
            "date": dates,
            "altcoins": altcoins * np.exp(paths.rest),
            "stablecoins": stablecoins * np.exp(paths.stablecoins),
        }
    )


def calculate_dominance(
    parameters: MarketParameters, paths: MarketPaths, rest: pd.DataFrame
) -> Array:
    """Calculate Bitcoin's share of all caps at the end of every hour, in percent."""
    caps = {coin.base: coin.cap * np.exp(paths.coins[coin.base]) for coin in parameters.coins}
    total = sum(caps.values()) + rest["altcoins"].to_numpy() + rest["stablecoins"].to_numpy()
    percent: Array = 100 * caps[parameters.bitcoin.base] / total
    return np.round(percent, DOMINANCE_DECIMALS)


def build_dominance_candles(readings: Array, dates: pd.DatetimeIndex) -> dict[str, pd.DataFrame]:
    """Build the candles of every stored timeframe from one reading at the end of each hour.

    Providers of dominance do not go down with an exchange, so no hour is missing.
    """
    hour = pd.Timedelta(TIMEFRAME)
    frame = pd.DataFrame({"known": dates + hour})
    for column in ("open", "high", "low", "close"):
        frame[column] = readings
    return {
        timeframe: aggregate_candles(frame, timeframe, spacing=hour, now=frame["known"].iloc[-1])
        for timeframe in TIMEFRAMES
    }
