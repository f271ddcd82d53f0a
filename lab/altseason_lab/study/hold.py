"""The baselines without a strategy: buy at the start, hold, sell at the end."""

from collections.abc import Mapping
from datetime import datetime

import pandas as pd
from freqtrade.data.history import load_pair_history

from altseason.host.configuration import Config, data_directory, data_format
from altseason_lab.study.metrics import Outcome, measure


def hold(
    candles: Mapping[str, pd.DataFrame],
    *,
    start: datetime,
    end: datetime,
    fee: float,
    balance: float,
) -> Outcome | None:
    """Measure equal amounts of each coin that has a candle at the start, bought and held.

    Bought at the open of the first candle and sold at the open of the last, where Freqtrade ends
    the open trades of a backtest, with a fee each time and without rebalancing.

    :param candles: by pair.
    :return: None where no coin has a candle at the start, or there is only one candle.
    """
    opens = pd.DataFrame(
        {pair: _find_opens(frame, start, end) for pair, frame in candles.items()}
    ).ffill()
    if start not in opens.index or len(opens) < 2:
        return None
    opens = opens.loc[:, opens.loc[start].notna()]
    if opens.empty:
        return None
    stakes = balance / len(opens.columns)
    amounts = stakes / (opens.iloc[0] * (1 + fee))
    worth = (opens * amounts).sum(axis=1)
    sold = float(worth.iloc[-1])
    final = sold * (1 - fee)
    # Before it buys, and after it has sold.
    worth.iloc[0], worth.iloc[-1] = balance, final
    return measure(
        worth.rename("total_quote").rename_axis("date").reset_index(),
        final=final,
        start=start,
        end=end,
        balance=balance,
        trades=len(opens.columns),
        time_in_market=1.0,
        costs=fee * (float((amounts * opens.iloc[0]).sum()) + sold) / balance,
    )


def load_bitcoin(config: Config) -> dict[str, pd.DataFrame]:
    """Load Bitcoin's candles in the stake currency; empty where none are stored."""
    pair = f"BTC/{config['stake_currency']}"
    candles = load_pair_history(
        pair=pair,
        timeframe=config["timeframe"],
        datadir=data_directory(config),
        data_format=data_format(config),
    )
    return {} if candles.empty else {pair: candles}


def _find_opens(candles: pd.DataFrame, start: datetime, end: datetime) -> "pd.Series[float]":
    within = candles[candles["date"].between(start, end)]
    return within.set_index("date")["open"]
