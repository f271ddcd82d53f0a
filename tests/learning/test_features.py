"""Features, by values calculated from the candles, and without look-ahead."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from altseason.gate.breadth import CoinPrices
from altseason.gate.rule import Dominance, GateRule
from altseason.learning.features import MAX_FEATURES, REASONS, calculate_features, find_names
from tests.conftest import ROOT, coin_candles, dominance_candles

RULE = GateRule()
BREADTH = GateRule("breadth", breadth_days=3)
AGE = pd.Timedelta(hours=36)


def dominance(closes: list[float], start: str = "2020-01-01") -> Dominance:
    days = dominance_candles(closes, start)
    return Dominance("1d", days, days, AGE)


def wave(days: int) -> list[float]:
    return [50 + 5 * np.sin(day / 9) + day / 1000 for day in range(days)]


def prices(days: int, start: str = "2020-12-01") -> CoinPrices:
    dates = pd.date_range(start, periods=days, tz="UTC", unit="ms")
    random = np.random.default_rng(3)
    walks = np.exp(np.cumsum(random.normal(0, 0.05, (days, 6)), axis=0))
    return CoinPrices(pd.DataFrame(walks, index=dates, columns=list("ABCDEF")))


def last(features: pd.DataFrame, name: str) -> float:
    return float(features[f"%-{name}"].iloc[-1])


def test_there_are_at_most_twenty_and_freqai_takes_them_for_features():
    assert len(REASONS) <= MAX_FEATURES == 20
    assert len(find_names(BREADTH)) == len(find_names(RULE)) + 1 == len(REASONS)
    assert all(name.startswith("%-") for name in find_names(RULE))


def test_document_names_every_feature_and_its_reason():
    text = (ROOT / "docs" / "freqai.md").read_text(encoding="utf-8").split("\n## Settings\n")[0]
    shown = re.findall(r"^\| `([a-z0-9_]+)` \| (.+) \|$", text, re.MULTILINE)
    assert dict(shown) == REASONS


def test_price_features_are_ratios_of_the_candles_to_earlier_ones():
    candles = coin_candles(400)
    features = calculate_features(candles, "1h", dominance(wave(500)), RULE)
    assert list(features.columns) == find_names(RULE)
    close, volume = candles["close"].to_numpy(), candles["volume"].to_numpy()
    changes = np.diff(np.log(close))
    assert last(features, "return_24") == pytest.approx(np.log(close[-1] / close[-25]))
    assert last(features, "volatility_24") == pytest.approx(np.std(changes[-24:], ddof=1))
    expected = np.std(changes[-24:], ddof=1) / np.std(changes[-168:], ddof=1)
    assert last(features, "volatility_ratio") == pytest.approx(expected)
    expected = np.log(volume[-24:].mean() / volume[-168:].mean())
    assert last(features, "volume_ratio") == pytest.approx(expected)
    assert last(features, "to_sma_200") == pytest.approx(close[-1] / close[-200:].mean() - 1)
    expected = close[-1] / candles["high"].to_numpy()[-168:].max() - 1
    assert last(features, "to_high_168") == pytest.approx(expected)


def test_features_do_not_depend_on_the_price_of_a_coin():
    candles = coin_candles(400)
    dear = candles.assign(
        **{name: candles[name] * 1e4 for name in ("open", "high", "low", "close")}
    )
    found = [calculate_features(one, "1h", dominance(wave(500)), RULE) for one in (candles, dear)]
    pd.testing.assert_frame_equal(*found, rtol=1e-6, atol=1e-9)


def test_dominance_features_are_those_of_the_day_that_had_ended():
    closes = wave(500)
    candles = coin_candles(400)
    features = calculate_features(candles, "1h", dominance(closes), GateRule(sma_days=20))
    # The last candle is 15:00 to 16:00 of January 17th, day 382 from 2020-01-01 on.
    assert candles["date"].iloc[-1] == pd.Timestamp("2021-01-17 15:00", tz="UTC")
    day = 381
    assert last(features, "dominance_to_threshold") == pytest.approx(closes[day] - 55)
    mean = np.mean(closes[day - 19 : day + 1])
    assert last(features, "dominance_to_mean") == pytest.approx(closes[day] - mean, abs=1e-5)
    assert last(features, "dominance_slope") == pytest.approx(closes[day] - closes[day - 7])
    year = np.array(closes[day - 364 : day + 1])
    assert last(features, "dominance_percentile") == pytest.approx(np.mean(year <= closes[day]))


def test_stale_dominance_has_no_features():
    # The last day ends at midnight of January 11th, so it is stale from 12:00 of the 12th on.
    features = calculate_features(coin_candles(400), "1h", dominance(wave(376)), RULE)
    closes = coin_candles(400)["date"] + pd.Timedelta(hours=1)
    is_fresh = closes <= pd.Timestamp("2021-01-12 12:00", tz="UTC")
    for name in REASONS:
        if name.startswith("dominance"):
            assert list(features[f"%-{name}"].notna()) == list(is_fresh)


def test_breadth_is_the_percentage_of_the_coins_that_beat_bitcoin():
    coins = prices(60)
    features = calculate_features(coin_candles(400), "1h", dominance(wave(500)), BREADTH, coins)
    now, before = (coins.prices.loc[day] for day in ("2021-01-16", "2021-01-13"))
    assert last(features, "breadth") == pytest.approx(100 * (now > before).mean())


def test_time_of_the_week_is_that_of_the_close_on_a_circle():
    candles = coin_candles(24 * 7 * 2)
    features = calculate_features(candles, "1h", dominance(wave(500)), RULE)
    # The first Monday of 2021 is January 4th; its first candle ends at 1:00.
    row = 3 * 24
    angle = 2 * np.pi / 168
    assert features["%-week_sin"].iloc[row] == pytest.approx(np.sin(angle))
    assert features["%-week_cos"].iloc[row] == pytest.approx(np.cos(angle))
    assert features["%-week_sin"].iloc[row + 168] == pytest.approx(np.sin(angle))


@pytest.mark.parametrize("cut", [300, 377, 390])
def test_removing_the_future_changes_no_feature(cut: int):
    candles, days, coins = coin_candles(400), wave(500), prices(60)
    whole = calculate_features(candles, "1h", dominance(days), BREADTH, coins)
    end = candles["date"].iloc[cut]
    known = (end - pd.Timestamp("2020-01-01", tz="UTC")).days
    known_coins = CoinPrices(coins.prices[coins.prices.index + pd.Timedelta(days=1) <= end])
    found = calculate_features(
        candles.iloc[:cut], "1h", dominance(days[:known]), BREADTH, known_coins
    )
    pd.testing.assert_frame_equal(found, whole.iloc[:cut])


def test_startup_candles_of_a_bot_are_enough_for_what_a_backtest_measures():
    candles, days = coin_candles(3000), dominance(wave(600))
    whole = calculate_features(candles, "1h", days, RULE)
    # AltSeasonStrategy.startup_candle_count; a bot has at least these.
    found = calculate_features(candles.iloc[-400:], "1h", days, RULE)
    pd.testing.assert_series_equal(found.iloc[-1], whole.iloc[-1], rtol=1e-9)


@pytest.mark.parametrize("row", [350, 399])
def test_candle_changes_no_feature_before_it(row: int):
    candles = coin_candles(400)
    other = candles.copy()
    other.loc[row:, ["open", "high", "low", "close", "volume"]] *= 3
    found = [calculate_features(one, "1h", dominance(wave(500)), RULE) for one in (candles, other)]
    pd.testing.assert_frame_equal(found[0].iloc[:row], found[1].iloc[:row])
    assert not found[0].iloc[row].equals(found[1].iloc[row])


def test_features_of_real_candles_are_complete_once_they_reach_back_far_enough(real_data: Path):
    candles = pd.read_feather(real_data / "binance" / "ETH_USDT-1h.feather")
    days = pd.read_csv(real_data / "btc_dominance_daily.csv")
    known = dominance(days["dominance"].tolist(), days["date"].iloc[0])
    features = calculate_features(candles, "1h", known, RULE)
    begun = candles["date"] > pd.Timestamp("2018-04-15", tz="UTC")
    assert features[begun].isna().any(axis=1).mean() < 0.001
