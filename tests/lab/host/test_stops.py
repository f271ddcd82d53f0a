"""Stop slippage, by hand."""

import pandas as pd
import pytest
from freqtrade.enums import ExitType

from altseason_lab.host.stops import STOP_REASONS, calculate_stop_cost, find_stopped


def trades(*rows: tuple[float, float, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["amount", "close_rate", "exit_reason"])


def test_stop_cost_is_a_fraction_of_what_stops_sold():
    found = trades(
        (2.0, 95.0, "stop_loss"),  # 190
        (0.5, 1000.0, "trailing_stop_loss"),  # 500
        (10.0, 1.0, "stoploss_on_exchange"),  # 10
        (1.0, 300.0, "liquidation"),  # 300
        (100.0, 50.0, "roi"),
        (100.0, 50.0, "exit_signal"),
        (100.0, 50.0, "below_sma50"),
        (100.0, 50.0, "force_exit"),
    )
    # 1000 x 25 / 10,000
    assert calculate_stop_cost(found, 25) == pytest.approx(2.5, rel=1e-12)
    assert len(find_stopped(found)) == 4
    assert calculate_stop_cost(found, 0) == 0


def test_without_trades_or_stops_it_is_zero():
    assert calculate_stop_cost(trades(), 10) == 0
    assert calculate_stop_cost(trades((1.0, 1.0, "roi")), 10) == 0


def test_names_of_stops_are_those_that_freqtrade_gives():
    others = {
        "roi",
        "exit_signal",
        "force_exit",
        "emergency_exit",
        "custom_exit",
        "partial_exit",
        "sold_on_exchange",
        "",
    }
    # A new reason of Freqtrade has to be looked at.
    assert {reason.value for reason in ExitType} == {*STOP_REASONS, *others}
