"""A bot that trades live for an evening: what it believes is what the exchange has booked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from math import fsum
from pathlib import Path
from typing import Any

import pytest

from tests.lab.emulator.candle_files import store_candles
from tests.live.bot import LiveBot, Orders, live_bot
from tests.live.world import (
    ALL_LEFT,
    BNB_LATER,
    BNB_REFUSED,
    CASH,
    FEE,
    HOUR,
    REASONS,
    RULES,
    SIGNAL,
    START,
    make_account,
    make_candles,
    store_dominance,
)
from tests.strategy.oracle import indicators, signals

EQUITY = 0.99 * 1000  # Freqtrade leaves a hundredth of the balance alone


def find_entries(coin: str) -> list[int]:
    """Find the signals of the evening, in hours after the first coins', by the oracle."""
    candles = make_candles(coin)
    closes, volumes = candles["close"].tolist(), candles["volume"].tolist()
    rows = signals(closes, volumes, indicators(closes), [True] * len(closes))
    ends = ((candles["date"] - SIGNAL).dt.total_seconds() / 3600 + 1).round().astype(int)
    return [end for end, row in zip(ends, rows, strict=True) if row.enter and end >= 0]


def find_stake(coin: str) -> float:
    """Reckon the stake: 2 % of the equity over the stop distance, at most a quarter of it.

    Wilder's ATR from its definition: the mean of the first 14 true ranges, then a 14th of each.
    """
    candles = make_candles(coin)
    candles = candles[candles["date"] < SIGNAL]
    highs, lows, closes = (candles[name].tolist() for name in ("high", "low", "close"))
    ranges = [
        max(high, before) - min(low, before)
        for high, low, before in zip(highs[1:], lows[1:], closes, strict=False)
    ]
    atr = fsum(ranges[:14]) / 14
    for true_range in ranges[14:]:
        atr += (true_range - atr) / 14
    distance = max(0.05, 5 * atr / closes[-1])
    return min(EQUITY * 0.02 / distance, EQUITY / 4)


def test_what_the_rules_make_of_the_evening() -> None:
    """By description alone: three coins at once, a fourth that only the gate holds back."""
    assert [find_entries(coin) for coin in ("ETH", "SOL", "ADA")] == [[0], [0], [0]]
    assert find_entries("BNB") == [BNB_LATER]
    # The risk of SOL is so large that its stake is not the quarter which the others have.
    assert [round(find_stake(coin), 1) for coin in ("ETH", "SOL", "ADA")] == [247.5, 176.9, 247.5]


@pytest.mark.parametrize(
    ("orders", "part"),
    [
        pytest.param("limit_orders", Decimal(1), marks=pytest.mark.slow),
        ("limit_orders", Decimal("0.4")),
        pytest.param("market_orders", Decimal(1), marks=pytest.mark.slow),
    ],
)
def test_bot_enters_sizes_stops_and_exits_and_agrees_with_the_exchange(
    tmp_path: Path, stored: Path, orders: Orders, part: Decimal
) -> None:
    account = make_account(max_fill_fraction=part)
    with live_bot(tmp_path / "bot", stored, START, account, orders=orders) as bot:
        # BNB's signal is one of the day after, when the gate has closed.
        output = bot.trade_until(BNB_REFUSED if orders == "limit_orders" else ALL_LEFT)
        ledger = bot.ledger()
    assert "Traceback" not in output, output
    trades = bot.rows("select * from trades order by id")
    has_stop = orders == "limit_orders"
    reasons = {**REASONS, "SOL/USDT": "stoploss_on_exchange" if has_stop else "stop_loss"}
    assert {trade["pair"]: trade["exit_reason"] for trade in trades} == reasons, output[-6000:]
    assert {trade["enter_tag"] for trade in trades} == {"alt_season_momentum"}
    assert not any(trade["is_open"] for trade in trades)
    assert_sizes(ledger)
    assert_stops(ledger, trades, is_on_exchange=has_stop)
    assert_orders_agree(bot, ledger)
    assert_money_agrees(ledger, trades)


