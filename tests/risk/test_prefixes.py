"""The prefixes by which two bots on one account recognize their orders, as ccxt sends them."""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ccxt

from altseason.risk.exchange_orders import has_own_prefix
from altseason_lab.emulator.in_thread import in_thread
from tests.conftest import ROOT
from tests.exchange.accounts import HandClock, connect, make_account, store_hours
from tests.exchange.server import run_exchange

PAIR = "ETH/USDT"
WORDS = (PAIR, "limit", "buy", 1, 95)


def owns(bot: ccxt.Exchange, order: dict[str, Any]) -> bool:
    return has_own_prefix(order, SimpleNamespace(_api=bot))


def test_bot_with_the_prefix_of_the_document_knows_its_orders_from_another_bots(tmp_path: Path):
    text = (ROOT / "docs" / "risk.md").read_text()
    [block] = [one for one in re.findall(r"^```json\n(.*?)^```", text, re.S | re.M) if "x-" in one]
    settings = json.loads(f"{{{block}}}")["exchange"]["ccxt_config"]
    clock = HandClock()
    clock.set_minute(5)
    with in_thread(run_exchange(store_hours(tmp_path), make_account(), clock)) as url:
        plain, mine = connect(url, clock), connect(url, clock)
        # As Freqtrade passes `ccxt_config` on.
        mine.options = ccxt.Exchange.deep_extend(mine.options, settings["options"])
        theirs, ours = plain.create_order(*WORDS), mine.create_order(*WORDS)
        by_hand = plain.create_order(*WORDS, {"newClientOrderId": "web_123"})
        listed = {order["id"]: order for order in plain.fetch_open_orders(PAIR)}
    assert ours["clientOrderId"].startswith("x-MYBOT1")
    for bot, own in ((plain, theirs), (mine, ours)):
        found = [order["id"] for order in (ours, theirs, by_hand) if owns(bot, listed[order["id"]])]
        assert found == [own["id"]]


def test_order_of_okx_is_known_by_the_prefix_that_ccxt_sends():
    bot = ccxt.okx()
    market = {"id": "ETH-USDT", "symbol": PAIR, "type": "spot", "spot": True, "contract": False}
    market |= {"precision": {"amount": 1e-6, "price": 0.01}, "base": "ETH", "quote": "USDT"}
    bot.markets, bot.markets_by_id = {PAIR: market}, {"ETH-USDT": [market]}
    sent = bot.create_order_request(*WORDS)["clOrdId"]
    assert len(sent) > len(bot.options["brokerId"])
    assert owns(bot, {"clientOrderId": sent})
    assert not owns(bot, {"clientOrderId": "mine1"})
