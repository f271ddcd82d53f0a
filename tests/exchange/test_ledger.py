"""The ledger: whatever is ordered, of each coin there is as much as there was."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from altseason_lab.emulator.errors import BinanceError
from altseason_lab.emulator.live import LiveMarket
from tests.exchange.accounts import ETH, MINUTE, START, make_account, store_hours
from tests.exchange.engine import MatchingEngine
from tests.exchange.ledger import USERS, Bucket, Ledger
from tests.exchange.orders import NewOrder


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> LiveMarket:
    return store_hours(tmp_path_factory.mktemp("hours"))


def test_ledger_books_nothing_that_the_user_does_not_have() -> None:
    ledger = Ledger({"USDT": Decimal(5)})
    with pytest.raises(ValueError, match=r"expected USDT for 5\.1 free, found 5"):
        ledger.move("USDT", Decimal("5.1"), Bucket.FREE, Bucket.LOCKED)
    assert ledger.amount("USDT", Bucket.FREE) == 5


hundredths = st.integers(min_value=7900, max_value=11100).map(lambda n: Decimal(n) / 100)
steps = st.fixed_dictionaries(
    {
        "minutes": st.integers(min_value=0, max_value=40),
        "side": st.sampled_from(["BUY", "SELL"]),
        "type": st.sampled_from(
            ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"]
        ),
        "time_in_force": st.sampled_from(["GTC", "GTC", "IOC", "FOK"]),
        "quantity": st.integers(min_value=1, max_value=6000).map(lambda n: Decimal(n) / 1000),
        "price": hundredths,
        "stop_price": hundredths,
        "cancels": st.booleans(),
    }
)


@settings(deadline=None, max_examples=100)
@given(st.lists(steps, max_size=12), st.sampled_from(["0.15", "0.4", "1"]))
def test_whatever_is_ordered_nothing_is_made_and_nothing_is_lost(
    market: LiveMarket, wanted: list[dict[str, Any]], part: str
) -> None:
    engine = MatchingEngine(make_account(max_fill_fraction=Decimal(part)), market)
    minute = 0
    for step in wanted:
        minute += step["minutes"]
        words = {name: step[name] for name in ("side", "type", "quantity", "time_in_force")}
        if words["type"] == "MARKET":
            words["time_in_force"] = "GTC"
        else:
            words |= {name: step[name] for name in ("price", "stop_price")}
        order = NewOrder(symbol=ETH, **words)
        refusal = place(engine, order, START + minute * MINUTE, cancels=step["cancels"])
        assert refusal in (None, -1013, -2010, -2011)
        assert_books_balance(engine)
    engine.update(START + (minute + 300) * MINUTE)
    assert_books_balance(engine)


def place(engine: MatchingEngine, order: NewOrder, time: int, *, cancels: bool) -> int | None:
    """Place an order, and cancel it at once or not; return the code of a refusal."""
    try:
        placed = engine.place(order, time)
        if cancels:
            engine.cancel(placed, time)
    except BinanceError as refusal:
        return refusal.code
    return None


def assert_books_balance(engine: MatchingEngine) -> None:
    assert (engine.ledger.total("USDT"), engine.ledger.total("ETH")) == (1000, 10)
    for asset in ("USDT", "ETH"):
        free, locked = (engine.ledger.amount(asset, place) for place in USERS)
        held = [order.locked for order in engine.orders if order.given_asset == asset]
        assert (min(free, locked) >= 0, locked) == (True, sum(held))
    for order in engine.orders:
        assert order.locked == (order.needed if order.is_open else 0)
        assert 0 <= order.executed <= order.quantity
        assert (order.status == "FILLED") == (order.remaining == 0)
        for fill in order.fills:
            is_worse = (
                fill.price > order.request.price
                if order.is_buy
                else (fill.price < order.request.price)
            )
            assert order.is_market or not is_worse
            assert fill.fee <= Decimal("0.001") * (fill.quantity if order.is_buy else fill.cost)
            assert order.time <= fill.time <= order.updated
