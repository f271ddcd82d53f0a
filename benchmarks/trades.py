"""Compare the trades of two backtests."""

from pathlib import Path

import pandas as pd
from freqtrade.data.btanalysis import load_backtest_data
from freqtrade.enums import ExitType

from altseason.host.configuration import quiet_freqtrade

COLUMNS = [
    "pair",
    "open_date",
    "close_date",
    "open_rate",
    "close_rate",
    "stake_amount",
    "profit_abs",
    "exit_reason",
]
SHOWN = 3


def load_trades(folder: Path) -> pd.DataFrame:
    """Load the trades that a backtest has exported, with the columns that have to be equal.

    The reasons of exit signals become Freqtrade's generic one, since the twin has no reasons.
    """
    with quiet_freqtrade():
        trades: pd.DataFrame = load_backtest_data(folder)
    if trades.empty:
        return pd.DataFrame(columns=COLUMNS)
    is_freqtrades = trades["exit_reason"].isin([kind.value for kind in ExitType])
    reasons = trades["exit_reason"].where(is_freqtrades, ExitType.EXIT_SIGNAL.value)
    trades = trades.assign(exit_reason=reasons)[COLUMNS]
    return trades.sort_values(["open_date", "pair"], ignore_index=True)


def describe_differences(strategy: pd.DataFrame, twin: pd.DataFrame) -> list[str]:
    """Return in a few lines what differs, to the last digit; none where nothing does."""
    both = strategy.merge(twin, how="outer", on=COLUMNS, indicator="of")
    lines = []
    for side, name in (("left_only", "strategy"), ("right_only", "twin")):
        alone = both.loc[both["of"] == side, COLUMNS]
        if not alone.empty:
            lines.append(f"{len(alone)} trades of the {name} alone, such as:")
            lines += alone.head(SHOWN).to_string(header=False, index=False).splitlines()
    return lines
