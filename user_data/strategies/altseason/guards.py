"""How Freqtrade calls a strategy: an error in a callback is consent, and a trade is copied."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any


def fails_closed(refusal: Any, check: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Have a strategy's callback refuse the entry when it fails; told once, until it works again.

    :param refusal: what the callback returns then.
    :param check: what has failed, for the message.
    """

    def decorate(callback: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(callback)
        def guarded(self: Any, **arguments: Any) -> Any:
            try:
                answer = callback(self, **arguments)
            except Exception as error:
                # Not even a failure to tell may turn the refusal into consent.
                with suppress(Exception):
                    text = f"Entries are refused, since {check} failed: {error!r}"
                    self.telling.alert(text, about=check)
                return refusal
            self.telling.forget(check)
            return answer

        return guarded

    return decorate


def takes_trade_itself(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Have Freqtrade hand a strategy's callback the trade itself, which it does not change.

    For all callbacks that are not its own Freqtrade copies the trade with all its orders, which
    takes longer than anything that is calculated here, in every candle of an open trade. It knows
    its own by their name (`freqtrade.strategy.strategy_wrapper`).
    """
    callback.__qualname__ = f"IStrategy.{callback.__name__}"
    return callback
