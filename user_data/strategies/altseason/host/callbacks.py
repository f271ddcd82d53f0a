"""Guard a strategy's callbacks, since Freqtrade takes an error in one for consent.

Guards are set on the strategy object, so they hold for the callbacks of any parent and subclass,
also for one that raises, calls `super()` by position, or never calls it.
"""

import inspect
import math
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from freqtrade.strategy import IStrategy

from altseason.notifications import Notifier

ENTRY_CHECK = "the check before an entry"
SIZING = "sizing"
ADDITION = "the check before an addition"
# How the notification of a failure begins.
REFUSING = "Refusing entries: "


def is_initialized(strategy: IStrategy) -> bool:
    """Return whether Freqtrade's own `__init__` has run, which a parent might not have called."""
    return "_ft_informative" in vars(strategy)


def guard_entries(
    strategy: Any, notifier: Notifier, may_enter: Callable[[str, float, datetime, str], bool]
) -> None:
    """Refuse an entry if the strategy's own check fails, and else decide by `may_enter`.

    Freqtrade takes any error of `confirm_trade_entry` for consent. A failure is notified once,
    until the callback works again.

    :param may_enter: takes pair, rate, time and side ("long" or "short"); called if the strategy's
        own callback consents.
    """
    _wrap(strategy, "confirm_trade_entry", _confirm, strategy, notifier, may_enter)


def guard_stake(strategy: Any, notifier: Notifier) -> None:
    """Stake nothing if the strategy's sizing fails; Freqtrade would take the full stake."""
    _wrap(strategy, "custom_stake_amount", _stake, notifier)


def guard_orders(
    strategy: Any,
    notifier: Notifier,
    *,
    may_add: Callable[[Any, datetime], bool],
    may_replace: Callable[[Any, datetime], bool],
) -> None:
    """Let a strategy's callbacks add to a position, or replace an entry order, only if allowed.

    Freqtrade calls `confirm_trade_entry` only before the first order of a trade. Sales and exits
    are not affected, nor are callbacks that the strategy does not override.

    :param may_add: takes the trade and the time; an error in it refuses.
    :param may_replace: the same, for entry orders.
    """
    for name, guard, is_allowed in (
        ("adjust_trade_position", _adjust, may_add),
        # Freqtrade calls these two by keyword only.
        ("adjust_entry_price", _replace, may_replace),
        ("adjust_order_price", _replace, may_replace),
    ):
        if _is_overridden(strategy, name):
            _wrap(strategy, name, guard, strategy, notifier, is_allowed)


def run_in_each_loop(strategy: Any, run: Callable[[datetime], None]) -> None:
    """Call a function, which must not raise, before a strategy's own `bot_loop_start`."""
    _wrap(strategy, "bot_loop_start", _loop, run)


def run_after_fills(strategy: Any, run: Callable[[Any, Any], None]) -> None:
    """Call a function with trade and order before a strategy's own `order_filled`.

    Only for a bot: in backtests Freqtrade would deep-copy the trade for it.
    """
    _wrap(strategy, "order_filled", _filled, run)


def keep_entry_signals(strategy: Any, had_signal: Callable[[Any, datetime], bool]) -> None:
    """Decide on exits by the entry signals as they were before some were taken away.

    For a strategy with `ignore_roi_if_entry_signal`: without the signal, Freqtrade would end trades
    by `minimal_roi` that the strategy would have kept open.

    :param had_signal: takes the trade and the time; returns whether an entry signal was taken away.
    """
    _wrap(strategy, "should_exit", _should_exit, had_signal)


