"""Stop slippage: Freqtrade's backtest has none, so it is calculated from its trades."""

import pandas as pd
from freqtrade.enums import ExitType

BASIS_POINT = 0.0001

# Market orders that a price triggers.
# https://www.freqtrade.io/en/stable/stoploss/
STOP_REASONS = tuple(
    reason.value
    for reason in (
        ExitType.STOP_LOSS,
        ExitType.TRAILING_STOP_LOSS,
        ExitType.STOPLOSS_ON_EXCHANGE,
        ExitType.LIQUIDATION,
    )
)


def as_ratio(basis_points: float) -> float:
    """Convert basis points to the ratio that a person would type for `--fee`."""
    return round(basis_points * BASIS_POINT, 10)


def find_stopped(trades: pd.DataFrame) -> pd.DataFrame:
    """Return the trades that ended at a stop, trailing ones included.

    :param trades: as Freqtrade exports them, with `exit_reason`.
    """
    return trades[trades["exit_reason"].isin(STOP_REASONS)]


def calculate_stop_cost(trades: pd.DataFrame, slippage: float) -> float:
    """Return the sum over all stops of amount x close_rate x slippage / 10,000.

    Freqtrade's backtest ends a trade at the stop's price or, past it, at the candle's open
    (`Backtesting._get_close_rate_for_stoploss`). The exported `amount` is what was sold at the end,
    without what the strategy sold before.

    :param trades: as Freqtrade exports them: amount in the coin, close_rate in the stake currency.
    :param slippage: in basis points of the value that is sold.
    :return: in the stake currency, from 0.
    """
    stopped = find_stopped(trades)
    value = stopped["amount"].astype("float64") * stopped["close_rate"].astype("float64")
    return float(value.sum() * slippage * BASIS_POINT)
