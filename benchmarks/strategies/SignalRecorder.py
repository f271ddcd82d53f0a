"""AltSeasonStrategy, which also writes its signals to files."""

from pathlib import Path
from typing import Any

import pandas as pd

from AltSeasonStrategy import AltSeasonStrategy


class SignalRecorder(AltSeasonStrategy):
    """Writes the files that BareTwin reads: date, enter_long and exit_long, one row per candle."""

    def advise_exit(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
        """Exit as usual; Freqtrade calls this last, and the exits by the gate are set in it."""
        dataframe = super().advise_exit(dataframe, metadata)
        file = f"{metadata['pair'].replace('/', '_')}.feather"
        signals = dataframe[["date", "enter_long", "exit_long"]].reset_index(drop=True)
        signals.to_feather(Path(self.config["bench_signals"]) / file)
        return dataframe
