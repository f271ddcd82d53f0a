"""The sample market as data: sound candles, the statistics of a market, dominance from the caps.

The bounds come from Binance's candles and from dominance, 2018 to 2021, not from the generator.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from freqtrade.candle_columns import OHLCV_COLUMNS

from altseason.dominance.candles import validate_candles
from altseason_lab.sample.model import DEFAULT_SEED, SampleMarket, generate_market

PAIRS = ["BTC/USDT", "ETH/USDT", "BNB/USDT", "SOL/USDT", "ADA/USDT"]
ALTCOINS = PAIRS[1:]
HOURS = 4 * 365 * 24 + 24
# Coins in circulation, as the generator publishes them.
SUPPLIES = {
    "BTC/USDT": 18.8e6,
    "ETH/USDT": 117e6,
    "BNB/USDT": 160e6,
    "SOL/USDT": 290e6,
    "ADA/USDT": 32e9,
}
OTHER_SEEDS = (0, 1)


# Fixtures with parameters are set up again and again where tests run in random order.
@cache
def market_of(seed: int) -> SampleMarket:
    return generate_market(seed)


@cache
def returns_of(seed: int) -> pd.DataFrame:
    closes = {
        pair: candles.set_index("date")["close"].asfreq("h")
        for pair, candles in market_of(seed).candles.items()
    }
    return np.log(pd.DataFrame(closes)).diff()


@pytest.fixture
def market() -> SampleMarket:
    return market_of(DEFAULT_SEED)


@pytest.fixture(params=(DEFAULT_SEED, *OTHER_SEEDS))
def any_market(request: pytest.FixtureRequest) -> SampleMarket:
    return market_of(request.param)


@pytest.fixture
def returns(any_market: SampleMarket) -> pd.DataFrame:
    """Return logarithmic returns of one hour; none across a gap."""
    return returns_of(any_market.seed)


def test_generate_market_has_the_five_pairs_and_two_dominance_timeframes(
    market: SampleMarket,
) -> None:
    assert list(market.candles) == PAIRS
    assert list(market.dominance) == ["1h", "1d"]


@pytest.mark.parametrize("pair", PAIRS)
def test_candles_are_dated_like_an_exchange(any_market: SampleMarket, pair: str) -> None:
    candles = any_market.candles[pair]
    assert list(candles.columns) == OHLCV_COLUMNS
    dates = candles["date"]
    assert str(dates.dtype) == "datetime64[ms, UTC]"
    assert dates.is_monotonic_increasing
    assert dates.is_unique
    assert (dates == dates.dt.floor("h")).all()
    assert dates.iloc[0] == pd.Timestamp("2021-01-01 00:00", tz="UTC")
    assert dates.iloc[-1] == pd.Timestamp("2024-12-31 23:00", tz="UTC")


@pytest.mark.parametrize("pair", PAIRS)
def test_candles_are_consistent(any_market: SampleMarket, pair: str) -> None:
    candles = any_market.candles[pair]
    values = candles[["open", "high", "low", "close", "volume"]]
    assert np.isfinite(values).all(axis=None)
    assert (values > 0).all(axis=None)
    assert (candles["high"] >= candles[["open", "close"]].max(axis=1)).all()
    assert (candles["low"] <= candles[["open", "close"]].min(axis=1)).all()


@pytest.mark.parametrize(
    ("pair", "tick"),
    [
        ("BTC/USDT", 0.01),
        ("ETH/USDT", 0.01),
        ("BNB/USDT", 0.1),
        ("SOL/USDT", 0.01),
        ("ADA/USDT", 0.0001),
    ],
)
def test_prices_lie_on_the_tick_size(market: SampleMarket, pair: str, tick: float) -> None:
    prices = market.candles[pair][["open", "high", "low", "close"]]
    ticks = (prices / tick).round()
    assert (ticks * tick - prices).abs().max(axis=None) < tick * 1e-6


@pytest.mark.parametrize("pair", PAIRS)
def test_an_open_is_near_the_close_before_it(market: SampleMarket, pair: str) -> None:
    candles = market.candles[pair].set_index("date").asfreq("h")
    jump = (candles["open"] / candles["close"].shift() - 1).abs()
    assert jump.max() < 0.005


def test_outages_are_missing_in_all_pairs_and_some_hours_in_one_alone(
    any_market: SampleMarket,
) -> None:
    whole = pd.date_range("2021-01-01", periods=HOURS, freq="h", tz="UTC", unit="ms")
    missing = pd.DataFrame(
        {
            pair: candles.set_index("date")["close"].reindex(whole).isna()
            for pair, candles in any_market.candles.items()
        }
    )
    pairs_missing = missing.sum(axis=1)
    starts = (pairs_missing == len(PAIRS)).astype(int).diff() == 1
    assert 10 <= starts.sum() <= 40
    assert (pairs_missing == 1).sum() >= 5
    assert missing.mean().max() < 0.01


def test_returns_have_fat_tails(returns: pd.DataFrame) -> None:
    # A normal distribution has a kurtosis of 3, which pandas counts as 0; measured 11 to 33.
    assert (returns.kurt() + 3 > 6).all()


@pytest.mark.parametrize(("lag", "least"), [(1, 0.15), (24, 0.08), (168, 0.02)])
def test_volatility_comes_in_clusters(returns: pd.DataFrame, lag: int, least: float) -> None:
    for pair in PAIRS:
        assert returns[pair].abs().autocorr(lag) > least


def test_returns_themselves_are_not_correlated_in_time(returns: pd.DataFrame) -> None:
    for pair in PAIRS:
        assert abs(returns[pair].autocorr(1)) < 0.06


def test_altcoins_follow_bitcoin(returns: pd.DataFrame) -> None:
    correlation = returns.corr()["BTC/USDT"][ALTCOINS]
    assert correlation.between(0.5, 0.87).all()


def test_volatility_is_that_of_the_market(returns: pd.DataFrame) -> None:
    annual = returns.std() * np.sqrt(365 * 24)
    assert 0.55 < annual["BTC/USDT"] < 0.85
    assert annual[ALTCOINS].between(0.8, 1.5).all()
    # Days are as volatile as their hours say: drift and reversion do not show within a day.
    daily = returns.resample("D").sum().std() * np.sqrt(365)
    assert (daily / annual).between(0.85, 1.15).all()


@pytest.mark.parametrize("pair", PAIRS)
def test_volume_rises_with_the_range(market: SampleMarket, pair: str) -> None:
    candles = market.candles[pair]
    log_range = np.log(candles["high"] / candles["low"])
    assert candles["volume"].corr(log_range, method="spearman") > 0.3


@pytest.mark.parametrize(("timeframe", "readings"), [("1h", 1), ("1d", 24)])
def test_dominance_candles_have_no_gap(
    any_market: SampleMarket, timeframe: str, readings: int
) -> None:
    candles = any_market.dominance[timeframe]
    validate_candles(candles, timeframe)
    assert str(candles["date"].dtype) == "datetime64[ms, UTC]"
    assert len(candles) == HOURS / readings
    assert candles["date"].iloc[0] == pd.Timestamp("2021-01-01", tz="UTC")
    assert (candles["date"].diff().dropna() == pd.Timedelta(hours=readings)).all()
    assert (candles["volume"] == readings).all()


def test_daily_dominance_is_made_of_the_hours_of_its_day(market: SampleMarket) -> None:
    hourly = market.dominance["1h"].set_index("date")["close"].to_numpy().reshape(-1, 24)
    daily = market.dominance["1d"]
    assert (daily["open"] == hourly[:, 0]).all()
    assert (daily["high"] == hourly.max(axis=1)).all()
    assert (daily["low"] == hourly.min(axis=1)).all()
    assert (daily["close"] == hourly[:, -1]).all()


@pytest.mark.parametrize(
    "hour", ["2021-01-01 00:00", "2021-05-19 12:00", "2022-11-08 17:00", "2024-12-31 23:00"]
)
def test_dominance_follows_from_the_caps(any_market: SampleMarket, hour: str) -> None:
    date = pd.Timestamp(hour, tz="UTC")
    while any((candles["date"] != date).all() for candles in any_market.candles.values()):
        date += pd.Timedelta(hours=1)

    def close(candles: pd.DataFrame) -> float:
        return float(candles.loc[candles["date"] == date, "close"].iloc[0])

    caps = {pair: SUPPLIES[pair] * close(candles) for pair, candles in any_market.candles.items()}
    rest = any_market.rest.loc[any_market.rest["date"] == date, ["altcoins", "stablecoins"]]
    expected = 100 * caps["BTC/USDT"] / (sum(caps.values()) + float(rest.sum(axis=1).iloc[0]))
    # Prices are rounded to ticks, the caps behind dominance are not.
    assert close(any_market.dominance["1h"]) == pytest.approx(expected, rel=1e-3)


def test_dominance_falls_where_alts_rise_against_bitcoin(market: SampleMarket) -> None:
    closes = pd.DataFrame(
        {pair: candles.set_index("date")["close"] for pair, candles in market.candles.items()}
    )
    weekly = np.log(closes.resample("W").last()).diff()
    lead = weekly[ALTCOINS].mean(axis=1) - weekly["BTC/USDT"]
    dominance = market.dominance["1h"].set_index("date")["close"].resample("W").last().diff()
    assert lead.corr(dominance) < -0.5


def test_dominance_wanders_across_55_and_stays_for_weeks(market: SampleMarket) -> None:
    close = market.dominance["1d"]["close"]
    assert close.between(35, 75).all()
    is_below = close < 55
    assert 0.15 <= is_below.mean() <= 0.85
    stretches = is_below.groupby((is_below != is_below.shift()).cumsum())
    assert len(stretches) > 5
    assert stretches.size().max() >= 30


@pytest.mark.parametrize("seed", OTHER_SEEDS)
def test_dominance_opens_and_closes_the_gate_for_other_seeds(seed: int) -> None:
    close = market_of(seed).dominance["1d"]["close"]
    assert close.between(15, 85).all()
    assert 0.02 <= (close < 55).mean() <= 0.98


def test_generate_market_gives_something_else_for_another_seed(market: SampleMarket) -> None:
    other = market_of(OTHER_SEEDS[0])
    assert not market.candles["BTC/USDT"].equals(other.candles["BTC/USDT"])
    assert not market.dominance["1h"].equals(other.dominance["1h"])
