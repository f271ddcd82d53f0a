"""Turn a path of the sample market into the candles of an exchange, with gaps."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from altseason_lab.sample.parameters import (
    HOURS_PER_DAY,
    HOURS_PER_YEAR,
    MarketParameters,
    SampleCoin,
)
from altseason_lab.sample.paths import Array, Indices, draw_stationary

Mask = npt.NDArray[np.bool_]


def draw_candles(
    rng: np.random.Generator,
    parameters: MarketParameters,
    coin: SampleCoin,
    *,
    growth: Array,
    volatility: Array,
    dates: pd.DatetimeIndex,
) -> pd.DataFrame:
    """Draw the candles of a coin, without gaps.

    :param growth: log of the close over the coin's reference price, per hour.
    :param volatility: factor on the coin's volatility, per hour.
    :param dates: open times, one per hour.
    :return: columns date, open, high, low, close (USDT, on the tick size), volume (in coins).
    """
    close = np.log(coin.price) + growth
    # Before the first hour there is no close, so its open is near its own.
    previous_close = np.concatenate((close[:1], close[:-1]))
    open_ = previous_close + rng.standard_normal(len(close)) * parameters.open_gap
    hourly_variance = _hourly_variance(parameters, coin) * volatility**2
    high, low = draw_extremes(rng, open_, close, hourly_variance)
    prices = {"open": open_, "high": high, "low": low, "close": close}
    candles = pd.DataFrame({"date": dates})
    for column, logarithm in prices.items():
        # Rounding keeps the order, so the high stays the highest; no price is below one tick.
        rounded = np.round(np.exp(logarithm), coin.price_decimals)
        candles[column] = np.maximum(rounded, 10.0**-coin.price_decimals)
    candles["volume"] = draw_volume(
        rng, parameters, coin, close=close, log_range=high - low, dates=dates
    )
    return candles


def draw_extremes(
    rng: np.random.Generator, open_: Array, close: Array, variance: Array
) -> tuple[Array, Array]:
    """Draw the high and the low of every hour, as logarithms like the open and the close.

    Between two known ends a random walk is a Brownian bridge, the distribution of whose maximum is
    known (Glasserman, Monte Carlo Methods in Financial Engineering, section 6.4).

    :param variance: of the logarithmic return of each hour.
    """
    change = close - open_

    def draw_excursion() -> Array:
        # 1 - random() lies in (0, 1], so its logarithm is finite.
        uniform = 1.0 - rng.random(len(change))
        return np.sqrt(change**2 - 2 * variance * np.log(uniform))

    high = open_ + (change + draw_excursion()) / 2
    low = open_ + (change - draw_excursion()) / 2
    # A tiny distance to an end can be lost in rounding.
    return np.maximum(high, np.maximum(open_, close)), np.minimum(low, np.minimum(open_, close))


def draw_volume(
    rng: np.random.Generator,
    parameters: MarketParameters,
    coin: SampleCoin,
    *,
    close: Array,
    log_range: Array,
    dates: pd.DatetimeIndex,
) -> Array:
    """Draw volumes in coins that rise with the range of the candle and swing with the day.

    :param close: logarithm of the price in USDT.
    :param log_range: logarithm of the high over the low.
    """
    hours = len(close)
    persistent = draw_stationary(
        rng, parameters.volume_persistent, parameters.volume_persistent_hours, hours
    )
    noise = rng.standard_normal(hours) * parameters.volume_noise
    phase = 2 * np.pi * (dates.hour.to_numpy() - parameters.volume_peak_hour) / HOURS_PER_DAY
    log_quote_volume = (
        np.log(coin.quote_volume)
        + parameters.volume_on_range * np.log(log_range / np.median(log_range))
        + parameters.volume_daily_swing * np.cos(phase)
        + persistent
        + noise
    )
    volume: Array = np.round(np.exp(log_quote_volume - close), coin.volume_decimals)
    # Freqtrade takes a candle without volume for a filled gap.
    return np.maximum(volume, 10.0**-coin.volume_decimals)


def draw_outages(rng: np.random.Generator, parameters: MarketParameters, hours: int) -> Mask:
    """Draw the hours in which the exchange had no candles of any pair; True where missing."""
    count = round(parameters.outages_per_year * hours / HOURS_PER_YEAR)
    lengths = np.minimum(
        rng.geometric(1 / parameters.outage_mean_hours, count), parameters.outage_longest_hours
    )
    return _mark(rng, lengths, hours)


def draw_single_gaps(rng: np.random.Generator, parameters: MarketParameters, hours: int) -> Mask:
    """Draw the hours in which one pair alone had no candle; True where missing."""
    return _mark(rng, rng.integers(1, 4, parameters.single_gaps_per_pair), hours)


def _mark(rng: np.random.Generator, lengths: Indices, hours: int) -> Mask:
    """Place gaps of these lengths at random, away from both ends, which show the range."""
    missing = np.zeros(hours, dtype=bool)
    for length in lengths:
        first = rng.integers(HOURS_PER_DAY, hours - HOURS_PER_DAY - length)
        missing[first : first + length] = True
    return missing


def _hourly_variance(parameters: MarketParameters, coin: SampleCoin) -> float:
    """Calculate the variance of a coin's hourly return from those of its components."""
    annual = (
        (coin.beta * parameters.bitcoin_volatility) ** 2
        + (coin.loading * parameters.rotation_volatility) ** 2
        + coin.own_volatility**2
    )
    return annual / HOURS_PER_YEAR
