"""FreqAI's model for `AltSeasonFreqAI`: one fit of the entries of all pairs, used for all of them.

FreqAI trains a model for each pair, one after another. Here the first pair that is due fits the
entries of all pairs, and the others get the same model: in backtests for the same window, in
trading at once. FreqAI itself keeps the models on disk and the past predictions.
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

# FreqAI loads this file without a package name.
logger = logging.getLogger("altseason.learning.pooled")

Load = Callable[[str], pd.DataFrame]
# FreqAI would retry a failed training at once, and forever.
RETRY_SECONDS = 3600


class AltSeasonPooled(IFreqaiModel):
    """Fit the rules' entries of all pairs at once.

    :ivar problem: why the last training made no model; empty if it did.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        try:
            super().__init__(config)
        except (FreqtradeException, ImportError):
            raise
        # A file that was half written in a power cut may raise anything.
        except Exception as error:
            # FileNotFoundError: a damaged file for which FreqAI has no backup.
            if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
                # The files are not at fault, so they stay.
                raise SettingsError(
                    f"{self.full_path}: FreqAI cannot use its folder: {error}; make it writable "
                    f"for the bot, with some free space"
                ) from error
            # Otherwise the bot would not start, and abandon its open trades.
            _set_aside(self.full_path, error)
            super().__init__(config)
        self.problem = ""
        self._strategy: Any = None
        # By the first and the last second of their window; None if there were too few entries.
        self._fits: dict[tuple[int, int], PooledModel | None] = {}
        self._error: Exception | None = None

    def start(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any], strategy: Any
    ) -> pd.DataFrame:
        """Return the candles with their predictions."""
        self._strategy = strategy
        if not self.train_queue:
            # FreqAI drops a pair forever once a filter has removed it. Any pair trains all of them.
            self.train_queue.append(metadata["pair"])
        predicted = super().start(dataframe, metadata, strategy)
        if self._error is not None:
            # FreqAI has only logged it, and predicted nothing.
            raise self._error
        return predicted

    def train(
        self, unfiltered_df: pd.DataFrame, pair: str, dk: FreqaiDataKitchen, **kwargs: Any
    ) -> PooledModel | None:
        """Return the model of a backtest's window, fitted when the first pair needs it.

        :return: None if there are too few entries; FreqAI then predicts nothing in this window.
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
        # FreqAI would log any error, and predict nothing; `start` raises it in backtests.
        except Exception as error:
            self._error = error
            raise
        model = self._fits[key]
        if model is not None:
            _describe(dk, model)
        return model

    def fit(self, data_dictionary: dict[str, Any], dk: FreqaiDataKitchen, **kwargs: Any) -> Any:
        """Raise: FreqAI requires this method, but only its own `train` calls it, for one pair."""
        # Should FreqAI call it elsewhere, no model is better than one of a single pair.
        raise NotImplementedError("AltSeasonPooled fits all pairs, in `train`")

    def predict(
        self, unfiltered_df: pd.DataFrame, dk: FreqaiDataKitchen, **kwargs: Any
    ) -> tuple[pd.DataFrame, npt.NDArray[np.int_]]:
        """Return the probability of the take-profit for each candle, and whether it is known.

        The probability is 0 where it is unknown.
        """
        found = self.model.predict_proba(unfiltered_df)[TAKE_PROFIT].to_numpy()
        is_known = np.isfinite(found)
        dk.do_predict = is_known.astype(np.int_)
        dk.DI_values = np.zeros(len(found))
        return pd.DataFrame({LABEL: np.where(is_known, found, 0.0)}), dk.do_predict

    def build_strategy_return_arrays(
        self, dataframe: pd.DataFrame, dk: FreqaiDataKitchen, pair: str, trained_timestamp: int
    ) -> None:
        """Pass predictions to the strategy, from the first candle after a start on.

        FreqAI itself predicts from the second candle on, and returns 0 for the first.
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
        """Fit all pairs for a bot, and store the model for each; called in FreqAI's own thread.

        If that fails, the existing models stay, and the next try is an hour later.
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
        except Exception as error:  # FreqAI would log it, and retry at once
            model, self.problem = None, f"training failed with {error!r}"
            logger.warning(f"No new model: {self.problem}.")
        if model is None:
            self._wait_until(started + RETRY_SECONDS)

    def _start_scanning(self, strategy: Any) -> None:
        """Train whenever it is due, in FreqAI's thread, which an error would silently end."""
        while not self._stop_event.is_set():
            try:
                super()._start_scanning(strategy)
            except Exception as error:  # for example, predictions cannot be stored
                self.problem = f"training failed with {error!r}"
                logger.warning(f"Retrying in an hour: {self.problem}.")
                self._wait_until(time.time() + RETRY_SECONDS)

    def _wait_until(self, end: float) -> None:
        """Wait until a time, or until the bot stops."""
        while time.time() <= end and not self._stop_event.is_set():
            time.sleep(1)

    def _fit(self, load: Load, start: datetime, stop: datetime) -> PooledModel | None:
        """Return a model of the entries of all pairs from `start` on, by candles before `stop`.

        :return: None if there are too few entries.
        """
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
            f"independent ones. Inner test of {model.inner}."
        )
        return model

    def _hand_over(self, model: PooledModel, pair: str, trained: int) -> None:
        """Store a model for a pair."""
        dk = FreqaiDataKitchen(self.config, self.live, pair)
        dk.set_paths(pair, trained)
        dk.set_new_model_names(pair, trained)
        _describe(dk, model)
        self.dd.get_pair_dict_info(pair)
        self.dd.save_data(model, pair, dk)
        # Only now: if storing fails, the old model must not count as new, and never expire.
        self.dd.pair_dict[pair]["trained_timestamp"] = trained
        self.dd.save_drawer_to_disk()


def _set_aside(folder: Path, error: Exception) -> None:
    """Rename the folder of a model whose files cannot be read, so that it is trained again."""
    aside = folder.with_name(f"{folder.name}.damaged")
    shutil.rmtree(aside, ignore_errors=True)
    folder.replace(aside)
    logger.warning(f"Cannot read FreqAI's stored files, which were moved to {aside}: {error!r}.")


def _describe(dk: FreqaiDataKitchen, model: PooledModel) -> None:
    """Set what FreqAI stores and reads with each model."""
    dk.training_features_list = list(model.features)
    dk.label_list = [LABEL]
    dk.data["labels_mean"], dk.data["labels_std"] = {LABEL: 0.0}, {LABEL: 0.0}
    nothing = pd.DataFrame(columns=list(model.features))
    dk.data_dictionary = {"train_features": nothing, "train_dates": nothing}
