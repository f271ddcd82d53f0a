"""Fixtures: a trade with its entry, and a bot whose orders are noted."""

from collections.abc import Callable

import pytest
from freqtrade.persistence import Trade
from freqtrade.strategy import IStrategy

from altseason.risk.sent_orders import watch_orders
from tests.risk.records import ENTRY, OPENED, order_of_freqtrade
from tests.risk.traders import open_trade


@pytest.fixture
def trade(database: None) -> Trade:
    """One coin, bought for 100."""
    return open_trade(orders=[order_of_freqtrade(ENTRY, "buy", is_open=False)], open_date=OPENED)


@pytest.fixture
def strategy(load_live: Callable[..., IStrategy]) -> IStrategy:
    """A live bot whose orders go to `api`, and are noted."""
    strategy = load_live()
    exchange = strategy.dp._exchange
    exchange._config["dry_run"] = False
    watch_orders(exchange)
    return strategy
