"""FreqAI's model of `AltSeasonFreqAI`: one fit of the entries of all pairs, which serves them all.

FreqAI trains a model for each pair, one after another. Here the first pair that is due fits the
entries of all pairs, and hands the model to the others: in backtests for the same window, in
trading at once. What FreqAI keeps for it, such as the models on disk and the past predictions, is
left to it.
"""

import logging
import shutil
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from freqtrade.configuration import TimeRange
from freqtrade.exceptions import FreqtradeException
from freqtrade.freqai.data_kitchen import FreqaiDataKitchen
from freqtrade.freqai.freqai_interface import IFreqaiModel

from altseason.errors import SettingsError, TooFewRowsError
from altseason.learning.configuration import LABEL
from altseason.learning.labels import TAKE_PROFIT
from altseason.learning.model import PooledModel, fit_pooled
from altseason.learning.pool import pool_rows

# FreqAI loads this file under no package's name.
logger = logging.getLogger("altseason.learning.pooled")

Load = Callable[[str], pd.DataFrame]
# FreqAI would train again at once where training has failed, and so on for ever.
RETRY_SECONDS = 3600


class AltSeasonPooled(IFreqaiModel):
    """Fit the rules' entries of all pairs at once.

    :ivar problem: why the last training has made no model; empty where it has.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        try:
            super().__init__(config)
        except (FreqtradeException, ImportError):
            raise
        # A file that a power cut has left half written raises anything.
        except Exception as error:
            # FileNotFoundError: FreqAI's backup of a damaged file, where there is none.
            if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
                # The disk's fault, and not that of the files, which stay.
                raise SettingsError(
                    f"{self.full_path}: FreqAI cannot use its folder: {error}; make it writable "
                    f"for the bot, with space left"
                ) from error
            # The bot would not start, and leave its open trades alone.
            _set_aside(self.full_path, error)
            super().__init__(config)
        self.problem = ""
        self._strategy: Any = None
        # By the first and the last second of their windows; None where there were too few entries.
        self._fits: dict[tuple[int, int], PooledModel | None] = {}
        self._error: Exception | None = None

    def start(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any], strategy: Any
    ) -> pd.DataFrame:
        """Return the candles with what is predicted for them."""
        self._strategy = strategy
        if not self.train_queue:
            # FreqAI takes a pair out for ever that a filter once leaves out. Any pair trains all.
            self.train_queue.append(metadata["pair"])
        predicted = super().start(dataframe, metadata, strategy)
        if self._error is not None:
            # FreqAI has logged it, and predicted nothing instead.
            raise self._error
        return predicted

    def train(
        self, unfiltered_df: pd.DataFrame, pair: str, dk: FreqaiDataKitchen, **kwargs: Any
    ) -> PooledModel | None:
        """Return the model of a backtest's window, fitted for the first pair that asks.

        :return: None where there are too few entries; FreqAI then predicts nothing in this window.
        """
        window = self.training_timerange
        key = (window.startts, window.stopts)
        try:
            if key not in self._fits:
                timeframe = self.config["timeframe"]
                provider = self._strategy.dp
                self._fits[key] = self._fit(
                    lambda name: provider.get_pair_dataframe(name, timeframe),
                    window.startdt,
                    window.stopdt,
                )
        # FreqAI logs whatever it is, and predicts nothing; `start` raises it for the backtest.
        except Exception as error:
            self._error = error
            raise
        model = self._fits[key]
        if model is not None:
            _describe(dk, model)
        return model

    def fit(self, data_dictionary: dict[str, Any], dk: FreqaiDataKitchen, **kwargs: Any) -> Any:
        """Refuse: FreqAI wants a method of this name, and asks for it in its own `train` alone."""
        # That one fits one pair. Should FreqAI ask elsewhere, no model is better than another one.
        raise NotImplementedError("AltSeasonPooled fits all pairs, in `train`")

    def predict(
        self, unfiltered_df: pd.DataFrame, dk: FreqaiDataKitchen, **kwargs: Any
    ) -> tuple[pd.DataFrame, npt.NDArray[np.int_]]:
        """Return the probability of the take-profit by candle, and 0 where it is unknown."""
        found = self.model.predict_proba(unfiltered_df)[TAKE_PROFIT].to_numpy()
        is_known = np.isfinite(found)
        dk.do_predict = is_known.astype(np.int_)
        dk.DI_values = np.zeros(len(found))
        return pd.DataFrame({LABEL: np.where(is_known, found, 0.0)}), dk.do_predict

    def build_strategy_return_arrays(
        self, dataframe: pd.DataFrame, dk: FreqaiDataKitchen, pair: str, trained_timestamp: int
    ) -> None:
        """Hand predictions to the strategy, from the first candle after a start on.

        FreqAI itself predicts from the second on, and returns 0 for the first.
        """
        is_first = pair not in self.dd.model_return_values
        super().build_strategy_return_arrays(dataframe, dk, pair, trained_timestamp)
        if is_first:
            super().build_strategy_return_arrays(dataframe, dk, pair, trained_timestamp)

    def extract_data_and_train_model(
        self,
        new_trained_timerange: TimeRange,
        pair: str,
        strategy: Any,
        dk: FreqaiDataKitchen,
        data_load_timerange: TimeRange,
    ) -> None:
        """Fit all pairs for a bot, and hand the model to each; in a thread of FreqAI's own.

        Where that fails, the models that there are stay, and the next try is an hour later.
        """

        def load(name: str) -> pd.DataFrame:
            frames = self.dd.get_base_and_corr_dataframes(data_load_timerange, name, dk)[1]
            candles: pd.DataFrame = frames[self.config["timeframe"]]
            return candles

        started = time.time()
        try:
            model = self._fit(load, new_trained_timerange.startdt, new_trained_timerange.stopdt)
            if model is not None:
                for name in dk.all_pairs:
                    self._hand_over(model, name, new_trained_timerange.stopts)
                self.dd.purge_old_models()
        except Exception as error:  # FreqAI would log it, and try again at once
            model, self.problem = None, f"training failed with {error!r}"
            logger.warning(f"No new model: {self.problem}.")
        if model is None:
            self._wait_until(started + RETRY_SECONDS)

    def _start_scanning(self, strategy: Any) -> None:
        """Train whenever it is due, in FreqAI's thread, which an error would end without a word."""
        while not self._stop_event.is_set():
            try:
                super()._start_scanning(strategy)
            except Exception as error:  # as where what was predicted cannot be stored
                self.problem = f"training failed with {error!r}"
                logger.warning(f"Trying again in an hour: {self.problem}.")
                self._wait_until(time.time() + RETRY_SECONDS)

    def _wait_until(self, end: float) -> None:
        """Wait for a time, or until the bot stops."""
        while time.time() <= end and not self._stop_event.is_set():
            time.sleep(1)

    def _fit(self, load: Load, start: datetime, stop: datetime) -> PooledModel | None:
        """Return a model of the entries of all pairs from `start` on, by candles before `stop`."""
        rows = []
        for name in self.config["exchange"]["pair_whitelist"]:
            candles = load(name)
            if not candles.empty:
                known = candles[candles["date"] < stop].reset_index(drop=True)
                collected = self._strategy.learner.collect_rows(name, known)
                rows.append(collected[collected["date"] >= start])
        settings = self._strategy.settings.freqai
        try:
            model = fit_pooled(pool_rows(rows), kind=settings.model, seed=settings.seed)
        except TooFewRowsError as error:
            self.problem = f"{error}, until {stop:%Y-%m-%d}"
            logger.warning(f"No model: {self.problem}.")
            return None
        self.problem = ""
        logger.info(
            f"Fitted {model.rows} entries until {stop:%Y-%m-%d}, worth {model.effective_rows:.0f} "
            f"that share no time. Inner test of {model.inner}."
        )
        return model

    def _hand_over(self, model: PooledModel, pair: str, trained: int) -> None:
        """Store a model as that of a pair."""
        dk = FreqaiDataKitchen(self.config, self.live, pair)
        dk.set_paths(pair, trained)
        dk.set_new_model_names(pair, trained)
        _describe(dk, model)
        self.dd.get_pair_dict_info(pair)
        self.dd.save_data(model, pair, dk)
        # Only now: where that fails, the model before must not count as new, and never expire.
        self.dd.pair_dict[pair]["trained_timestamp"] = trained
        self.dd.save_drawer_to_disk()


def _set_aside(folder: Path, error: Exception) -> None:
    """Rename the folder of a model whose files cannot be read, so that it is trained anew."""
    aside = folder.with_name(f"{folder.name}.damaged")
    shutil.rmtree(aside, ignore_errors=True)
    folder.replace(aside)
    logger.warning(f"Cannot read what FreqAI has stored, which is in {aside} now: {error!r}.")


def _describe(dk: FreqaiDataKitchen, model: PooledModel) -> None:
    """Tell FreqAI of a model what it stores and reads with each."""
    dk.training_features_list = list(model.features)
    dk.label_list = [LABEL]
    dk.data["labels_mean"], dk.data["labels_std"] = {LABEL: 0.0}, {LABEL: 0.0}
    nothing = pd.DataFrame(columns=list(model.features))
    dk.data_dictionary = {"train_features": nothing, "train_dates": nothing}
