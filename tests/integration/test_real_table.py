"""The published table of the default rules on real data is reproduced."""

from collections.abc import Callable
from pathlib import Path

import pytest

from altseason.cli import main
from tests.integration.freqtrade_runs import Home, write_subclass

# Profit and largest drawdown in percent: without a gate, by level, by falling, by both, and the
# control that trades only above the level, which is no mode of the strategy.
GATES = ("Off", "Level", "Falling", "Both", "Above")
TABLE = {
    "20180601-20190601": ((-16.6, 31.9), (-23.1, 30.9), (-3.0, 16.2), (-1.6, 16.2), (10.0, 5.1)),
    "20190601-20200601": ((-14.4, 23.1), (0.3, 0.1), (16.7, 6.2), (0.3, 0.1), (-14.7, 23.1)),
    "20200601-20210101": ((1.3, 15.3), (-2.2, 2.2), (-0.7, 10.1), (-2.2, 2.2), (3.6, 15.3)),
    "20210101-20220101": ((36.6, 29.8), (-2.1, 25.3), (31.0, 20.7), (6.7, 20.7), (36.7, 25.9)),
}
# Trades and profit in percent, to the digit.
EXACT = {
    ("20190601-20200601", "Off"): (704, -14.35),
    ("20190601-20200601", "Falling"): (371, 16.65),
    ("20210101-20220101", "Off"): (1195, 36.55),
    ("20210101-20220101", "Level"): (778, -2.13),
    ("20210101-20220101", "Falling"): (869, 30.95),
}
MODES = {"Off": "off", "Level": "level", "Falling": "falling", "Both": "level_and_falling"}


def write_gates(folder: Path) -> None:
    for name, mode in MODES.items():
        parameters = {"gate_mode": mode, "macd_trigger": "above"}
        write_subclass(folder, name, f"    buy_params = {parameters}")
    write_subclass(
        folder,
        "Above",
        """    buy_params = {"gate_mode": "off", "macd_trigger": "above"}

    def populate_entry_trend(self, dataframe, metadata):
        dataframe = super().populate_entry_trend(dataframe, metadata)
        is_above = dataframe["close_btcd"] >= 55
        dataframe["enter_long"] = (dataframe["enter_long"].eq(1) & is_above).astype(int)
        return dataframe""",
    )


# One window with both directions in it is enough for every change.
WINDOWS = [
    window if window == "20190601-20200601" else pytest.param(window, marks=pytest.mark.slow)
    for window in TABLE
]


@pytest.mark.parametrize("window", WINDOWS)
def test_table_of_real_data_comes_out_again(
    real_data: Path, home: Callable[[Path], Home], tmp_path: Path, window: str
):
    datadir = tmp_path / "data"
    datadir.mkdir()
    for coin in ("ETH", "BNB", "SOL", "ADA"):
        name = f"{coin}_USDT-1h.feather"
        (datadir / name).symlink_to(real_data / "binance" / name)
    dominance = str(real_data / "btc_dominance_daily.csv")
    # The table was made with every day in the mean.
    words = ["dominance", "import", dominance, "--datadir", str(datadir), "--keep-outliers"]
    assert main(words) == 0
    run = home(datadir)
    write_gates(run.strategies)
    found = run.backtest("--timerange", window, "--cache", "none", "--strategy-list", *GATES)
    for gate, (profit, drawdown) in zip(GATES, TABLE[window], strict=True):
        statistics = found[gate]
        # The table gives one place, rounded from the two that Freqtrade prints.
        found_profit = round(100 * statistics["profit_total"], 2)
        found_drawdown = round(100 * statistics["max_drawdown_account"], 2)
        assert found_profit == pytest.approx(profit, abs=0.0501), gate
        assert found_drawdown == pytest.approx(drawdown, abs=0.0501), gate
        if (window, gate) in EXACT:
            trades, exact = EXACT[window, gate]
            assert statistics["total_trades"] == trades
            assert 100 * statistics["profit_total"] == pytest.approx(exact, abs=0.00501)
