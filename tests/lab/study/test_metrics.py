"""Metrics and baselines, by numbers worked out by hand."""

import pandas as pd
import pytest

from altseason_lab.host.repeated import BacktestRun
from altseason_lab.study.hold import hold
from altseason_lab.study.metrics import (
    DailyEquity,
    calculate_equity,
    calculate_profit_factor,
    find_daily_equity,
    measure_run,
    sum_by_coin_and_year,
    sum_fees,
)

DAYS = pd.date_range("2022-01-01", periods=4, freq="1D", tz="UTC")


def order(amount: float, price: float, *, is_entry: bool) -> dict:
    return {"amount": amount, "safe_price": price, "ft_is_entry": is_entry}


def candles(opens: list[float], start: int = 0) -> pd.DataFrame:
    return pd.DataFrame({"date": DAYS[start : start + len(opens)], "open": opens})


def test_fees_are_of_every_order():
    trades = pd.DataFrame(
        {
            "orders": [
                [
                    order(2, 100, is_entry=True),
                    order(1, 110, is_entry=False),
                    order(1, 90, is_entry=False),
                ]
            ],
            "fee_open": [0.001],
            "fee_close": [0.002],
        }
    )
    assert sum_fees(trades) == pytest.approx(0.2 + 0.22 + 0.18)


def test_profit_factor_is_won_by_lost():
    assert calculate_profit_factor(pd.DataFrame({"profit_abs": [30.0, -10, -5]})) == 2
    assert calculate_profit_factor(pd.DataFrame({"profit_abs": [30.0]})) is None
    assert calculate_profit_factor(pd.DataFrame({"profit_abs": []})) is None


def test_drawdown_of_an_open_trade_counts():
    """Closed trades alone show none: the only one earned 10."""
    wallet = pd.DataFrame(
        [
            (DAYS[0], "USDT", 1.0, 1000.0),
            (DAYS[1], "USDT", 1.0, 500.0),
            (DAYS[1], "ETH", 100.0, 5.0),
            (DAYS[2], "USDT", 1.0, 500.0),
            (DAYS[2], "ETH", 60.0, 5.0),
            (DAYS[3], "USDT", 1.0, 1010.0),
        ],
        columns=["date", "currency", "rate", "balance"],
    )
    trades = pd.DataFrame(
        {"profit_abs": [10.0], "orders": [[]], "fee_open": [0.001], "fee_close": [0.001]}
    )
    assert calculate_equity(wallet)["total_quote"].tolist() == [1000, 1000, 800, 1010]
    run = BacktestRun(trades, wallet, 1010.0, DAYS[0], DAYS[3])
    outcome = measure_run(run, 1000.0, "USDT")
    metrics = outcome.metrics
    assert outcome.equity == DailyEquity(DAYS[0].date(), (1000, 800, 1010), 1000)
    assert metrics.max_drawdown == pytest.approx(0.2)
    assert metrics.profit == pytest.approx(0.01)
    assert metrics.cagr == pytest.approx(1.01 ** (365 / 3) - 1)
    assert metrics.time_in_market == 0.5
    assert metrics.expectancy == 10
    # Daily changes 0, -0.2 and +0.2625: their mean by their deviation, of 365 days.
    changes = [0.0, -0.2, 0.2625]
    average = sum(changes) / 3
    deviation = (sum((change - average) ** 2 for change in changes) / 3) ** 0.5
    assert metrics.sharpe == pytest.approx(average / deviation * 365**0.5)


def test_hold_pays_fees_at_both_ends_and_leaves_out_what_came_later():
    outcome = hold(
        {
            "ETH/USDT": candles([100, 150, 120, 200]),
            "SOL/USDT": candles([10, 5, 5, 8]),
            "NEW/USDT": candles([1, 100, 1000], start=1),
        },
        start=DAYS[0],
        end=DAYS[3],
        fee=0.01,
        balance=1000,
    )
    assert outcome is not None
    found = outcome.metrics
    amounts = 500 / 101, 500 / 10.1
    sold = amounts[0] * 200 + amounts[1] * 8
    assert found.profit == pytest.approx(sold * 0.99 / 1000 - 1)
    assert found.trades == 2
    assert found.costs == pytest.approx((1000 - 1000 / 1.01 + sold * 0.01) / 1000)
    worth = [1000, amounts[0] * 150 + amounts[1] * 5, amounts[0] * 120 + amounts[1] * 5]
    # Down from 1000 to the second day's, then from there to the third's.
    assert found.max_drawdown == pytest.approx(1 - worth[2] / max(worth))
    assert outcome.equity.values == pytest.approx((*worth[1:], sold * 0.99))


def test_a_day_is_worth_what_its_end_was_and_a_missing_one_what_came_before():
    hours = pd.to_datetime(
        ["2022-01-01 22:00", "2022-01-01 23:00", "2022-01-02 01:00", "2022-01-04 01:00"], utc=True
    )
    equity = pd.DataFrame({"date": hours, "total_quote": [1.0, 2.0, 3.0, 4.0]})
    expected = DailyEquity(DAYS[0].date(), (2.0, 3.0, 3.0, 5.0), 1.5)
    found = find_daily_equity(equity, start=hours[0], final=5.0, balance=1.5)
    assert found == expected


@pytest.mark.parametrize(("frequency", "first"), [("1h", "2022-02-01 01:00"), ("1D", "2022-02-02")])
def test_midnight_belongs_to_the_day_that_ends_then(frequency: str, first: str):
    """February as 20220201-20220301 is backtested: from its second candle to the first of March."""
    opens = pd.date_range(first, "2022-03-01", freq=frequency, tz="UTC")
    equity = pd.DataFrame({"date": opens, "total_quote": opens.day + opens.hour / 24})
    start = pd.Timestamp("2022-02-01", tz="UTC")
    found = find_daily_equity(equity, start=start, final=99.0, balance=1.0)
    # Each midnight is worth its own day of the month; the last one what was left.
    values = (*(float(day) for day in range(2, 29)), 99.0)
    assert found == DailyEquity(start.date(), values, 1.0)
    assert len(found.values) == 28


def test_profits_are_by_coin_and_the_year_in_which_a_trade_closed():
    trades = pd.DataFrame(
        {
            "pair": ["ETH/USDT", "SOL/USDT", "ETH/USDT", "ETH/USDT"],
            "close_date": pd.to_datetime(
                ["2021-12-31", "2021-05-01", "2022-01-01", "2021-01-01"], utc=True
            ),
            "profit_abs": [10.0, -5.0, 20.0, 2.0],
        }
    )
    assert sum_by_coin_and_year(trades, balance=100) == {
        "ETH/USDT": {2021: pytest.approx(0.12), 2022: pytest.approx(0.2)},
        "SOL/USDT": {2021: pytest.approx(-0.05)},
    }


def test_nothing_to_hold_is_no_baseline():
    words = {"start": DAYS[0], "end": DAYS[3], "fee": 0.001, "balance": 1000}
    assert hold({}, **words) is None
    assert hold({"NEW/USDT": candles([1, 2], start=1)}, **words) is None
