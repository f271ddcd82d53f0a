"""The extra slippage at stops, which Freqtrade cannot trade and we compute."""

import pandas as pd
from freqtrade.enums import ExitType

from altseason_lab.costs import BASIS_POINT

# What is sold at the market's price because a price was reached.
# https://www.freqtrade.io/en/stable/stoploss/
STOPS = tuple(
    reason.value
    for reason in (
        ExitType.STOP_LOSS,
        ExitType.TRAILING_STOP_LOSS,
        ExitType.STOPLOSS_ON_EXCHANGE,
        ExitType.LIQUIDATION,
    )
)


def find_stopped(trades: pd.DataFrame) -> pd.DataFrame:
    """Select the trades that ended at a stop, the trailing ones included.

    :param trades: as Freqtrade exports them, with `exit_reason`.
    """
    return trades[trades["exit_reason"].isin(STOPS)]


def calculate_stop_extra(trades: pd.DataFrame, slippage: float) -> float:
    """Sum up what stops would have cost more: amount x close_rate x slippage / 10,000 for each.

    Freqtrade's backtest ends a trade at the stop's price or, past it, at the candle's open
    (`Backtesting._get_close_rate_for_stoploss`). The exported `amount` is what was left to sell
    then: what a strategy sold before is no longer in it.

    :param trades: as Freqtrade exports them: amount in the coin, close_rate in the stake currency.
    :param slippage: in basis points of the worth that is sold.
    :return: in the stake currency, from 0.
    """
    stopped = find_stopped(trades)
    worth = stopped["amount"].astype("float64") * stopped["close_rate"].astype("float64")
    return float(worth.sum() * slippage * BASIS_POINT)
