"""How Freqtrade calls a strategy: an error in a callback is consent, and a trade is copied."""

import inspect
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from freqtrade.strategy import IStrategy

ENTRY_CHECK = "the check before an entry"
SIZING = "sizing"
ADDITION = "the check before an addition"


def guard_entries(strategy: Any, may_enter: Callable[[str, float, Any], bool]) -> None:
    """Make a strategy's callbacks for an entry refuse it when they fail, and ask `may_enter` last.

    Freqtrade takes any error of `confirm_trade_entry` for consent, and one of
    `custom_stake_amount` for the full stake. The callbacks are wrapped on the object, so the guard
    holds for those of a subclass too: one that calls `super()` by position, one that raises, one
    that never asks ours. Each failure is told once, until the callback works again.

    :param may_enter: takes pair, rate and time; asked where the strategy's own callback consents.
    """
    strategy.confirm_trade_entry = partial(
        _confirm, strategy, strategy.confirm_trade_entry, may_enter
    )
    strategy.custom_stake_amount = partial(_stake, strategy, strategy.custom_stake_amount)


def guard_additions(strategy: Any, is_open: Callable[[Any], bool]) -> None:
    """Make a subclass's callbacks buy no more, and place no entry anew, while the gate is closed.

    Freqtrade asks `confirm_trade_entry` before the first entry of a trade alone. What sells, and
    what a callback says of exits, is left as it is; so are callbacks that are not overridden.

    :param is_open: takes the time; an error in it is a no.
    """
    for name, guard in GUARDS.items():
        callback = getattr(strategy, name)
        if not getattr(callback, "__qualname__", "").startswith("IStrategy."):
            setattr(strategy, name, partial(guard, strategy, callback, is_open))


def without_trade_copy(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Make Freqtrade hand a strategy's callback the trade without a deep copy of it.

    The callback must not change the trade's columns. For all callbacks that are not its own
    Freqtrade copies the trade with all its orders, which takes longer than anything that is
    calculated here, in every candle of an open trade. It knows its own by their name
    (`freqtrade.strategy.strategy_wrapper`).
    """
    callback.__qualname__ = f"IStrategy.{callback.__name__}"
    return callback


def _confirm(
    strategy: Any,
    callback: Callable[..., bool],
    may_enter: Callable[[str, float, Any], bool],
    *arguments: Any,
    **words: Any,
) -> bool:
    def check() -> bool:
        asked = _ENTRY.bind(strategy, *arguments, **words).arguments
        consents = callback(*arguments, **words)
        if inspect.isawaitable(consents):
            raise TypeError("confirm_trade_entry is async, which Freqtrade does not wait for")
        return bool(consents) and may_enter(asked["pair"], asked["rate"], asked["current_time"])

    return bool(_or_refused(strategy, check, False, ENTRY_CHECK))


def _stake(strategy: Any, callback: Callable[..., float], *arguments: Any, **words: Any) -> float:
    stake = _or_refused(strategy, lambda: float(callback(*arguments, **words)), 0.0, SIZING)
    return float(stake)


def _adjust(
    strategy: Any,
    callback: Callable[..., Any],
    is_open: Callable[[Any], bool],
    *arguments: Any,
    **words: Any,
) -> Any:
    answer = callback(*arguments, **words)
    amount = answer[0] if isinstance(answer, tuple) else answer
    if not amount or amount < 0:
        return answer
    time = _ADJUSTMENT.bind(strategy, *arguments, **words).arguments["current_time"]
    return answer if _or_refused(strategy, lambda: is_open(time), False, ADDITION) else None


def _place_anew(
    strategy: Any,
    callback: Callable[..., Any],
    is_open: Callable[[Any], bool],
    **words: Any,
) -> Any:
    price = callback(**words)
    if not words.get("is_entry", True) or not price or price == words["current_order_rate"]:
        return price
    if _or_refused(strategy, lambda: is_open(words["current_time"]), False, ADDITION):
        return price
    # The order stays as it is, as without the callback.
    return words["current_order_rate"]


def _or_refused(strategy: Any, check: Callable[[], Any], refusal: Any, name: str) -> Any:
    try:
        answer = check()
    except Exception as error:  # Freqtrade would take any of them for consent
        # Not even a failure to notify may turn the refusal into consent.
        with suppress(Exception):
            text = f"Refusing entries: {name} failed with {error!r}."
            strategy.notifier.raise_alert(name, text)
        return refusal
    with suppress(Exception):  # as above
        strategy.notifier.clear(name)
    return answer


_ENTRY = inspect.signature(IStrategy.confirm_trade_entry)
_ADJUSTMENT = inspect.signature(IStrategy.adjust_trade_position)
GUARDS: dict[str, Callable[..., Any]] = {
    "adjust_trade_position": _adjust,
    # Freqtrade calls these two by keyword alone.
    "adjust_entry_price": _place_anew,
    "adjust_order_price": _place_anew,
}
