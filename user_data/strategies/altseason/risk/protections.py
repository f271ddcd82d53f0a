"""Freqtrade's own protections, with values that fit 1 h candles and a risk of 2 % a trade.

https://www.freqtrade.io/en/stable/plugins/#protections
"""

from typing import Any

CANDLES_PER_DAY, CANDLES_PER_WEEK = 24, 7 * 24


def build_protections(cooldown: int, stops: int, drawdown: float) -> list[dict[str, Any]]:
    """Return the list that Freqtrade reads.

    :param cooldown: candles after an exit during which a pair is not entered again.
    :param stops: how many stop-losses within a day, over all pairs, halt entries for half a day.
    :param drawdown: the drawdown within a week, a ratio, that halts entries for a day.
    """
    return [
        {"method": "CooldownPeriod", "stop_duration_candles": cooldown},
        {
            "method": "StoplossGuard",
            "lookback_period_candles": CANDLES_PER_DAY,
            "trade_limit": stops,
            "stop_duration_candles": CANDLES_PER_DAY // 2,
            "only_per_pair": False,
        },
        {
            # Fewer trades may be no more than bad luck.
            "method": "MaxDrawdown",
            "lookback_period_candles": CANDLES_PER_WEEK,
            "trade_limit": 5,
            "stop_duration_candles": CANDLES_PER_DAY,
            "max_allowed_drawdown": drawdown,
            "calculation_mode": "equity",
        },
        {
            # A pair that lost over its last three trades of a week pauses for a day.
            "method": "LowProfitPairs",
            "lookback_period_candles": CANDLES_PER_WEEK,
            "trade_limit": 3,
            "stop_duration_candles": CANDLES_PER_DAY,
            "required_profit": 0.0,
        },
    ]
