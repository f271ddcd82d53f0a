"""A strategy that trades, in dry-run or live mode, called as by Freqtrade."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

from freqtrade.strategy import IStrategy
from freqtrade.strategy.strategy_wrapper import strategy_safe_wrapper

from altseason.dominance.store import DominanceStore
from tests.conftest import dominance_candles

Load = Callable[..., IStrategy]
MIDNIGHT = datetime(2026, 5, 27, tzinfo=UTC)
ENTRY = {
    "pair": "ETH/USDT",
    "order_type": "limit",
    "amount": 1.0,
    "rate": 100.0,
    "time_in_force": "GTC",
    "entry_tag": "alt_season_momentum",
    "side": "long",
}


# Callbacks of a strategy: one that buys or sells, and one that moves an entry order to 101.
ADJUSTS = """
    position_adjustment_enable = True

    def adjust_trade_position(self, trade, current_time, current_rate, current_profit, min_stake,
                              max_stake, current_entry_rate, current_exit_rate,
                              current_entry_profit, current_exit_profit, **kwargs):
        return {answer}
"""
MOVES_ORDERS = """
    def adjust_entry_price(self, trade, order, pair, current_time, proposed_rate,
                           current_order_rate, entry_tag, side, **kwargs):
        return 101.0
"""


def store_days(folder: Path, closes: list[float], end: datetime) -> None:
    """Store days, the last of which ends at a midnight."""
    begin = end - timedelta(days=len(closes))
    DominanceStore(folder).append(dominance_candles(closes, f"{begin:%Y-%m-%d}"), "1d")


def confirm(strategy: IStrategy, now: datetime, side: str = "long") -> bool:
    """Return whether an entry is confirmed; as in Freqtrade, any error would be consent."""
    return strategy_safe_wrapper(strategy.confirm_trade_entry, default_retval=True)(
        **{**ENTRY, "current_time": now, "side": side}
    )


def adjust(strategy: IStrategy, now: datetime) -> tuple[float | None, str]:
    """Return what an open trade is to buy or sell, called as by Freqtrade."""
    return strategy._adjust_trade_position_internal(
        trade=open_trade(1),
        current_time=now,
        current_rate=100.0,
        current_profit=0.0,
        min_stake=5.0,
        max_stake=100.0,
        current_entry_rate=100.0,
        current_exit_rate=100.0,
        current_entry_profit=0.0,
        current_exit_profit=0.0,
    )


def replace(
    strategy: IStrategy, now: datetime, *, entries: int = 1, is_entry: bool = True
) -> float:
    """Return the new price of an order at 100, called as by Freqtrade."""
    return strategy.adjust_order_price(
        trade=open_trade(entries),
        order=None,
        pair="ETH/USDT",
        current_time=now,
        proposed_rate=102.0,
        current_order_rate=100.0,
        entry_tag="mine",
        side="long",
        is_entry=is_entry,
    )


def open_trade(entries: int) -> SimpleNamespace:
    """All that the gate reads of a trade with some filled entries."""
    return SimpleNamespace(pair="ETH/USDT", is_short=False, nr_of_successful_entries=entries)


def messages(strategy: IStrategy) -> list[str]:
    """Return the messages that wait for Telegram, and empty the queue."""
    waiting = list(strategy.dp._msg_queue)
    strategy.dp._msg_queue.clear()
    return waiting
