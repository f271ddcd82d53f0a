"""Labels agree with the trades of a real backtest without other exits."""

from pathlib import Path

import numpy as np
import pandas as pd
from freqtrade.data.history import load_pair_history

from altseason.learning.labels import Barriers, label_entries
from tests.integration.freqtrade_runs import Home

EVERY, HORIZON = 29, 48
ROI = {"0": 0.10, "1440": 0.06, "2160": 0.02}
STRATEGY = f"""
from datetime import timedelta

from freqtrade.strategy import IStrategy


class EntersOften(IStrategy):
    timeframe = "1h"
    minimal_roi = {ROI}
    stoploss = -0.05

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        hours = dataframe["date"].astype("int64") // 3_600_000
        dataframe["enter_long"] = (hours % {EVERY} == 0).astype(int)
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe

    def custom_exit(self, pair, trade, current_time, current_rate, current_profit, **kwargs):
        return current_time - trade.open_date_utc >= timedelta(hours={HORIZON}) and "time_out"
"""
REASONS = {"stop_loss": "stop", "roi": "take_profit", "time_out": "time_out"}


def test_labels_are_what_a_backtest_trades(sample: Path, tmp_path: Path):
    home = Home(tmp_path, sample)
    (home.strategies / "EntersOften.py").write_text(STRATEGY)
    home.write_config(stake_amount=10, max_open_trades=-1, dry_run_wallet=100_000)
    words = ("--strategy", "EntersOften", "--timerange", "20220101-20220801", "--cache", "none")
    pairs = ("ETH/USDT", "ADA/USDT")
    found = home.backtest(*words, "--enable-position-stacking", "--pairs", *pairs)["EntersOften"]
    trades = pd.DataFrame(found["trades"])
    barriers = Barriers(-0.05, ROI, 0.001, HORIZON, "1h")
    compared = []
    for pair in pairs:
        candles = load_pair_history(pair, "1h", sample)
        hours = candles["date"].astype("int64") // 3_600_000
        labels = label_entries(candles, hours % EVERY == 0, barriers).dropna(subset=["outcome"])
        of_pair = trades[trades["pair"] == pair].assign(
            start=lambda frame: pd.to_datetime(frame["open_date"], utc=True).dt.as_unit("ms")
        )
        compared.append(of_pair.merge(labels, on="start", validate="1:1"))
    both = pd.concat(compared)
    # The last trades of the time range were closed by its end.
    both = both[both["exit_reason"] != "force_exit"]
    assert both["exit_reason"].value_counts().min() > 20
    assert list(both["exit_reason"].map(REASONS)) == list(both["outcome"])
    closed = pd.to_datetime(both["close_date"], utc=True).dt.as_unit("ms")
    assert (closed + pd.Timedelta(hours=1) == both["known"]).all()
    # Freqtrade rounds amounts and stops to the exchange's steps.
    assert np.abs(both["profit_ratio_x"] - both["profit_ratio_y"]).max() < 0.0005
