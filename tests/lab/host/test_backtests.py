"""Repeated backtests, against those of Freqtrade as a process."""

from collections.abc import Callable

import pandas as pd
import pytest

from altseason.errors import InputError
from altseason_lab.host.backtests import calculate_drawdown
from tests.integration.freqtrade_runs import Home, write_subclass
from tests.lab.conftest import EAGER, PERIOD, backtests
from tests.lab.emulator.candle_files import make_candles, store_candles


def assert_same(home: Home, words: tuple[str, ...], fee: float, statistics: dict) -> None:
    """Compare a result, with all its digits, with what a process of Freqtrade has stored."""
    with backtests(home, *words, stop_slippage=20) as found:
        # Another one first, so that what it leaves behind would show.
        found.run(50, 1)
        result = found.run(fee * 10_000, 0)
    trades = statistics["trades"]
    stopped = [trade for trade in trades if trade["exit_reason"] == "stop_loss"]
    assert result.trades == len(trades) >= 20
    assert result.profit == statistics["profit_total"] * 100
    assert result.drawdown == statistics["max_drawdown_account"] * 100
    assert result.stops == len(stopped) >= 1
    # What the last order sold; 20 basis points, of the 1000 USDT that it begins with, in percent.
    last = [trade["orders"][-1] for trade in stopped]
    extra = sum(order["amount"] * order["safe_price"] for order in last) * 0.002 / 1000 * 100
    assert result.stop_cost == pytest.approx(extra, rel=1e-9)
    assert result.profit_after_stops == pytest.approx(result.profit - extra, rel=1e-9)


def test_result_is_that_of_the_backtest_that_freqtrade_runs_with_that_fee(home: Home):
    write_subclass(home.strategies, "Eager", EAGER)
    words = ("--strategy", "Eager", *PERIOD)
    statistics = home.backtest("--fee", "0.0015", *words)["Eager"]
    assert_same(home, words, 0.0015, statistics)


@pytest.mark.slow
@pytest.mark.parametrize("fee", [0.0, 0.00075, 0.01])
@pytest.mark.parametrize(
    "risk", [{}, {"sizing": False, "rebalancing": True}, {"protections": True}]
)
def test_every_fee_and_rule_gives_freqtrades_own_backtest(home: Home, fee: float, risk: dict):
    home.write_config(altseason={"risk": risk})
    write_subclass(home.strategies, "Eager", EAGER)
    words = ("--strategy", "Eager", "--enable-protections", *PERIOD)
    statistics = home.backtest("--fee", str(fee), *words)["Eager"]
    is_trimmed = any(len(trade["orders"]) > 2 for trade in statistics["trades"])
    assert is_trimmed == ("rebalancing" in risk)
    assert_same(home, words, fee, statistics)


def test_each_backtest_has_a_strategy_of_its_own(home: Home, write_clock: Callable[..., None]):
    write_clock(
        methods="""
    left = 3

    def confirm_trade_entry(self, **kwargs):
        self.left -= 1
        return self.left >= 0
"""
    )
    with backtests(home, "--strategy", "Clock", *PERIOD) as found:
        results = [found.run(10, 0), found.run(20, 0), found.run(10, 2)]
    assert [result.trades for result in results] == [3, 3, 3]


def test_too_few_candles_are_told_from_other_refusals_of_freqtrade(
    home: Home, write_clock: Callable[..., None]
):
    """By the text of its error, which has no class of its own."""
    folder = home.folder / "few"
    store_candles(folder, "ETH/USDT", make_candles(300))
    write_clock(methods="    startup_candle_count = 400")
    words = ("--datadir", str(folder), "--strategy", "Clock")
    with (
        pytest.raises(InputError, match="with 400 more before"),
        backtests(home, *words) as found,
    ):
        found.run(10, 0)


def test_drawdown_of_no_trades_is_zero():
    """Freqtrade raises there."""
    assert calculate_drawdown(pd.DataFrame({"profit_abs": [], "close_date": []}), 1000) == 0


def test_drawdown_is_freqtrades_relative_to_the_account_before_it():
    dates = pd.date_range("2022-01-01", periods=3, freq="1D", tz="UTC")
    trades = pd.DataFrame({"profit_abs": [200.0, -300.0, 50.0], "close_date": dates})
    # 300 of the 1200 that there were.
    assert calculate_drawdown(trades, 1000) == pytest.approx(0.25)
