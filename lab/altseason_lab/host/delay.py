"""Late signals, like those of a slow bot; Freqtrade's backtest has none."""

import pandas as pd
from freqtrade.enums import SignalTagType, SignalType
from freqtrade.strategy import IStrategy


def delay_signals(dataframe: pd.DataFrame, candles: int) -> pd.DataFrame:
    """Return an analyzed dataframe with its signals moved some candles into the future.

    Then the first rows have no signal, and the last signals are lost. No other column is moved.

    :param candles: by how many, from 0.
    """
    delayed = dataframe.copy()
    for signal in SignalType:
        if signal.value in delayed:
            delayed[signal.value] = delayed[signal.value].shift(candles, fill_value=0)
    for tag in SignalTagType:
        if tag.value in delayed:
            # Freqtrade initializes tags as empty; a column of objects accepts that.
            delayed[tag.value] = delayed[tag.value].astype(object).shift(candles, fill_value="")
    return delayed


def delay_strategy(strategy: IStrategy, candles: int) -> None:
    """Delay the signals of this strategy object, but not of others of its class.

    Freqtrade itself delays signals by one candle more: it trades at the open of the next one.
    """
    if not candles:
        return
    advise = strategy.ft_advise_signals

    def advise_later(dataframe: pd.DataFrame, metadata: dict[str, str]) -> pd.DataFrame:
        return delay_signals(advise(dataframe, metadata), candles)

    strategy.ft_advise_signals = advise_later