@pytest.mark.slow
def test_position_whose_stop_the_price_has_jumped_past_is_sold_at_market(tmp_path: Path) -> None:
    """SOL opens 15 % lower, below the limit of its stop; the next signal to exit comes later."""
    candles = make_candles("SOL")
    has_fallen = candles["date"] >= SIGNAL + HOUR
    candles.loc[has_fallen, ["open", "high", "low", "close"]] *= 0.85
    stored = tmp_path / "stored"
    store_candles(stored, "SOL/USDT", candles.round({"open": 2, "high": 2, "low": 2, "close": 2}))
    store_dominance(stored)
    account = make_account()
    with live_bot(tmp_path / "bot", stored, START, account, pairs=["SOL/USDT"]) as bot:
        output = bot.trade_until(SIGNAL + 2 * HOUR + timedelta(minutes=20))
        orders = bot.ledger()["orders"]
    [trade] = bot.rows("select * from trades")
    assert (trade["is_open"], trade["exit_reason"]) == (0, "emergency_exit"), output[-6000:]
    assert [(order["type"], order["status"]) for order in orders] == [
        ("LIMIT", "FILLED"),
        ("STOP_LOSS_LIMIT", "CANCELED"),
        ("LIMIT", "CANCELED"),
        ("MARKET", "FILLED"),
    ]


def test_exit_that_runs_out_of_time_is_tried_again_while_the_state_lasts(tmp_path: Path) -> None:
    """ADA's price runs away from each order to sell, through two candles of the state and more."""
    candles = make_candles("ADA")
    midnight = SIGNAL + 4 * HOUR
    hours = candles["date"].between(midnight, midnight + HOUR)
    candles.loc[hours, ["open", "high"]] = [[1.1630, 1.1630], [1.1550, 1.1550]]
    candles.loc[hours, ["low", "close"]] = [[1.1550, 1.1550], [1.1470, 1.1470]]
    later = candles["date"] > midnight + HOUR
    candles.loc[later, ["open", "high", "low", "close"]] = [1.1470, 1.1490, 1.1470, 1.1470]
    closes = candles["close"].tolist()
    rows = signals(closes, candles["volume"].tolist(), indicators(closes), [True] * len(closes))
    ends = (candles["date"] + HOUR).between(midnight - HOUR, midnight + 2 * HOUR)
    tags = [row.exit_tag for row, is_asked in zip(rows, ends, strict=True) if is_asked]
    assert tags == ["", "macd_down", "below_sma50", "below_sma50"]
    stored = tmp_path / "stored"
    store_candles(stored, "ADA/USDT", candles)
    store_dominance(stored)
    times = {"entry": 10, "exit": 10, "unit": "minutes"}
    account = make_account()
    with live_bot(
        tmp_path / "bot", stored, START, account, pairs=["ADA/USDT"], unfilledtimeout=times
    ) as bot:
        # Without an overlay that sells at market when an order runs out of time.
        bot = replace(bot, replay=replace(bot.replay, overlays=()))
        output = bot.trade_until(midnight + 3 * HOUR)
        sells = [order for order in bot.ledger()["orders"] if order["side"] == "SELL"]
    assert {order["type"] for order in sells} == {"LIMIT"}
    # Anew every ten minutes for two hours and more, until the price comes back.
    began = [datetime.fromtimestamp(order["time"] / 1000, UTC) for order in sells]
    assert began == [midnight + timedelta(minutes=10 * n) for n in range(len(sells))], output
    assert began[-1] >= midnight + 2 * HOUR
    assert {order["status"] for order in sells[:-1]} == {"CANCELED"}
    assert sells[-1]["status"] == "FILLED"
    [trade] = bot.rows("select * from trades")
    assert (trade["is_open"], trade["exit_reason"]) == (0, "below_sma50")


def assert_sizes(ledger: dict[str, Any]) -> None:
    """The first order for each coin is as large as the formula says, down to the step."""
    for coin in ("ETH", "SOL", "ADA"):
        name = f"{coin}USDT"
        order = next(order for order in ledger["orders"] if order["symbol"] == name)
        price = Decimal(order["price"])
        if order["type"] == "MARKET":
            price = Decimal(order["cummulativeQuoteQty"]) / Decimal(order["executedQty"])
        step = RULES[name].step
        steps = Decimal(find_stake(coin)) / price / step
        expected = steps.to_integral_value(ROUND_DOWN) * step
        # A market order is sized by the price that was seen before, a tick from its own; and of
        # those at once Freqtrade counts the first as they were before they were rounded.
        is_exact = coin == "ETH" and order["type"] == "LIMIT"
        slack = 0 if is_exact else step
        assert abs(Decimal(order["origQty"]) - expected) <= slack, (order, expected)


