"""Orders along a price that is known: fills, locks and refusals, worked out by hand."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from altseason_lab.emulator.errors import BinanceError
from altseason_lab.emulator.live import LiveMarket
from tests.exchange.accounts import ETH, MINUTE, START, make_account, store_hours
from tests.exchange.engine import MatchingEngine
from tests.exchange.ledger import Bucket
from tests.exchange.orders import NewOrder, Order

MakeEngine = Callable[..., MatchingEngine]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> LiveMarket:
    return store_hours(tmp_path_factory.mktemp("hours"))


@pytest.fixture
def make_engine(market: LiveMarket) -> MakeEngine:
    return lambda **words: MatchingEngine(make_account(**words), market)


def at(minute: float) -> int:
    return START + int(minute * MINUTE)


def request(side: str, order_type: str, quantity: str, *prices: str, **words: Any) -> NewOrder:
    """An order; prices are its price and its stop price."""
    price, stop = (Decimal(text) for text in (*prices, "0", "0")[:2])
    return NewOrder(
        symbol=ETH,
        side=side,
        type=order_type,
        quantity=Decimal(quantity),
        price=price,
        stop_price=stop,
        **words,
    )


def amounts(engine: MatchingEngine, asset: str) -> tuple[Decimal, Decimal]:
    return engine.ledger.amount(asset, Bucket.FREE), engine.ledger.amount(asset, Bucket.LOCKED)


def shorten(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def fills(order: Order) -> list[tuple[float, str, str, bool]]:
    return [
        ((one.time - START) / MINUTE, shorten(one.price), shorten(one.quantity), one.is_maker)
        for one in order.fills
    ]


def test_market_buy_pays_the_best_ask_and_its_fee_in_the_coin(make_engine: MakeEngine) -> None:
    engine = make_engine()
    order = engine.place(request("BUY", "MARKET", "2"), at(5))
    assert (order.status, fills(order)) == ("FILLED", [(5, "100.01", "2", False)])
    assert amounts(engine, "USDT") == (Decimal("799.98"), 0)
    assert amounts(engine, "ETH") == (Decimal("11.998"), 0)
    assert engine.ledger.amount("ETH", Bucket.FEES) == Decimal("0.002")


def test_market_order_walks_down_the_book(make_engine: MakeEngine) -> None:
    engine = make_engine(balances={"ETH": 3000})
    order = engine.place(request("SELL", "MARKET", "1500"), at(5))
    # 100000 USDT on each level: 1000.1 at 99.99, the rest at 99.98.
    assert fills(order) == [(5, "99.99", "1000.1", False), (5, "99.98", "499.9", False)]
    assert order.cost == Decimal("99.99") * Decimal("1000.1") + Decimal("99.98") * Decimal("499.9")


def test_market_buy_for_a_cost_spends_no_more(make_engine: MakeEngine) -> None:
    engine = make_engine()
    order = engine.place(request("BUY", "MARKET", "0", cost=Decimal(500)), at(5))
    # 500 / 100.01 = 4.9995, in steps of 0.001.
    assert (shorten(order.quantity), order.cost) == ("4.999", Decimal("499.94999"))


def test_crossing_limit_order_fills_at_the_books_price(make_engine: MakeEngine) -> None:
    engine = make_engine()
    order = engine.place(request("BUY", "LIMIT", "1", "101"), at(5))
    assert (order.status, fills(order)) == ("FILLED", [(5, "100.01", "1", False)])
    assert amounts(engine, "USDT") == (Decimal("899.99"), 0)


def test_resting_limit_order_fills_when_the_price_was_there_between_two_looks(
    make_engine: MakeEngine,
) -> None:
    engine = make_engine()
    order = engine.place(request("BUY", "LIMIT", "1", "95"), at(5))
    assert (order.status, amounts(engine, "USDT")) == ("NEW", (905, 95))
    engine.update(at(69))
    assert order.status == "NEW"
    # The price was below 95 from minute 70 to 85; it is at 110 when somebody looks.
    engine.update(at(100))
    assert (order.status, fills(order)) == ("FILLED", [(70, "95", "1", True)])
    assert amounts(engine, "USDT") == (905, 0)


def test_order_lives_from_its_own_time_on(make_engine: MakeEngine) -> None:
    engine = make_engine()
    engine.place(request("SELL", "LIMIT", "1", "150"), at(5))
    order = engine.place(request("BUY", "LIMIT", "1", "92"), at(90))
    engine.update(at(119))
    assert order.status == "NEW"


def test_partial_fills_are_one_part_a_look(make_engine: MakeEngine) -> None:
    engine = make_engine(max_fill_fraction=Decimal("0.4"))
    order = engine.place(request("BUY", "LIMIT", "1", "100.01"), at(5))
    assert (order.status, order.executed) == ("PARTIALLY_FILLED", Decimal("0.4"))
    assert amounts(engine, "USDT")[1] == Decimal("60.006")
    engine.update(at(6))
    engine.update(at(7))
    assert order.status == "FILLED"
    assert [quantity for _, _, quantity, _ in fills(order)] == ["0.4", "0.4", "0.2"]
    assert amounts(engine, "USDT") == (Decimal("899.99"), 0)


def test_two_looks_at_one_time_are_one(make_engine: MakeEngine) -> None:
    engine = make_engine(max_fill_fraction=Decimal("0.4"))
    order = engine.place(request("BUY", "LIMIT", "1", "100.01"), at(5))
    engine.update(at(5))
    engine.place(request("SELL", "LIMIT", "1", "150"), at(5))
    assert order.executed == Decimal("0.4")
    engine.update(at(6))
    engine.update(at(6))
    assert order.executed == Decimal("0.8")


def test_cancel_of_a_partly_filled_order_keeps_what_was_filled(make_engine: MakeEngine) -> None:
    engine = make_engine(max_fill_fraction=Decimal("0.4"))
    order = engine.place(request("BUY", "LIMIT", "1", "100.01"), at(5))
    engine.cancel(order, at(5))
    assert (order.status, order.executed) == ("CANCELED", Decimal("0.4"))
    assert amounts(engine, "USDT") == (Decimal(1000) - Decimal("40.004"), 0)
    assert engine.ledger.amount("ETH", Bucket.FREE) == Decimal("10.3996")


def test_stop_order_triggers_and_then_fills_as_a_limit_order(make_engine: MakeEngine) -> None:
    engine = make_engine()
    order = engine.place(request("SELL", "STOP_LOSS_LIMIT", "2", "94", "95"), at(65))
    assert (order.status, order.is_waiting, amounts(engine, "ETH")) == ("NEW", True, (8, 2))
    engine.update(at(100))
    # At 95 the best bid is 94.9905, down to the tick.
    assert (order.status, fills(order)) == ("FILLED", [(70, "94.99", "2", False)])
    assert order.working_since == at(70)


def test_stop_order_that_the_price_jumps_past_rests_unfilled(make_engine: MakeEngine) -> None:
    engine = make_engine()
    order = engine.place(request("SELL", "STOP_LOSS_LIMIT", "2", "85", "88"), at(5))
    engine.update(at(150))
    assert (order.status, order.working_since, fills(order)) == ("NEW", at(120), [])


def test_take_profit_triggers_on_a_rise(make_engine: MakeEngine) -> None:
    engine = make_engine()
    order = engine.place(request("SELL", "TAKE_PROFIT_LIMIT", "2", "107", "108"), at(5))
    engine.update(at(120))
    assert fills(order) == [(98, "107.98", "2", False)]


def test_immediate_or_cancel_keeps_what_it_got(make_engine: MakeEngine) -> None:
    engine = make_engine(max_fill_fraction=Decimal("0.4"))
    order = engine.place(request("BUY", "LIMIT", "1", "101", time_in_force="IOC"), at(5))
    assert (order.status, order.executed) == ("EXPIRED", Decimal("0.4"))
    assert amounts(engine, "USDT") == (Decimal(1000) - Decimal("40.004"), 0)


@pytest.mark.parametrize(("part", "status"), [("0.4", "EXPIRED"), ("1", "FILLED")])
def test_fill_or_kill_is_all_or_nothing(make_engine: MakeEngine, part: str, status: str) -> None:
    engine = make_engine(max_fill_fraction=Decimal(part))
    order = engine.place(request("BUY", "LIMIT", "1", "101", time_in_force="FOK"), at(5))
    assert (order.status, len(order.fills)) == (status, int(status == "FILLED"))
    assert amounts(engine, "USDT")[1] == 0


def test_cancel_gives_back_what_was_locked(make_engine: MakeEngine) -> None:
    engine = make_engine()
    order = engine.place(request("BUY", "LIMIT", "1", "95"), at(5))
    engine.cancel(order, at(6))
    assert (order.status, amounts(engine, "USDT")) == ("CANCELED", (1000, 0))
    with pytest.raises(BinanceError, match="Unknown order") as refusal:
        engine.cancel(order, at(7))
    assert refusal.value.code == -2011


def test_cancel_comes_too_late_for_what_the_price_has_reached(make_engine: MakeEngine) -> None:
    engine = make_engine()
    order = engine.place(request("BUY", "LIMIT", "1", "95"), at(5))
    with pytest.raises(BinanceError, match="Unknown order"):
        engine.cancel(order, at(100))
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
    make_engine: MakeEngine, wanted: NewOrder, code: int, message: str
) -> None:
    engine = make_engine()
    with pytest.raises(BinanceError, match=message) as refusal:
        engine.place(wanted, at(5))
    assert refusal.value.code == code
    assert (engine.orders, amounts(engine, "USDT"), amounts(engine, "ETH")) == (
        [],
        (1000, 0),
        (10, 0),
    )


def test_client_id_is_refused_while_an_order_with_it_is_open(make_engine: MakeEngine) -> None:
    engine = make_engine()
    wanted = request("BUY", "LIMIT", "1", "95", client_id="mine")
    first = engine.place(wanted, at(5))
    with pytest.raises(BinanceError, match="Duplicate order sent"):
        engine.place(wanted, at(6))
    engine.cancel(first, at(7))
    assert engine.place(wanted, at(8)).is_open


def test_stop_orders_have_a_limit_of_their_own(make_engine: MakeEngine) -> None:
    engine = make_engine()
    for _ in range(5):
        engine.place(request("SELL", "STOP_LOSS_LIMIT", "1", "90", "91"), at(5))
    with pytest.raises(BinanceError, match="MAX_NUM_ALGO_ORDERS"):
        engine.place(request("SELL", "STOP_LOSS_LIMIT", "1", "90", "91"), at(5))


def test_no_order_is_taken_before_the_first_candle(make_engine: MakeEngine) -> None:
    with pytest.raises(BinanceError, match="Market is closed"):
        make_engine().place(request("BUY", "MARKET", "1"), at(-1))
