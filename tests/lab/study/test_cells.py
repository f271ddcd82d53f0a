"""Cells, against `freqtrade backtesting` as a process."""

from datetime import timedelta

import pytest

from altseason.errors import InputError
from altseason_lab.host.repeated import RepeatedBacktest, open_exchange
from altseason_lab.study.cell import CellRunner, narrow, run_backtest
from altseason_lab.study.execution import Execution
from altseason_lab.study.grid import Cell, Scope, build_cells
from altseason_lab.study.run import run_study
from tests.integration.freqtrade_runs import Home, write_subclass
from tests.lab.study.conftest import PERIOD, configured

EAGER = '    buy_params = {"gate_mode": "level", "macd_trigger": "above"}'
FALLING = '    buy_params = {"gate_mode": "falling", "macd_trigger": "above"}'
PAIRS = ("ETH/USDT", "ADA/USDT")
HOUR = timedelta(hours=1)
TRADE = ("pair", "open_timestamp", "close_timestamp", "amount", "profit_abs", "exit_reason")


def test_cell_is_freqtrades_own_backtest_to_the_last_trade(home: Home):
    """Its mode stands in no file there: here it is set over the strategy's own `buy_params`."""
    write_subclass(home.strategies, "Eager", EAGER)
    write_subclass(home.strategies, "Falling", FALLING)
    words = ("--strategy", "Falling", "--timerange", PERIOD, "--pairs", *PAIRS)
    expected = home.backtest(*words)["Falling"]
    scope = Scope(PERIOD, PAIRS)
    with (
        configured(home, "--strategy", "Eager") as config,
        open_exchange(config, "study") as exchange,
    ):
        runner = CellRunner(config, exchange)
        # Others first, on other candles too, so that what they leave behind would show.
        off = runner.run(Cell(Scope(PERIOD, ("SOL/USDT",)), "off"))
        runner.run(Cell(scope, "off"))
        result = runner.run(Cell(scope, "falling"))
        repeated = RepeatedBacktest(narrow(config, scope), exchange)
        run = run_backtest(repeated, Cell(scope, "falling")).backtest
    assert off.pairs == ("SOL/USDT",)
    found = run.trades[list(TRADE)].to_dict("records")
    assert found == [{name: trade[name] for name in TRADE} for trade in expected["trades"]]
    assert len(found) >= 5
    metrics, wallet = result.metrics, expected["wallet_stats"]
    assert metrics.trades == len(found)
    assert metrics.profit == pytest.approx(expected["profit_total"], abs=1e-9)
    assert metrics.cagr == pytest.approx(expected["cagr"], rel=1e-6)
    assert metrics.max_drawdown == pytest.approx(wallet["max_relative_drawdown"])
    assert metrics.sharpe == pytest.approx(wallet["sharpe"])
    assert metrics.sortino == pytest.approx(wallet["sortino"])
    assert metrics.calmar == pytest.approx(wallet["calmar"])
    assert metrics.profit_factor == pytest.approx(expected["profit_factor"])
    assert metrics.expectancy == pytest.approx(expected["expectancy"])
    fees = sum(
        order["amount"] * order["safe_price"] * 0.001
        for trade in expected["trades"]
        for order in trade["orders"]
    )
    assert metrics.costs == pytest.approx(fees / 1000)
    assert 0 < result.open_share < 1
    hours = sum((end - start).total_seconds() for start, end in result.alt_seasons) / 3600
    assert hours == pytest.approx(result.open_share * 14 * 24, abs=1)
    # Freqtrade trades nothing at the first candle, and its wallet begins with the second.
    assert off.alt_seasons == ((off.start + 2 * HOUR, off.end + 2 * HOUR),)
    assert off.lines is None
    assert result.lines is not None
    assert result.lines.start == result.outcome.equity.start == result.start.date()
    # The last candle of the time range opens when its last day ends, and has closed on the next.
    assert len(result.outcome.equity.values) == 14
    assert {name: len(line) for name, line in result.lines.values.items()} == {
        "BTC.D %": 15,
        "mean %": 15,
    }
    assert result.outcome.equity.values[-1] == pytest.approx(1000 * (1 + metrics.profit))
    assert sum(sum(years.values()) for years in result.profits.values()) == pytest.approx(
        metrics.profit
    )
    assert 0 < metrics.time_in_market < 1


def test_strategy_without_a_gate_is_refused(home: Home, write_clock):
    write_clock()
    with (
        configured(home, "--strategy", "Clock") as config,
        pytest.raises(InputError, match="expected a strategy with a gate"),
    ):
        run_study(config, build_cells(["level"], [PERIOD], [PAIRS]))


@pytest.mark.slow
def test_two_processes_give_the_numbers_of_one(home: Home):
    write_subclass(home.strategies, "Eager", EAGER)
    cells = build_cells(["falling"], [PERIOD], [PAIRS, ("SOL/USDT",)])
    with configured(home, "--strategy", "Eager") as config:
        one, two = (
            run_study(config, cells, placebos=2, execution=Execution(processes=count, fresh=True))
            for count in (1, 2)
        )
    assert one == two
    assert len(one.results) == 4
