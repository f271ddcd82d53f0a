"""Orders along a price that is known: fills, locks and refusals, worked out by hand."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from altseason_lab.emulator.errors import BinanceError
from altseason_lab.emulator.live import LiveMarket
from tests.exchange.accounts import ETH, MINUTE, START, make_account, store_hours
from tests.exchange.desk import Desk
from tests.exchange.ledger import Place
from tests.exchange.orders import Order, OrderRequest

MakeDesk = Callable[..., Desk]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> LiveMarket:
    return store_hours(tmp_path_factory.mktemp("hours"))


@pytest.fixture
def make_desk(market: LiveMarket) -> MakeDesk:
    return lambda **words: Desk(make_account(**words), market)


def at(minute: float) -> int:
    return START + int(minute * MINUTE)


def request(side: str, order_type: str, quantity: str, *prices: str, **words: Any) -> OrderRequest:
    """An order; prices are its price and its stop price."""
    price, stop = (Decimal(text) for text in (*prices, "0", "0")[:2])
    return OrderRequest(
        symbol=ETH,
        side=side,
        type=order_type,
        quantity=Decimal(quantity),
        price=price,
        stop_price=stop,
        **words,
    )


def amounts(desk: Desk, asset: str) -> tuple[Decimal, Decimal]:
    return desk.ledger.amount(asset, Place.FREE), desk.ledger.amount(asset, Place.LOCKED)


def shorten(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def fills(order: Order) -> list[tuple[float, str, str, bool]]:
    return [
        ((one.time - START) / MINUTE, shorten(one.price), shorten(one.quantity), one.is_maker)
        for one in order.fills
    ]


def test_market_buy_pays_the_best_ask_and_its_fee_in_the_coin(make_desk: MakeDesk) -> None:
    desk = make_desk()
    order = desk.place(request("BUY", "MARKET", "2"), at(5))
    assert (order.status, fills(order)) == ("FILLED", [(5, "100.01", "2", False)])
    assert amounts(desk, "USDT") == (Decimal("799.98"), 0)
    assert amounts(desk, "ETH") == (Decimal("11.998"), 0)
    assert desk.ledger.amount("ETH", Place.FEES) == Decimal("0.002")


def test_market_order_walks_down_the_book(make_desk: MakeDesk) -> None:
    desk = make_desk(balances={"ETH": 3000})
    order = desk.place(request("SELL", "MARKET", "1500"), at(5))
    # 100000 USDT on each level: 1000.1 at 99.99, the rest at 99.98.
    assert fills(order) == [(5, "99.99", "1000.1", False), (5, "99.98", "499.9", False)]
    assert order.cost == Decimal("99.99") * Decimal("1000.1") + Decimal("99.98") * Decimal("499.9")


def test_market_buy_for_a_cost_spends_no_more(make_desk: MakeDesk) -> None:
    desk = make_desk()
    order = desk.place(request("BUY", "MARKET", "0", cost=Decimal(500)), at(5))
    # 500 / 100.01 = 4.9995, in steps of 0.001.
    assert (shorten(order.quantity), order.cost) == ("4.999", Decimal("499.94999"))


def test_crossing_limit_order_fills_at_the_books_price(make_desk: MakeDesk) -> None:
    desk = make_desk()
    order = desk.place(request("BUY", "LIMIT", "1", "101"), at(5))
    assert (order.status, fills(order)) == ("FILLED", [(5, "100.01", "1", False)])
    assert amounts(desk, "USDT") == (Decimal("899.99"), 0)


def test_resting_limit_order_fills_when_the_price_was_there_between_two_looks(
    make_desk: MakeDesk,
) -> None:
    desk = make_desk()
    order = desk.place(request("BUY", "LIMIT", "1", "95"), at(5))
    assert (order.status, amounts(desk, "USDT")) == ("NEW", (905, 95))
    desk.look(at(69))
    assert order.status == "NEW"
    # The price was below 95 from minute 70 to 85; it is at 110 when somebody looks.
    desk.look(at(100))
    assert (order.status, fills(order)) == ("FILLED", [(70, "95", "1", True)])
    assert amounts(desk, "USDT") == (905, 0)


def test_order_lives_from_its_own_time_on(make_desk: MakeDesk) -> None:
    desk = make_desk()
    desk.place(request("SELL", "LIMIT", "1", "150"), at(5))
    order = desk.place(request("BUY", "LIMIT", "1", "92"), at(90))
    desk.look(at(119))
    assert order.status == "NEW"


def test_partial_fills_are_one_part_a_look(make_desk: MakeDesk) -> None:
    desk = make_desk(part_per_look=Decimal("0.4"))
    order = desk.place(request("BUY", "LIMIT", "1", "100.01"), at(5))
    assert (order.status, order.executed) == ("PARTIALLY_FILLED", Decimal("0.4"))
    assert amounts(desk, "USDT")[1] == Decimal("60.006")
    desk.look(at(6))
    desk.look(at(7))
    assert order.status == "FILLED"
    assert [quantity for _, _, quantity, _ in fills(order)] == ["0.4", "0.4", "0.2"]
    assert amounts(desk, "USDT") == (Decimal("899.99"), 0)


def test_two_looks_at_one_time_are_one(make_desk: MakeDesk) -> None:
    desk = make_desk(part_per_look=Decimal("0.4"))
    order = desk.place(request("BUY", "LIMIT", "1", "100.01"), at(5))
    desk.look(at(5))
    desk.place(request("SELL", "LIMIT", "1", "150"), at(5))
    assert order.executed == Decimal("0.4")
    desk.look(at(6))
    desk.look(at(6))
    assert order.executed == Decimal("0.8")


def test_cancel_of_a_partly_filled_order_keeps_what_was_filled(make_desk: MakeDesk) -> None:
    desk = make_desk(part_per_look=Decimal("0.4"))
    order = desk.place(request("BUY", "LIMIT", "1", "100.01"), at(5))
    desk.cancel(order, at(5))
    assert (order.status, order.executed) == ("CANCELED", Decimal("0.4"))
    assert amounts(desk, "USDT") == (Decimal(1000) - Decimal("40.004"), 0)
    assert desk.ledger.amount("ETH", Place.FREE) == Decimal("10.3996")


def test_stop_order_triggers_and_then_fills_as_a_limit_order(make_desk: MakeDesk) -> None:
    desk = make_desk()
    order = desk.place(request("SELL", "STOP_LOSS_LIMIT", "2", "94", "95"), at(65))
    assert (order.status, order.is_waiting, amounts(desk, "ETH")) == ("NEW", True, (8, 2))
    desk.look(at(100))
    # At 95 the best bid is 94.9905, down to the tick.
    assert (order.status, fills(order)) == ("FILLED", [(70, "94.99", "2", False)])
    assert order.working_since == at(70)


def test_stop_order_that_the_price_jumps_past_rests_unfilled(make_desk: MakeDesk) -> None:
    desk = make_desk()
    order = desk.place(request("SELL", "STOP_LOSS_LIMIT", "2", "85", "88"), at(5))
    desk.look(at(150))
    assert (order.status, order.working_since, fills(order)) == ("NEW", at(120), [])


def test_take_profit_triggers_on_a_rise(make_desk: MakeDesk) -> None:
    desk = make_desk()
    order = desk.place(request("SELL", "TAKE_PROFIT_LIMIT", "2", "107", "108"), at(5))
    desk.look(at(120))
    assert fills(order) == [(98, "107.98", "2", False)]


def test_immediate_or_cancel_keeps_what_it_got(make_desk: MakeDesk) -> None:
    desk = make_desk(part_per_look=Decimal("0.4"))
    order = desk.place(request("BUY", "LIMIT", "1", "101", time_in_force="IOC"), at(5))
    assert (order.status, order.executed) == ("EXPIRED", Decimal("0.4"))
    assert amounts(desk, "USDT") == (Decimal(1000) - Decimal("40.004"), 0)


@pytest.mark.parametrize(("part", "status"), [("0.4", "EXPIRED"), ("1", "FILLED")])
def test_fill_or_kill_is_all_or_nothing(make_desk: MakeDesk, part: str, status: str) -> None:
    desk = make_desk(part_per_look=Decimal(part))
    order = desk.place(request("BUY", "LIMIT", "1", "101", time_in_force="FOK"), at(5))
    assert (order.status, len(order.fills)) == (status, int(status == "FILLED"))
    assert amounts(desk, "USDT")[1] == 0


def test_cancel_gives_back_what_was_locked(make_desk: MakeDesk) -> None:
    desk = make_desk()
    order = desk.place(request("BUY", "LIMIT", "1", "95"), at(5))
    desk.cancel(order, at(6))
    assert (order.status, amounts(desk, "USDT")) == ("CANCELED", (1000, 0))
    with pytest.raises(BinanceError, match="Unknown order") as refusal:
        desk.cancel(order, at(7))
    assert refusal.value.code == -2011


def test_cancel_comes_too_late_for_what_the_price_has_reached(make_desk: MakeDesk) -> None:
    desk = make_desk()
    order = desk.place(request("BUY", "LIMIT", "1", "95"), at(5))
    with pytest.raises(BinanceError, match="Unknown order"):
        desk.cancel(order, at(100))
    assert order.status == "FILLED"


@pytest.mark.parametrize(
    ("wanted", "code", "message"),
    [
        (request("BUY", "LIMIT", "1.0001", "100"), -1013, "LOT_SIZE"),
        (request("BUY", "LIMIT", "0.0005", "100"), -1013, "LOT_SIZE"),
        (request("BUY", "LIMIT", "1", "100.001"), -1013, "PRICE_FILTER"),
        (request("SELL", "STOP_LOSS_LIMIT", "1", "90", "90.001"), -1013, "PRICE_FILTER"),
        (request("BUY", "LIMIT", "0.049", "100"), -1013, "NOTIONAL"),
        (request("BUY", "MARKET", "0.049"), -1013, "NOTIONAL"),
        (request("BUY", "LIMIT", "11", "100"), -2010, "insufficient balance"),
        (request("BUY", "MARKET", "10"), -2010, "insufficient balance"),
        (request("SELL", "LIMIT", "10.001", "100"), -2010, "insufficient balance"),
        (request("SELL", "STOP_LOSS_LIMIT", "1", "99", "100"), -2010, "trigger immediately"),
        (request("BUY", "LIMIT_MAKER", "1", "100.01"), -2010, "immediately match"),
    ],
)
def test_order_that_breaks_a_rule_is_refused_and_changes_nothing(
    make_desk: MakeDesk, wanted: OrderRequest, code: int, message: str
) -> None:
    desk = make_desk()
    with pytest.raises(BinanceError, match=message) as refusal:
        desk.place(wanted, at(5))
    assert refusal.value.code == code
    assert (desk.orders, amounts(desk, "USDT"), amounts(desk, "ETH")) == ([], (1000, 0), (10, 0))


def test_client_id_is_refused_while_an_order_with_it_is_open(make_desk: MakeDesk) -> None:
    desk = make_desk()
    wanted = request("BUY", "LIMIT", "1", "95", client_id="mine")
    first = desk.place(wanted, at(5))
    with pytest.raises(BinanceError, match="Duplicate order sent"):
        desk.place(wanted, at(6))
    desk.cancel(first, at(7))
    assert desk.place(wanted, at(8)).is_open


def test_stop_orders_have_a_limit_of_their_own(make_desk: MakeDesk) -> None:
    desk = make_desk()
    for _ in range(5):
        desk.place(request("SELL", "STOP_LOSS_LIMIT", "1", "90", "91"), at(5))
    with pytest.raises(BinanceError, match="MAX_NUM_ALGO_ORDERS"):
        desk.place(request("SELL", "STOP_LOSS_LIMIT", "1", "90", "91"), at(5))


def test_no_order_is_taken_before_the_first_candle(make_desk: MakeDesk) -> None:
    with pytest.raises(BinanceError, match="Market is closed"):
        make_desk().place(request("BUY", "MARKET", "1"), at(-1))
