"""Check and complete FreqAI's section of the configuration for the pooled model.

FreqAI finds models, and the predictions of an earlier backtest, by `freqai.identifier` alone,
whatever has changed since. So a digest of all that they depend on is added to the identifier of the
configuration.
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
# Settings that FreqAI reads, but that may be missing. The features have periods of their own.
DEFAULTS: dict[str, Any] = {
    "indicator_periods_candles": [1],
    "include_shifted_candles": 0,
    "buffer_train_data_candles": 0,
}
# Settings of FreqAI's own training, which ours ignores.
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
# No row, label or feature depends on the parameters of these spaces, or of these names.
SPACES_OF_OTHERS = ("sell", "exit", "protection")
NOT_LEARNED = ("probability_min", "gate_mode", "gate_band", "breadth_min")
# FreqAI imports these for any model; Freqtrade's image with FreqAI has all of them.
PACKAGES = ("datasieve", "sklearn", "xgboost")
# FreqAI stores objects of these packages with a model; with other versions they might not load.
STORED = ("datasieve", "lightgbm", "numpy", "pandas", "scikit-learn")
IMAGE = "freqtradeorg/freqtrade:2026.9_freqai"
# Freqtrade reads a pair of the whitelist as a regular expression; FreqAI does not.
PAIR = re.compile(r"[\w.-]+/[\w.:-]+")


def is_enabled(config: dict[str, Any]) -> bool:
    """Return whether FreqAI is enabled."""
    return bool(config.get("freqai", {}).get("enabled"))


def find_horizon(config: dict[str, Any]) -> int:
    """Return for how many candles an entry is followed."""
    return int(config["freqai"]["feature_parameters"]["label_period_candles"])


def set_defaults(config: dict[str, Any]) -> None:
    """Set the model, and the settings that FreqAI reads without a default."""
    parameters = config["freqai"].setdefault("feature_parameters", {})
    for name, value in DEFAULTS.items():
        parameters.setdefault(name, value)
    if config.get("freqaimodel") in (None, MODEL):
        config.update(freqaimodel=MODEL, freqaimodel_path=str(MODEL_FOLDER))


def identify(config: dict[str, Any], strategy: Any) -> None:
    """Set an identifier that changes with all that models and predictions depend on.

    :param strategy: one whose parameters are loaded.
    """
    freqai = config["freqai"]
    base = re.sub(rf"/[0-9a-f]{{{DIGEST_LENGTH}}}$", "", str(freqai.get("identifier", "altseason")))
    known = [_find_facts(config, strategy), calculate_digest(type(strategy), _find_files(strategy))]
    text = json.dumps(known, sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]
    freqai["identifier"] = f"{base}/{digest}"


def _find_facts(config: dict[str, Any], strategy: Any) -> dict[str, Any]:
    """Return the settings that labels, features, rows and the fit depend on."""
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
    """Return the versions of the packages that are installed."""
    found = {}
    for name in STORED:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _find_files(strategy: Any) -> list[Path]:
    """Return the files that predictions depend on, whether they exist or not.

    Without candles and dominance for a bot, since they grow while it runs.
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
    """Refuse a configuration with which FreqAI would not do what is meant.

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
            f"freqai.feature_parameters.label_period_candles: expected the number of candles for "
            f"which an entry is followed, 1 or more, found {horizon!r}"
        )
    # Freqtrade refuses this only in backtests; in hyperopt no candle would have a prediction.
    if config.get("runmode") == RunMode.HYPEROPT and not config.get("timerange"):
        raise SettingsError(
            "freqai: expected a time range to predict, found none; pass --timerange"
        )
    if not any(float(ratio) > 0 for ratio in strategy.minimal_roi.values()):
        raise SettingsError("minimal_roi: expected a take-profit above 0, found none")
    timeframes = parameters.get("include_timeframes")
    if timeframes not in ([], [strategy.timeframe]):
        raise SettingsError(
            f"freqai.feature_parameters.include_timeframes: expected [{strategy.timeframe}], the "
            f"strategy's own, found {timeframes}"
        )
    used = [f"freqai.feature_parameters.{one}" for one in NOT_USED if parameters.get(one)]
    used += [f"freqai.{one}" for one in NOT_USED_AT_TOP if freqai.get(one)]
    if used:
        raise SettingsError(f"{', '.join(used)}: {MODEL} does not support this; leave it out")
    _validate_pairs(config)
    if is_trading:
        _validate_trading(config)


def _validate_packages(model: str) -> None:
    """Refuse to run without the packages; Freqtrade would end with a stack trace."""
    needed = (*PACKAGES, "lightgbm") if model == "lightgbm" else PACKAGES
    if missing := [name for name in needed if find_spec(name) is None]:
        raise SettingsError(
            f"freqai: expected the packages {', '.join(needed)}, found no {', '.join(missing)}; "
            f"`pip install datasieve lightgbm scikit-learn xgboost-cpu`, or use {IMAGE}"
        )


def _validate_pairs(config: dict[str, Any]) -> None:
    """Refuse pairs whose candles FreqAI would not find."""
    listed = config["exchange"].get("pair_whitelist") or []
    wrong = [pair for pair in listed if not PAIR.fullmatch(str(pair))]
    if wrong or not listed:
        raise SettingsError(
            f"exchange.pair_whitelist: expected full names of pairs, which FreqAI needs, found "
            f"{', '.join(map(str, wrong)) or 'none'}"
        )


def _validate_trading(config: dict[str, Any]) -> None:
    """Refuse settings that would fail while a bot runs."""
    hours = config["freqai"].get("live_retrain_hours", 0)
    if not hours > 0:
        raise SettingsError(
            f"freqai.live_retrain_hours: expected the hours from one training to the next, above "
            f"0, found {hours}: FreqAI would train all the time"
        )
    expiration = config["freqai"].get("expiration_hours", 0)
    if not expiration > hours:
        raise SettingsError(
            f"freqai.expiration_hours: expected the hours after which a model expires, above "
            f"live_retrain_hours, {hours:g}, found {expiration:g}: a model would expire before the "
            f"next training, or with 0 never, even if training fails"
        )
    methods = [str(one.get("method")) for one in config.get("pairlists") or []]
    adding = [one for one in methods if one.endswith("PairList") and one != "StaticPairList"]
    if adding:
        raise SettingsError(
            f"pairlists: FreqAI trains only the pairs that it starts with, and "
            f"{', '.join(adding)} adds others later; use StaticPairList, with filters if you like"
        )


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
