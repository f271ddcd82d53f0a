"""The configuration that FreqAI gets, and what is refused before it starts."""

import os
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from freqtrade.enums import RunMode

from altseason.errors import SettingsError
from altseason.learning import configuration
from altseason.settings import load_settings
from tests.conftest import STRATEGIES
from tests.learning.conftest import PAIRS, Load, freqai, load_only

EXCHANGE = {"name": "binance", "pair_whitelist": PAIRS}
RECORDS_NOT = {"record": False}


def identify(load: Load, **config: Any) -> str:
    """The identifier that FreqAI gets."""
    strategy = load(**config)
    identifier: str = strategy.config["freqai"]["identifier"]
    assert strategy.freqai.identifier == identifier
    return identifier


def test_freqai_finds_our_model_without_being_told(load_learner: Load, tmp_path: Path):
    strategy = load_learner()
    assert type(strategy.freqai).__name__ == "AltSeasonPooled"
    name, digest = strategy.config["freqai"]["identifier"].split("/")
    assert name == "altseason"
    assert len(digest) == 16
    assert strategy.freqai.full_path == tmp_path / "models" / "altseason" / digest


def test_identifier_is_the_same_for_the_same_configuration(load_learner: Load):
    first = identify(load_learner)
    assert identify(load_learner) == first
    # Also of a strategy that is loaded with a configuration that another has been loaded with.
    assert identify(load_learner, freqai=freqai(identifier=first)) == first


@pytest.mark.parametrize(
    "change",
    [
        {"freqai": freqai(feature_parameters={"label_period_candles": 100})},
        {"freqai": freqai(train_period_days=900)},
        {"stoploss": -0.04},
        {"minimal_roi": {"0": 0.08}},
        {"fee": 0.002},
        {"timeframe": "30m"},
        {"exchange": {"name": "binance", "pair_whitelist": PAIRS[:3]}},
        {"altseason": {"freqai": {"model": "lightgbm"}, "dominance": RECORDS_NOT}},
        {"altseason": {"freqai": {"seed": 1}, "dominance": RECORDS_NOT}},
        {"altseason": {"dominance": {"max_age_hours": 30, **RECORDS_NOT}}},
    ],
)
def test_identifier_changes_with_what_predictions_depend_on(
    load_learner: Load, change: dict[str, Any]
):
    assert identify(load_learner, **change) != identify(load_learner)


def test_identifier_does_not_change_with_what_is_done_by_predictions(load_learner: Load):
    section = {"freqai": {"without_model": "rules"}, "dominance": RECORDS_NOT}
    found = identify(load_learner, altseason=section, max_open_trades=2)
    assert found == identify(load_learner)


@pytest.mark.parametrize(
    ("name", "value", "is_learned"),
    [
        ("gate_sma_days", 10, True),
        ("dominance_threshold", 50.0, True),
        ("rsi_entry_max", 60, True),
        ("macd_trigger", "above", True),
        ("gate_mode", "breadth", True),
        ("gate_mode", "falling", False),
        ("probability_min", 0.5, False),
        ("rsi_exit_min", 90, False),
    ],
)
def test_identifier_changes_with_the_parameters_that_rows_depend_on(
    load_learner: Load, name: str, value: Any, is_learned: bool
):
    before = identify(load_learner)
    strategy = load_learner()
    getattr(strategy, name).value = value
    configuration.identify(strategy.config, strategy)
    assert (strategy.config["freqai"]["identifier"] != before) is is_learned


def test_identifier_of_a_bot_s_models_is_known_before_the_strategy_starts(
    load_learner: Load, monkeypatch: pytest.MonkeyPatch
):
    """A backtest with a bot's predictions looks for them that early."""
    identifiers, original = [], configuration.identify

    def note(config: dict[str, Any], strategy: Any) -> None:
        original(config, strategy)
        identifiers.append(config["freqai"]["identifier"])

    # The strategy's file is loaded again, and finds this one.
    monkeypatch.setattr(configuration, "identify", note)
    changes = {"stoploss": -0.04, "minimal_roi": {"60": 0.05, "0": 0.1}}
    load_learner(**changes)
    assert len(identifiers) == 1
    load_learner(freqai_backtest_live_models=True, **changes)
    assert len(identifiers) == 3
    assert identifiers[1] == identifiers[2]


@pytest.mark.parametrize("name", ["labels", "features", "uniqueness", "model"])
def test_identifier_changes_with_the_code_of_labels_and_features(
    load_learner: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    before = identify(load_learner)
    package = tmp_path / "altseason"
    (package / "learning").mkdir(parents=True)
    for file in (STRATEGIES / "altseason").rglob("*.py"):
        target = package / file.relative_to(STRATEGIES / "altseason")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.read_text())
    monkeypatch.setattr("altseason.host.digest._PACKAGE", package)
    assert identify(load_learner) == before
    with (package / "learning" / f"{name}.py").open("a") as file:
        file.write("# another\n")
    assert identify(load_learner) != before


