"""A strategy that trades, dry or live, as Freqtrade calls it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

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


def store_days(folder: Path, closes: list[float], end: datetime) -> None:
    """Store days, of which the last ends at a midnight."""
    begin = end - timedelta(days=len(closes))
    DominanceStore(folder).append(dominance_candles(closes, f"{begin:%Y-%m-%d}"), "1d")


def confirm(strategy: IStrategy, now: datetime) -> bool:
    """Ask as Freqtrade does, where any error would be a yes."""
    return strategy_safe_wrapper(strategy.confirm_trade_entry, default_retval=True)(
        current_time=now, **ENTRY
    )


def messages(strategy: IStrategy) -> list[str]:
    """What waits for Telegram, taken out of the queue."""
    waiting = list(strategy.dp._msg_queue)
    strategy.dp._msg_queue.clear()
    return waiting
