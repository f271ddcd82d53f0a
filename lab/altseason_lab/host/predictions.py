"""Keep FreqAI's stored predictions of one backtest out of another.

FreqAI reuses the predictions of an earlier backtest by `freqai.identifier` alone, whatever has
changed since: the dominance of a placebo, a parameter, the fee, the code of a model.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from freqtrade.constants import USERPATH_FREQAIMODELS
from freqtrade.strategy import IStrategy

from altseason.host.configuration import Config

FOLDER = "models"
PREFIX = "altseason-backtest-"
# Libraries that a model may use.
LIBRARIES = ("scikit-learn", "lightgbm", "xgboost", "xgboost-cpu", "catboost", "datasieve", "torch")


def uses_freqai(config: Config) -> bool:
    """Return whether the strategy uses FreqAI."""
    return bool(config.get("freqai", {}).get("enabled"))


@contextmanager
def own_predictions(strategy: IStrategy) -> Iterator[None]:
    """Let FreqAI predict for one backtest alone, and remove its files afterwards.

    :param strategy: with its own copy of the configuration, and not started yet.
    """
    config = strategy.config
    if not uses_freqai(config):
        yield
        return
    own = f"{PREFIX}{uuid4().hex}"
    config["freqai"]["identifier"] = f"{own}/{config['freqai'].get('identifier', 'model')}"
    try:
        yield
    finally:
        shutil.rmtree(Path(config["user_data_dir"]) / FOLDER / own, ignore_errors=True)


def find_model_files(config: Config) -> list[Path]:
    """Return the files in which Freqtrade looks for the classes of models; none without FreqAI."""
    if not uses_freqai(config):
        return []
    folders = [Path(config["user_data_dir"]) / USERPATH_FREQAIMODELS]
    if path := config.get("freqaimodel_path"):
        folders.append(Path(path))
    return sorted(file for folder in dict.fromkeys(folders) for file in folder.glob("*.py"))
