"""FreqAI's section of the configuration: what the pooled model needs of it, and what it refuses.

FreqAI goes by `freqai.identifier` alone when it looks for models and for the predictions of an
earlier backtest, whatever has changed since. So the identifier that it gets is that of the
configuration and a digest of all that they depend on.
"""

import hashlib
import json
import re
from contextlib import suppress
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from freqtrade.enums import CandleType, RunMode

from altseason.errors import SettingsError
from altseason.host.candle_files import candle_file
from altseason.host.configuration import data_format
from altseason.host.digest import calculate_digest
from altseason.host.parameters import parameters_of_file, source_file

LABEL = "&-take_profit"
MODEL = "AltSeasonPooled"
MODEL_FOLDER = Path(__file__).parent / "freqaimodels"
OVERLAY = "user_data/overlays/freqai.json"
DIGEST_LENGTH = 16
# What FreqAI reads, and schema or users may leave out. The features have periods of their own.
DEFAULTS: dict[str, Any] = {
    "indicator_periods_candles": [1],
    "include_shifted_candles": 0,
    "buffer_train_data_candles": 0,
}
# What FreqAI would do to features and rows in its own training, and ours does not.
NOT_USED = (
    "DI_threshold",
    "buffer_train_data_candles",
    "include_corr_pairlist",
    "include_shifted_candles",
    "noise_standard_deviation",
    "principal_component_analysis",
    "shuffle_after_split",
    "use_DBSCAN_to_remove_outliers",
    "use_SVM_to_remove_outliers",
    "weight_factor",
)
NOT_USED_AT_TOP = ("continual_learning", "fit_live_predictions_candles", "keras")
# No row, label or feature depends on these.
SPACES_OF_OTHERS = ("sell", "exit", "protection")
NOT_LEARNED = ("probability_min", "gate_mode", "gate_band", "breadth_min")
# What FreqAI imports for any model; an image with FreqAI has all of it.
PACKAGES = ("datasieve", "sklearn", "xgboost")
# Whose objects FreqAI stores with a model: those of another version may not load, or differ.
STORED = ("datasieve", "lightgbm", "numpy", "pandas", "scikit-learn")
IMAGE = "freqtradeorg/freqtrade:2026.9_freqai"
# Freqtrade reads a pair of the whitelist as a regular expression; FreqAI does not.
PAIR = re.compile(r"[\w.-]+/[\w.:-]+")


def is_enabled(config: dict[str, Any]) -> bool:
    """Return whether FreqAI is to run."""
    return bool(config.get("freqai", {}).get("enabled"))


def find_horizon(config: dict[str, Any]) -> int:
    """Return for how many candles an entry is watched."""
    return int(config["freqai"]["feature_parameters"]["label_period_candles"])


def set_defaults(config: dict[str, Any]) -> None:
    """Let FreqAI find our model, and what it reads without asking whether it is there."""
    parameters = config["freqai"].setdefault("feature_parameters", {})
    for name, value in DEFAULTS.items():
        parameters.setdefault(name, value)
    if config.get("freqaimodel") in (None, MODEL):
        config.update(freqaimodel=MODEL, freqaimodel_path=str(MODEL_FOLDER))


def identify(config: dict[str, Any], strategy: Any) -> None:
    """Give FreqAI an identifier that changes with what its models and predictions depend on.

    :param strategy: with the values of its parameters.
    """
    freqai = config["freqai"]
    base = re.sub(rf"/[0-9a-f]{{{DIGEST_LENGTH}}}$", "", str(freqai.get("identifier", "altseason")))
    known = [_find_facts(config, strategy), calculate_digest(type(strategy), _find_files(strategy))]
    text = json.dumps(known, sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]
    freqai["identifier"] = f"{base}/{digest}"


def _find_facts(config: dict[str, Any], strategy: Any) -> dict[str, Any]:
    """Return the settings that labels, features, rows and fit depend on."""
    freqai, settings = config["freqai"], strategy.settings
    stop = parameters_of_file(strategy, "stoploss").get("stoploss", strategy.stoploss)
    roi = config.get("minimal_roi", parameters_of_file(strategy, "roi") or strategy.minimal_roi)
    parameters = {
        name: str(parameter.value)
        for name, parameter in strategy.enumerate_parameters()
        if parameter.space not in SPACES_OF_OTHERS and name not in NOT_LEARNED
    }
    return {
        "parameters": parameters,
        "breadth": [strategy.gate_rule.has_breadth, settings.breadth.coins],
        "timeframe": strategy.timeframe,
        "stoploss": float(config.get("stoploss", stop)),
        "minimal_roi": {str(int(key)): float(ratio) for key, ratio in roi.items()},
        "horizon": freqai["feature_parameters"].get("label_period_candles"),
        "periods": [freqai.get(f"{name}_period_days") for name in ("train", "backtest")],
        "pairs": config["exchange"].get("pair_whitelist"),
        "exchange": config["exchange"].get("name"),
        "fee": config.get("fee"),
        "model": [settings.freqai.model, settings.freqai.seed],
        "versions": _find_versions(),
        "dominance": settings.dominance.model_dump(include={"pair", "timeframe", "max_age_hours"}),
    }


