"""Real FreqAI in real backtests on the sample: rows, predictions and trades."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType

from tests.integration.freqtrade_runs import Home
from tests.learning.backtests import Learned, backtest, make_home
from tests.learning.conftest import PAIRS, freqai

LABEL = "&-take_profit"
HOUR, DAY = pd.Timedelta(hours=1), pd.Timedelta(days=1)
# FreqAI trains at the beginning, and again after each 30 days.
CUTS = [pd.Timestamp("2024-02-01", tz="UTC"), pd.Timestamp("2024-03-02", tz="UTC")]
HORIZON = 168 * HOUR


@pytest.fixture(scope="module")
def home(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    return make_home(tmp_path_factory.mktemp("home"), sample)


@pytest.fixture(scope="module")
def learned(home: Home) -> Learned:
    return backtest(home)


def test_one_fit_in_each_window_serves_all_pairs(learned: Learned):
    assert len(learned.fits) == len(CUTS)
    assert sorted(learned.predicted) == ["ADA", "BNB", "ETH", "SOL"]
    for rows in learned.fits:
        assert sorted(rows["pair"].unique()) == sorted(PAIRS)
        assert len(rows) >= 1000


def test_no_label_of_a_training_reaches_past_its_end(learned: Learned):
    for rows, cut in zip(learned.fits, CUTS, strict=True):
        assert rows["known"].max() <= cut
        # Nor would it have, had it ended at its horizon: the quick ones are not all there is.
        assert (rows["start"] + HORIZON).max() <= cut
        assert (rows["start"] + HORIZON).max() > cut - 7 * DAY
        assert rows["date"].min() >= cut - 1095 * DAY
        # Those of the three years, without the first days, which the features need.
        assert rows["date"].min() < cut - 1095 * DAY + 120 * DAY


def test_rows_are_entries_of_the_rules_with_an_open_gate_or_without(learned: Learned):
    rows = learned.fits[0]
    assert rows["weight"].between(0, 1, inclusive="right").all()
    assert 100 < rows["weight"].sum() < len(rows) / 2
    # The default rules: above both averages, and not overbought.
    assert (rows["%-to_sma_50"] > 0).all()
    assert (rows["%-to_sma_200"] > 0).all()
    assert (rows["%-rsi"] < 70).all()
    assert (rows["%-dominance_to_threshold"] > 0).mean() > 0.1
    assert (rows["%-dominance_to_threshold"] < 0).mean() > 0.1


def test_entries_are_those_that_were_found_likely(learned: Learned):
    trades = learned.run.trades
    assert len(trades) > 5
    for trade in trades.to_dict("records"):
        by_candle = learned.predicted[trade["pair"].split("/")[0]].set_index("date")
        signal = by_candle.loc[trade["open_date"] - HOUR]
        assert signal["do_predict"] == 1
        assert signal[LABEL] > 0.35


def test_stake_is_the_part_that_the_probability_allows(learned: Learned):
    # Without sizing, the stake is the free amount divided by the free slots.
    for trade in learned.run.trades.iloc[:1].to_dict("records"):
        by_candle = learned.predicted[trade["pair"].split("/")[0]].set_index("date")
        part = by_candle.loc[trade["open_date"] - HOUR, LABEL] / 0.7
        assert part < 1
        # The exchange rounds the amount.
        assert trade["stake_amount"] == pytest.approx(1000 * 0.99 / 4 * part, rel=0.002)


def test_probabilities_are_those_of_all_candles(learned: Learned):
    for frame in learned.predicted.values():
        assert frame["date"].min() == CUTS[0]
        assert frame["date"].max() == pd.Timestamp("2024-03-31 23:00", tz="UTC")
        assert frame[LABEL].between(0, 1).all()
        assert (frame["do_predict"] == 1).mean() > 0.99


def test_removing_the_future_changes_no_prediction(learned: Learned, sample: Path, tmp_path: Path):
    end = pd.Timestamp("2024-03-10", tz="UTC")
    datadir = tmp_path / "synthetic"
    shutil.copytree(sample, datadir)
    handler = get_datahandler(datadir, "feather")
    for pair, timeframe in [*((pair, "1h") for pair in PAIRS), ("BTCD/USD", "1d")]:
        candles = handler.ohlcv_load(pair, timeframe, CandleType.SPOT, fill_missing=False)
        length = DAY if timeframe == "1d" else HOUR
        known = candles[candles["date"] + length <= end].reset_index(drop=True)
        assert len(known) < len(candles)
        handler.ohlcv_store(pair, timeframe, known, CandleType.SPOT)
    found = backtest(make_home(tmp_path / "home", datadir), "20240201-20240310")
    assert found.strategy.freqai.identifier != learned.strategy.freqai.identifier
    for rows, expected in zip(found.fits, learned.fits, strict=True):
        pd.testing.assert_frame_equal(rows, expected)
    for coin, frame in found.predicted.items():
        before = learned.predicted[coin]
        before = before[before["date"] < end].reset_index(drop=True)
        assert len(before) > 24 * 37
        pd.testing.assert_frame_equal(frame, before)


def test_same_seed_gives_the_same_backtest(learned: Learned, sample: Path, tmp_path: Path):
    again = backtest(make_home(tmp_path, sample))
    pd.testing.assert_frame_equal(again.run.trades, learned.run.trades)


def test_predictions_of_another_label_are_made_again(home: Home, learned: Learned):
    """FreqAI finds those of an earlier backtest by the identifier alone."""
    section = freqai(feature_parameters={"label_period_candles": 24})
    other = backtest(home, freqai=section)
    assert len(other.fits) == len(CUTS)
    found, before = other.predicted["ETH"], learned.predicted["ETH"]
    assert np.abs(found[LABEL] - before[LABEL]).mean() > 0.05
    # The same again, which reads what is stored.
    again = backtest(home, freqai=section)
    assert again.fits == []
    pd.testing.assert_frame_equal(again.run.trades, other.run.trades)


@pytest.mark.parametrize("without", ["rules", "nothing"])
def test_too_few_entries_make_no_model(sample: Path, tmp_path: Path, without: str):
    home = make_home(tmp_path, sample)
    settings = {"altseason": {"risk": {"sizing": False}, "freqai": {"without_model": without}}}
    found = backtest(home, freqai=freqai(train_period_days=365), **settings)
    assert len(found.fits) == len(CUTS)
    assert all(len(rows) < 1000 for rows in found.fits)
    assert all((frame["do_predict"] == 0).all() for frame in found.predicted.values())
    assert "expected 1000 entries or more with a label" in found.strategy.freqai.problem
    if without == "nothing":
        assert found.run.trades.empty
        return
    plain = backtest(home, strategy="AltSeasonStrategy", freqai=freqai(enabled=False)).run.trades
    names = ["pair", "open_date", "close_date", "stake_amount", "exit_reason"]
    assert len(plain) > 20
    pd.testing.assert_frame_equal(found.run.trades[names], plain[names])


def test_challenger_runs_as_the_default_does(home: Home):
    settings = {"altseason": {"risk": {"sizing": False}, "freqai": {"model": "lightgbm"}}}
    found = backtest(home, "20240201-20240210", **settings)
    assert len(found.fits) == 1
    assert all((frame["do_predict"] == 1).mean() > 0.99 for frame in found.predicted.values())