@pytest.mark.parametrize("name", ["scikit-learn", "lightgbm", "pandas"])
def test_models_of_another_version_of_a_library_are_not_loaded(
    load_learner: Load, monkeypatch: pytest.MonkeyPatch, name: str
):
    """A model that was pickled by one version may fail in another, or predict something else."""
    before = identify(load_learner)
    known = metadata.version
    monkeypatch.setattr(metadata, "version", lambda one: "0.1" if one == name else known(one))
    assert identify(load_learner) != before


@pytest.mark.parametrize("name", ["ETH_USDT-1h.feather", "BTCD_USD-1d.feather"])
def test_candles_count_for_a_backtest_and_not_for_a_bot(
    load_learner: Load, registry: None, tmp_path: Path, name: str
):
    def identify_both() -> list[str]:
        live = {"runmode": RunMode.DRY_RUN, "dry_run": True}
        loaded = [load_only(load_learner, **live), load_only(load_learner)]
        return [one.config["freqai"]["identifier"] for one in loaded]

    before = identify_both()
    (tmp_path / name).write_bytes(os.urandom(10))
    after = identify_both()
    assert after[0] == before[0]
    assert after[1] != before[1]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"freqai": {}}, "add -c user_data/overlays/freqai.json"),
    ({"freqai": freqai(enabled=False)}, "add -c user_data/overlays/freqai.json"),
    ({"freqaimodel": "LightGBMClassifier"}, "expected AltSeasonPooled, or nothing"),
    ({"freqai": freqai(feature_parameters={"label_period_candles": 0})}, "label_period_candles"),
    ({"freqai": freqai(feature_parameters={"label_period_candles": True})}, "found True"),
    ({"freqai": freqai(feature_parameters={"include_timeframes": ["4h"]})}, r"found \['4h'\]"),
    ({"freqai": freqai(feature_parameters={"DI_threshold": 1})}, "DI_threshold: AltSeasonPooled"),
    ({"freqai": freqai(feature_parameters={"include_corr_pairlist": ["A/B"]})}, "corr_pairlist"),
    ({"freqai": freqai(continual_learning=True)}, "freqai.continual_learning"),
    ({"runmode": RunMode.HYPEROPT, "spaces": ["buy"]}, "pass --timerange"),
    ({"minimal_roi": {}}, "minimal_roi: expected a take-profit above 0"),
    ({"exchange": {"name": "binance", "pair_whitelist": ["ETH/.*"]}}, "full names of .* found ETH"),
    ({"exchange": {"name": "binance", "pair_whitelist": []}}, "full names of .* found none"),
]
REFUSED_TO_TRADE: list[tuple[dict[str, Any], str]] = [
    ({"freqai": freqai(live_retrain_hours=0)}, "above 0, found 0: FreqAI would train all the time"),
    ({"freqai": freqai(expiration_hours=0)}, "above live_retrain_hours, 168, found 0"),
    ({"freqai": freqai(expiration_hours=168)}, "above live_retrain_hours, 168, found 168"),
    ({"pairlists": [{"method": "VolumePairList"}]}, "VolumePairList adds others later"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_configuration_that_means_something_else_is_refused_in_a_line(
    load_learner: Load, change: dict[str, Any], message: str
):
    with pytest.raises(SettingsError, match=message) as refused:
        load_learner(**change)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["datasieve", "lightgbm"])
def test_missing_package_is_named_before_freqai_is_imported(
    load_learner: Load, monkeypatch: pytest.MonkeyPatch, name: str
):
    found = configuration.find_spec
    monkeypatch.setattr(configuration, "find_spec", lambda one: None if one == name else found(one))
    settings = {"dominance": RECORDS_NOT, "freqai": {"model": "lightgbm"}}
    with pytest.raises(SettingsError, match=f"found no {name}; `pip install"):
        load_learner(altseason=settings)


@pytest.mark.parametrize(("change", "message"), REFUSED_TO_TRADE)
def test_configuration_that_fails_in_a_running_bot_is_refused_there(
    load_learner: Load, registry: None, change: dict[str, Any], message: str
):
    load_learner(**change)
    with pytest.raises(SettingsError, match=message):
        load_learner(runmode=RunMode.DRY_RUN, dry_run=True, **change)


@pytest.mark.parametrize(
    "wrong", [{"without_model": "all"}, {"model": "forest"}, {"seed": -1}, {"seed": 0.5}]
)
def test_settings_are_validated(wrong: dict[str, Any]):
    with pytest.raises(SettingsError, match=r"altseason\.freqai"):
        load_settings({"altseason": {"freqai": wrong}})
