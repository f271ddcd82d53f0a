"""A bot that trades live for a day: what it believes is what the exchange has booked."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.live.bot import LiveBot, live_bot
from tests.live.world import CASH, FEE, REASONS, START, make_account

END = START + timedelta(hours=20)


@pytest.mark.parametrize(
    "part", [pytest.param(Decimal(1), marks=pytest.mark.slow), Decimal("0.4")], ids=str
)
def test_database_agrees_with_the_exchange(tmp_path: Path, stored: Path, part: Decimal) -> None:
    with live_bot(tmp_path / "bot", stored, START, make_account(part_per_look=part)) as bot:
        output = bot.trade_until(END)
        ledger = bot.ledger()
    assert "Traceback" not in output, output
    trades = bot.rows("select * from trades order by id")
    reasons = {trade["pair"]: trade["exit_reason"] for trade in trades}
    assert reasons == REASONS, output[-6000:]
    assert not any(trade["is_open"] for trade in trades)
    assert_orders_agree(bot, ledger)
    assert_money_agrees(ledger, trades)


def assert_orders_agree(bot: LiveBot, ledger: dict[str, Any]) -> None:
    kept = {row["order_id"]: row for row in bot.rows("select * from orders")}
    booked = {str(order["orderId"]): order for order in ledger["orders"]}
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
                if order["symbol"] == f"{coin}USDT" and order["side"] == s
            ]
            for s in ("BUY", "SELL")
        )
        dust = add_up(bought, "qty") - add_up(bought, "commission") - add_up(sold, "qty")
        balance = ledger["balances"][coin]
        assert (Decimal(balance["free"]), Decimal(balance["locked"])) == (dust, 0)
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
    print("\ndust:", *lines, sep="\n  ")  # noqa: T201


def add_up(fills: list[dict[str, str]], name: str) -> Decimal:
    return sum((Decimal(fill[name]) for fill in fills), Decimal())
