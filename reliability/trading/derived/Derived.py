"""A strategy as a user might derive it, with its own callbacks; a real bot loads it."""

from datetime import datetime
from typing import Any

from freqtrade.persistence import Order, Trade

from AltSeasonStrategy import AltSeasonStrategy

RAISES_EVERY_MINUTES = 30


class Derived(AltSeasonStrategy):
    """Calls overridden methods by position, as Freqtrade documents it, and fails now and then."""

    def bot_loop_start(self, current_time: datetime, **kwargs: Any) -> None:
        super().bot_loop_start(current_time, **kwargs)
        if current_time.minute % RAISES_EVERY_MINUTES == 0:
            raise KeyError("a column that is not there")

    def custom_stake_amount(
        self,
        pair: str,
        current_time: datetime,
        current_rate: float,
        proposed_stake: float,
        min_stake: float | None,
        max_stake: float,
        leverage: float,
        entry_tag: str | None,
        side: str,
        **kwargs: Any,
    ) -> float:
        return super().custom_stake_amount(
            pair,
            current_time,
            current_rate,
            proposed_stake,
            min_stake,
            max_stake,
            leverage,
            entry_tag,
            side,
            **kwargs,
        )

    def confirm_trade_entry(
        self,
        pair: str,
        order_type: str,
        amount: float,
        rate: float,
        time_in_force: str,
        current_time: datetime,
        entry_tag: str | None,
        side: str,
        **kwargs: Any,
    ) -> bool:
        return super().confirm_trade_entry(
            pair, order_type, amount, rate, time_in_force, current_time, entry_tag, side, **kwargs
        )

    def order_filled(
        self, pair: str, trade: Trade, order: Order, current_time: datetime, **kwargs: Any
    ) -> None:
        trade.set_custom_data("fills", trade.get_custom_data("fills", 0) + 1)