def _find_versions() -> dict[str, str]:
    """Return the versions of the libraries that are installed."""
    found = {}
    for name in STORED:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _find_files(strategy: Any) -> list[Path]:
    """Return the files that predictions depend on, whether they exist or not.

    A bot's candles and dominance grow while it runs, and are what it trains again for.
    """
    gate, config = strategy.alt_season_gate, strategy.config
    own = source_file(type(strategy))
    files = [own] if own else []
    if gate.is_trading or config.get("freqai_backtest_live_models"):
        return files
    timeframe = config.get("timeframe") or strategy.timeframe
    kind = config.get("candle_type_def") or CandleType.SPOT
    candles = [
        candle_file(Path(config["datadir"]), data_format(config), pair, timeframe, kind)
        for pair in config["exchange"].get("pair_whitelist") or []
    ]
    return [*files, *gate.files, *candles]


def validate(config: dict[str, Any], strategy: Any, *, is_trading: bool) -> None:
    """Refuse a configuration with which FreqAI would do something else than is meant.

    :raises SettingsError: in one line.
    """
    name = type(strategy).__name__
    if not is_enabled(config):
        raise SettingsError(f"freqai: {name} needs FreqAI; add -c {OVERLAY}")
    freqai = config["freqai"]
    parameters = freqai["feature_parameters"]
    _validate_packages(strategy.settings.freqai.model)
    if config.get("freqaimodel") != MODEL:
        raise SettingsError(
            f"freqaimodel: expected {MODEL}, or nothing, found {config.get('freqaimodel')}"
        )
    horizon = parameters.get("label_period_candles")
    if not _is_whole(horizon) or horizon < 1:
        raise SettingsError(
            f"freqai.feature_parameters.label_period_candles: expected for how many candles an "
            f"entry is watched, 1 or more, found {horizon!r}"
        )
    # Freqtrade refuses it in a backtest alone, and no candle would have a prediction.
    if config.get("runmode") == RunMode.HYPEROPT and not config.get("timerange"):
        raise SettingsError(
            "freqai: expected a time range to predict, found none; pass --timerange"
        )
    if not any(float(ratio) > 0 for ratio in strategy.minimal_roi.values()):
        raise SettingsError("minimal_roi: expected a profit to take, found none")
    timeframes = parameters.get("include_timeframes")
    if timeframes not in ([], [strategy.timeframe]):
        raise SettingsError(
            f"freqai.feature_parameters.include_timeframes: expected [{strategy.timeframe}], the "
            f"strategy's own, found {timeframes}"
        )
    used = [f"freqai.feature_parameters.{one}" for one in NOT_USED if parameters.get(one)]
    used += [f"freqai.{one}" for one in NOT_USED_AT_TOP if freqai.get(one)]
    if used:
        raise SettingsError(f"{', '.join(used)}: {MODEL} does nothing of this; leave it out")
    _validate_pairs(config)
    if is_trading:
        _validate_trading(config)


def _validate_packages(model: str) -> None:
    """Refuse where packages are missing; Freqtrade would end with a stack trace."""
    needed = (*PACKAGES, "lightgbm") if model == "lightgbm" else PACKAGES
    if missing := [name for name in needed if find_spec(name) is None]:
        raise SettingsError(
            f"freqai: expected the packages {', '.join(needed)}, found no {', '.join(missing)}; "
            f"`pip install datasieve lightgbm scikit-learn xgboost-cpu`, or use {IMAGE}"
        )


def _validate_pairs(config: dict[str, Any]) -> None:
    """Refuse pairs that FreqAI would not find when it looks for their candles."""
    listed = config["exchange"].get("pair_whitelist") or []
    wrong = [pair for pair in listed if not PAIR.fullmatch(str(pair))]
    if wrong or not listed:
        raise SettingsError(
            f"exchange.pair_whitelist: FreqAI needs each pair by its name, found "
            f"{', '.join(map(str, wrong)) or 'none'}"
        )


def _validate_trading(config: dict[str, Any]) -> None:
    """Refuse what fails while a bot runs."""
    hours = config["freqai"].get("live_retrain_hours", 0)
    if not hours > 0:
        raise SettingsError(
            f"freqai.live_retrain_hours: expected the hours from one training to the next, above "
            f"0, found {hours}: FreqAI would train without end"
        )
    expiration = config["freqai"].get("expiration_hours", 0)
    if not expiration > hours:
        raise SettingsError(
            f"freqai.expiration_hours: expected the hours after which a model predicts nothing, "
            f"above live_retrain_hours, {hours:g}, found {expiration:g}: with 0 an old model would "
            f"predict for ever where training fails"
        )
    methods = [str(one.get("method")) for one in config.get("pairlists") or []]
    adding = [one for one in methods if one.endswith("PairList") and one != "StaticPairList"]
    if adding:
        raise SettingsError(
            f"pairlists: FreqAI trains the pairs that it starts with, and {', '.join(adding)} adds "
            f"others later; use StaticPairList, with any filter behind it"
        )


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
