"""Call a strategy's callbacks as Freqtrade calls them."""

from datetime import UTC, datetime
from typing import Any

from freqtrade.persistence import Trade
from freqtrade.strategy import IStrategy
from freqtrade.strategy.strategy_wrapper import strategy_safe_wrapper

from tests.risk.traders import PAIR, messages


def ask_stake(strategy: IStrategy, pair: str = PAIR, **changes: Any) -> float:
    """Return the stake of an entry; Freqtrade takes the proposed one after any error."""
    words = {"proposed_stake": 990.0, "min_stake": 10.0, "max_stake": 990.0, **changes}
    return strategy_safe_wrapper(strategy.custom_stake_amount, default_retval=990.0)(
        pair=pair,
        current_time=datetime.now(UTC),
        current_rate=100.0,
        leverage=1.0,
        side="long",
        **words,
    )


def confirms(strategy: IStrategy, now: datetime | None = None) -> bool:
    """Return whether an entry is confirmed; Freqtrade takes an error for consent."""
    return strategy_safe_wrapper(strategy.confirm_trade_entry, default_retval=True)(
        pair=PAIR,
        order_type="limit",
        amount=1.0,
        rate=100.0,
        time_in_force="GTC",
        current_time=now or datetime.now(UTC),
        entry_tag=None,
        side="long",
    )


def ask_trim(
    strategy: IStrategy, trade: Trade, rate: float = 100.0, min_stake: float | None = 10.0
) -> Any:
    """Return the stake that Freqtrade would sell (negative) or add."""
    profit = trade.calc_profit_ratio(rate)
    stake, _ = strategy._adjust_trade_position_internal(
        trade=trade,
        current_time=datetime.now(UTC),
        current_rate=rate,
        current_profit=profit,
        min_stake=min_stake,
        max_stake=500.0,
        current_entry_rate=rate,
        current_exit_rate=rate,
        current_entry_profit=profit,
        current_exit_profit=profit,
    )
    return stake


def begin_loop(strategy: IStrategy, now: datetime) -> list[str]:
    """Begin a loop, and return the messages for Telegram since the last one."""
    strategy_safe_wrapper(strategy.bot_loop_start, supress_error=True)(current_time=now)
    sent = messages(strategy)
    strategy.dp._msg_queue.clear()
    return sent
