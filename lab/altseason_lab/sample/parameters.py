"""The numbers of the sample market, each with the market statistic that it comes from.

"Measured" means: on Binance 1h spot candles from each coin's listing to the end of 2021, and on
Bitcoin's daily dominance from 2018 to 2021. None was chosen by what a strategy earns on the market.
Volatilities and drifts are annual and logarithmic; a year has 8760 hours.
"""

from dataclasses import dataclass

HOURS_PER_DAY = 24
HOURS_PER_YEAR = 365 * HOURS_PER_DAY


@dataclass(frozen=True)
class SampleCoin:
    """A coin's size and how it moves: beta * Bitcoin + loading * rotation + its own noise.

    :param price: the reference for the growth of the coin's path, in USDT; the median of 2021.
    :param supply: coins in circulation in 2021, rounded; constant here.
    :param beta: the measured slope of its hourly returns on Bitcoin's, 1.0 to 1.2.
    :param loading: how strongly it moves when capital rotates from Bitcoin into alts.
    :param own_volatility: of the part that neither Bitcoin nor the rotation explains.
    :param quote_volume: the median of USDT traded per hour in 2021, rounded.
    :param price_decimals: those of Binance's tick size around 2021.
    :param volume_decimals: those of Binance's lot size around 2021.
    """

    base: str
    price: float
    supply: float
    beta: float
    loading: float
    own_volatility: float
    quote_volume: float
    price_decimals: int
    volume_decimals: int

    @property
    def pair(self) -> str:
        """Return the pair as Freqtrade names it."""
        return f"{self.base}/USDT"

    @property
    def cap(self) -> float:
        """Return the market capitalization at the reference price, in USD."""
        return self.price * self.supply


@dataclass(frozen=True)
class Regime:
    """A state of the market that lasts for weeks to months.

    :param bitcoin_drift: of Bitcoin's price.
    :param rotation_drift: of the alts against Bitcoin; positive where they lead.
    """

    name: str
    bitcoin_drift: float
    rotation_drift: float


# Bitcoin's yearly log returns 2018 to 2021 were -1.3, +0.7, +1.4 and +0.5: falling years as steep
# as rising ones, and +0.3 on average, like the average over these four, as all last equally long.
# Of the measured changes of log(dominance / (100 - dominance)) over 60 days, one in ten is below
# -0.27 and one in ten above 0.34, so 1.6 to 2.1 in a year. The rotation drifts add up to zero:
# measured dominance has no trend. Alts fall more than Bitcoin when all fall (2018).
REGIMES = (
    Regime("alt season", bitcoin_drift=1.0, rotation_drift=1.8),
    Regime("bitcoin season", bitcoin_drift=1.2, rotation_drift=-1.3),
    Regime("sell-off", bitcoin_drift=-1.3, rotation_drift=-0.5),
    Regime("quiet", bitcoin_drift=0.3, rotation_drift=0.0),
)

# Loading and own volatility reproduce, with Bitcoin at 70 % and the rotation at 40 %: correlation
# with Bitcoin at 1h (measured: ETH 0.82, BNB 0.66, ADA 0.65, SOL 0.52 from its first day of trading
# on), volatility (measured 1.2 to 2.0 times Bitcoin's), and a correlation of about 0.35 between the
# coins of what Bitcoin leaves unexplained (measured 0.25 to 0.37).
# fmt: off
BITCOIN = SampleCoin("BTC", 48_000.0, 18.8e6, 1.0, 0.0, 0.0, 100e6, 2, 5)
ALTCOINS = (
    SampleCoin("ETH", 2_600.0, 117e6, 1.06, 0.8, 0.45, 65e6, 2, 4),
    SampleCoin("BNB",   380.0, 160e6, 1.03, 1.1, 0.60, 24e6, 1, 3),
    SampleCoin("SOL",    39.0, 290e6, 1.13, 1.4, 0.80,  7e6, 2, 2),
    SampleCoin("ADA",     1.4,  32e9, 1.10, 1.2, 0.68, 15e6, 4, 1),
)
# fmt: on


