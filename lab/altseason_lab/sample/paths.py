"""Draw how the sample market moves: regimes, volatility and the logarithmic paths of all caps."""

from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from altseason_lab.sample.parameters import (
    HOURS_PER_DAY,
    HOURS_PER_YEAR,
    MarketParameters,
    SampleCoin,
)

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class MarketPaths:
    """Logarithmic growth relative to the reference prices and caps, at the end of every hour.

    :param volatility: factor on every volatility; its mean square is 1.
    :param coins: growth of each coin's price, by the coin's base.
    :param rest: growth of the cap of the alts that are not traded here.
    :param stablecoins: growth of the cap of all stablecoins.
    """

    volatility: Array
    coins: dict[str, Array]
    rest: Array
    stablecoins: Array


def draw_paths(rng: np.random.Generator, parameters: MarketParameters, hours: int) -> MarketPaths:
    """Draw the paths of the whole market for a number of hours."""
    regimes = draw_regimes(rng, parameters, hours)
    volatility = draw_volatility(rng, parameters, hours)

    def draw_shocks(annual_volatility: float) -> Array:
        # Student's t has the variance degrees / (degrees - 2).
        degrees = parameters.tail_degrees
        unit: Array = rng.standard_t(degrees, hours) * np.sqrt((degrees - 2) / degrees)
        return unit * volatility * annual_volatility / np.sqrt(HOURS_PER_YEAR)

    bitcoin_drift = np.array([regime.bitcoin_drift for regime in parameters.regimes])
    rotation_drift = np.array([regime.rotation_drift for regime in parameters.regimes])
    bitcoin = revert(
        bitcoin_drift[regimes] / HOURS_PER_YEAR + draw_shocks(parameters.bitcoin_volatility),
        parameters.bitcoin_reversion_days * HOURS_PER_DAY,
    )
    half_life = parameters.reversion_days * HOURS_PER_DAY
    rotation = revert(
        rotation_drift[regimes] / HOURS_PER_YEAR + draw_shocks(parameters.rotation_volatility),
        half_life,
    )
    # The level of dominance was measured over four whole years, so it holds for the four years as a
    # whole: if it held on the first day, many seeds would mostly stay on one side of it.
    rotation -= rotation.mean()

    def draw_alt(coin: SampleCoin) -> Array:
        own = revert(draw_shocks(coin.own_volatility), half_life)
        return coin.beta * bitcoin + coin.loading * rotation + own

    coins = {parameters.bitcoin.base: bitcoin}
    coins.update((coin.base, draw_alt(coin)) for coin in parameters.altcoins)
    rest_own = revert(draw_shocks(parameters.rest_own_volatility), half_life)
    return MarketPaths(
        volatility=volatility,
        coins=coins,
        rest=parameters.rest_beta * bitcoin + rotation + rest_own,
        stablecoins=follow(bitcoin, parameters.stablecoin_days * HOURS_PER_DAY),
    )


def draw_regimes(rng: np.random.Generator, parameters: MarketParameters, hours: int) -> Indices:
    """Draw the regime of every hour, an index: a Markov chain that may change at midnight.

    All regimes last equally long on average, and each is equally likely to follow another: four
    years of dominance are too few to measure more.
    """
    days = -(-hours // HOURS_PER_DAY)
    count = len(parameters.regimes)
    changes = rng.random(days) < 1 / parameters.regime_days
    # A step of 1 to count - 1 around the circle reaches every regime but the present one.
    steps = np.where(changes, rng.integers(1, count, days), 0)
    steps[0] = rng.integers(0, count)
    return np.repeat(np.cumsum(steps) % count, HOURS_PER_DAY)[:hours]


def draw_volatility(rng: np.random.Generator, parameters: MarketParameters, hours: int) -> Array:
    """Draw the factor on all volatilities: the exponential of a sum of reverting processes."""
    log_volatility = np.zeros(hours)
    for variance, half_life in parameters.volatility_parts:
        log_volatility += draw_stationary(rng, np.sqrt(variance), half_life, hours)
    factor: Array = np.exp(log_volatility)
    # Four years are only a few half-lives of the slow part: without this, the sample's volatility
    # would be that of calm or of wild years, not the one in the parameters.
    return factor / np.sqrt(np.mean(factor**2))


def draw_stationary(
    rng: np.random.Generator, deviation: float, half_life: float, hours: int
) -> Array:
    """Draw a process that reverts to 0, with its standard deviation from the first hour on."""
    shocks = rng.standard_normal(hours) * deviation
    shocks[1:] *= np.sqrt(1 - keep(half_life) ** 2)
    return revert(shocks, half_life)


def keep(half_life: float) -> float:
    """Calculate the share of a deviation that is left after one hour; half-life in hours."""
    return float(0.5 ** (1 / half_life))


def revert(shocks: Array, half_life: float) -> Array:
    """Add up shocks, half of each of which is gone after the half-life, in hours."""
    kept = keep(half_life)
    return np.array(list(accumulate(shocks.tolist(), lambda state, shock: kept * state + shock)))


def follow(path: Array, half_life: float) -> Array:
    """Follow a path that starts at 0 with an exponentially weighted delay, in hours."""
    return revert((1 - keep(half_life)) * path, half_life)