def without_trade_copy(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Make Freqtrade pass the trade to a callback without a deep copy of it.

    The callback must not change the trade's columns. In every candle of an open trade, Freqtrade
    copies the trade with all its orders for each callback that is not its own, which takes longer
    than all calculations here. It recognizes its own callbacks by their qualified name
    (`freqtrade.strategy.strategy_wrapper`).
    """
    callback.__qualname__ = f"IStrategy.{callback.__name__}"
    return callback


def _wrap(strategy: Any, name: str, guard: Callable[..., Any], *arguments: Any) -> None:
    """Set a guard around a callback on the strategy object, once."""
    callback = getattr(strategy, name)
    if not (isinstance(callback, partial) and callback.func is guard):
        setattr(strategy, name, partial(guard, callback, *arguments))


def _is_overridden(strategy: Any, name: str) -> bool:
    """Return whether a callback is neither Freqtrade's own nor made `without_trade_copy`."""
    return not getattr(getattr(strategy, name), "__qualname__", "").startswith("IStrategy.")


def _confirm(
    callback: Callable[..., bool],
    strategy: Any,
    notifier: Notifier,
    may_enter: Callable[[str, float, datetime, str], bool],
    *arguments: Any,
    **words: Any,
) -> bool:
    def check() -> bool:
        asked = _ENTRY.bind(strategy, *arguments, **words).arguments
        consents = callback(*arguments, **words)
        if inspect.isawaitable(consents):
            raise TypeError("confirm_trade_entry is async, which Freqtrade does not wait for")
        return bool(consents) and may_enter(
            asked["pair"], asked["rate"], asked["current_time"], asked["side"]
        )

    return bool(_or_refused(notifier, check, False, ENTRY_CHECK))


def _stake(
    callback: Callable[..., float], notifier: Notifier, *arguments: Any, **words: Any
) -> float:
    def calculate() -> float:
        stake = float(callback(*arguments, **words))
        if not math.isfinite(stake):
            raise ValueError(f"expected a stake, found {stake}")
        return stake

    return float(_or_refused(notifier, calculate, 0.0, SIZING))


def _adjust(
    callback: Callable[..., Any],
    strategy: Any,
    notifier: Notifier,
    may_add: Callable[[Any, datetime], bool],
    *arguments: Any,
    **words: Any,
) -> Any:
    answer = callback(*arguments, **words)
    amount = answer[0] if isinstance(answer, tuple) else answer
    if not amount or amount < 0:
        return answer
    asked = _ADJUSTMENT.bind(strategy, *arguments, **words).arguments
    is_allowed = _or_refused(
        notifier, lambda: may_add(asked["trade"], asked["current_time"]), False, ADDITION
    )
    return answer if is_allowed else None


def _replace(
    callback: Callable[..., Any],
    strategy: Any,
    notifier: Notifier,
    may_replace: Callable[[Any, datetime], bool],
    **words: Any,
) -> Any:
    price = callback(**words)
    if not words.get("is_entry", True) or not price or price == words["current_order_rate"]:
        return price
    is_allowed = _or_refused(
        notifier, lambda: may_replace(words["trade"], words["current_time"]), False, ADDITION
    )
    # The order's current rate leaves it as it is.
    return price if is_allowed else words["current_order_rate"]


def _loop(
    callback: Callable[..., Any], run: Callable[[datetime], None], *arguments: Any, **words: Any
) -> Any:
    run(words["current_time"] if "current_time" in words else arguments[0])
    return callback(*arguments, **words)


def _filled(callback: Callable[..., Any], run: Callable[[Any, Any], None], **words: Any) -> Any:
    run(words["trade"], words["order"])
    return callback(**words)


def _should_exit(
    callback: Callable[..., Any],
    had_signal: Callable[[Any, datetime], bool],
    trade: Any,
    rate: float,
    current_time: datetime,
    *,
    enter: bool,
    **words: Any,
) -> Any:
    enter = enter or had_signal(trade, current_time)
    return callback(trade, rate, current_time, enter=enter, **words)


def _or_refused(notifier: Notifier, check: Callable[[], Any], refusal: Any, name: str) -> Any:
    try:
        answer = check()
    except Exception as error:  # Freqtrade would take any error for consent
        # Even if notifying fails, the refusal must not turn into consent.
        with suppress(Exception):
            notifier.raise_alert(name, f"{REFUSING}{name} failed with {error!r}.")
        return refusal
    with suppress(Exception):  # as above
        notifier.clear(name)
    return answer


_ENTRY = inspect.signature(IStrategy.confirm_trade_entry)
_ADJUSTMENT = inspect.signature(IStrategy.adjust_trade_position)