@dataclass(frozen=True)
class MarketParameters:
    """All parameters of the generator; the comment of each group gives the reason."""

    start: str = "2021-01-01"
    stop: str = "2025-01-01"

    # Measured from hourly returns, Bitcoin's volatility was 0.66 in 2019 and 0.75 in 2020, and more
    # in 2018 (0.97) and 2021 (0.86), which are regarded as unusual. The rotation is what the alts'
    # returns have in common apart from Bitcoin's.
    bitcoin_volatility: float = 0.70
    rotation_volatility: float = 0.40

    # Smoothed dominance, measured, keeps one direction for 47 to 75 days on average, depending on
    # the smoothing; quartiles 31 and 107 days.
    regime_days: float = 60.0

    # Dominance reverts to its mean: an autoregression of its log odds over 30 days, measured, has a
    # slope of 0.907, so half of a deviation is gone after 212 days. Without that, caps drift apart.
    reversion_days: float = 212.0

    # From 2018 to 2021 Bitcoin's highest price was 22 times its lowest. With most seeds, a free
    # random walk with the drifts above would leave that range, which tick sizes and volumes do not
    # fit. A half-life of two years keeps it there, and has no effect within the days of a trade.
    bitcoin_reversion_days: float = 730.0

    # Log-volatility, shared by the whole market (absolute returns of the coins correlate at 0.2 to
    # 0.4 within the hour): variance and half-life in hours of its three parts. With Student's t of
    # 7 degrees they make for autocorrelations of absolute returns near 0.30, 0.20, 0.12 and 0.09
    # after 1, 24, 168 and 720 hours, as measured for Bitcoin, and for a kurtosis near 20 (measured
    # 11 to 33 by coin and year, the crash of March 2020 apart).
    volatility_parts: tuple[tuple[float, float], ...] = ((0.17, 1440.0), (0.10, 60.0), (0.09, 8.0))
    tail_degrees: float = 7.0

    # Measured, the median distance of an open from the close before it is up to 1.8 basis points.
    open_gap: float = 2e-4

    # Log volume on log range, measured within 90 days: slope 0.9 to 1.3; the residuals have a
    # standard deviation of 0.4 to 0.8, most of which persists for weeks. By hour of day, volume is
    # 0.8 to 1.4 times its mean, highest from 12 to 16 UTC.
    volume_on_range: float = 1.1
    volume_persistent: float = 0.5
    volume_persistent_hours: float = 720.0
    volume_noise: float = 0.35
    volume_daily_swing: float = 0.22
    volume_peak_hour: float = 14.0

    # Binance's candles of 2018 to 2021 have six gaps a year, of 1 to 33 hours, 5 on average, always
    # in all pairs at once. Other exchanges halt single pairs, so each has a few gaps of its own.
    outages_per_year: int = 6
    outage_mean_hours: float = 5.0
    outage_longest_hours: int = 33
    single_gaps_per_pair: int = 3

    # Dominance 2018 to 2021: mean 53.8 percent, median 54.2. It is about that at the reference
    # prices, by the cap of the alts that are not traded here. These are a basket, with little noise
    # of its own. Stablecoins were about 6 percent of all caps in 2021; issuers mint and redeem with
    # a delay, here with a half-life of 120 days (assumed, not measured).
    reference_dominance: float = 54.0
    rest_beta: float = 1.05
    rest_own_volatility: float = 0.15
    stablecoin_percent: float = 6.0
    stablecoin_days: float = 120.0

    bitcoin: SampleCoin = BITCOIN
    altcoins: tuple[SampleCoin, ...] = ALTCOINS
    regimes: tuple[Regime, ...] = REGIMES

    @property
    def coins(self) -> tuple[SampleCoin, ...]:
        """Return the coins that are traded here, Bitcoin first."""
        return (self.bitcoin, *self.altcoins)


MARKET = MarketParameters()