def assert_stops(
    ledger: dict[str, Any], trades: list[dict[str, Any]], *, is_on_exchange: bool
) -> None:
    """Each trade has its stop on the exchange, 5 % below its price, and sells down to 5 % less."""
    stops = [order for order in ledger["orders"] if order["type"] == "STOP_LOSS_LIMIT"]
    if not is_on_exchange:
        assert stops == []
        return
    assert sorted(order["symbol"] for order in stops) == ["ADAUSDT", "ETHUSDT", "SOLUSDT"]
    for order in stops:
        [opened] = [
            Decimal(repr(trade["open_rate"]))
            for trade in trades
            if trade["pair"].replace("/", "") == order["symbol"]
        ]
        tick = RULES[order["symbol"]].tick
        stop, limit = Decimal(order["stopPrice"]), Decimal(order["price"])
        assert abs(stop - opened * Decimal("0.95")) <= tick
        assert abs(limit - stop * Decimal("0.95")) <= tick


def assert_orders_agree(bot: LiveBot, ledger: dict[str, Any]) -> None:
    kept = {row["order_id"]: row for row in bot.rows("select * from orders")}
    # Freqtrade forgets an entry that ran out of time before anything was bought.
    booked = {
        str(order["orderId"]): order
        for order in ledger["orders"]
        if not (order["side"] == "BUY" and order["status"] == "CANCELED" and not order["fills"])
    }
    assert kept.keys() == booked.keys()
    for number, order in booked.items():
        row = kept[number]
        executed, cost = Decimal(order["executedQty"]), Decimal(order["cummulativeQuoteQty"])
        assert row["filled"] == float(executed)
        assert row["amount"] == float(order["origQty"])
        assert row["ft_order_side"] in (order["side"].lower(), "stoploss")
        states = {"FILLED": "closed", "CANCELED": "canceled"}
        assert row["status"] == states[order["status"]]
        if executed:
            assert row["average"] == float(cost / executed)
        fees = [fill for fill in order["fills"] if fill["commissionAsset"] != "USDT"]
        base_fee = sum((Decimal(fill["commission"]) for fill in fees), Decimal())
        # Freqtrade adds the fees of several fills up as floats.
        assert (row["ft_fee_base"] or 0) == pytest.approx(float(base_fee), rel=1e-12)


def assert_money_agrees(ledger: dict[str, Any], trades: list[dict[str, Any]]) -> None:
    fills = [(order, fill) for order in ledger["orders"] for fill in order["fills"]]
    paid = received = worth = Decimal()
    lines = []
    for trade in trades:
        coin = trade["pair"].partition("/")[0]
        bought, sold = (
            [
                fill
                for order, fill in fills
                if order["symbol"] == f"{coin}USDT" and order["side"] == side
            ]
            for side in ("BUY", "SELL")
        )
        # Freqtrade names the coin of a fee, and keeps its worth in USDT; of an entry's, the rate of
        # the fee on what is left after it.
        entry_fee = sum(Decimal(fill["commission"]) * Decimal(fill["price"]) for fill in bought)
        entry_fee *= 1 - FEE
        for side, fees, fee in (
            ("open", bought, entry_fee),
            ("close", sold, add_up(sold, "commission")),
        ):
            assert {trade[f"fee_{side}_currency"]} == {fill["commissionAsset"] for fill in fees}
            assert trade[f"fee_{side}_cost"] == pytest.approx(float(fee), rel=1e-6)
        dust = add_up(bought, "qty") - add_up(bought, "commission") - add_up(sold, "qty")
        balance = ledger["balances"][coin]
        assert (Decimal(balance["free"]), Decimal(balance["locked"])) == (dust, 0)
        assert dust < RULES[f"{coin}USDT"].step
        assert sum(map(Decimal, balance.values())) == 0
        paid += add_up(bought, "quoteQty")
        received += add_up(sold, "quoteQty") - add_up(sold, "commission")
        # Freqtrade takes the fee as if it were paid in USDT, for what it sells.
        unsold = dust + FEE * (add_up(bought, "qty") - add_up(sold, "qty"))
        worth += unsold * Decimal(repr(trade["open_rate"]))
        lines.append(f"{dust} {coin}")
    cash = ledger["balances"]["USDT"]
    assert (Decimal(cash["free"]), Decimal(cash["locked"])) == (CASH - paid + received, 0)
    assert sum(map(Decimal, cash.values())) == CASH
    profit = sum(trade["close_profit_abs"] for trade in trades)
    assert profit - float(received - paid) == pytest.approx(float(worth), abs=1e-7)
    lines.append(f"{received - paid} USDT earned, of which Freqtrade says {profit:.8f}")
    # For whoever runs it with -s: what is left over is a number, not an error.
    print("\ndust:", *lines, sep="\n  ")  # noqa: T201 - for the person who runs it


def add_up(fills: list[dict[str, str]], name: str) -> Decimal:
    return sum((Decimal(fill[name]) for fill in fills), Decimal())
