"""The methods that Freqtrade calls around those of a strategy, on which the gate relies."""

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from freqtrade.ft_types.plot_annotation_type import AnnotationTypeTA
from freqtrade.resolvers import StrategyResolver
from freqtrade.strategy import IStrategy

from altseason.dominance.store import DominanceStore
from altseason.strategy import AltSeasonGate
from tests.conftest import coin_candles, dominance_candles
from tests.strategy.gated import PAIR, PLAIN, signals
from tests.strategy.trading import confirm

Load = Callable[..., IStrategy]
HOOKS = (
    "load_params_from_file",
    "ft_set_special_params_from_file",
    "ft_bot_start",
    "gather_informative_pairs",
    "advise_indicators",
    "advise_entry",
    "advise_exit",
    "analyze_ticker",
    "ft_plot_annotations",
)


@pytest.fixture
def strategy(load_strategy: Load, tmp_path: Path) -> IStrategy:
    """A gated strategy that would always enter, with a closed gate."""
    DominanceStore(tmp_path).append(dominance_candles([60.0] * 40, "2021-01-01"), "1d")
    text = PLAIN.replace("class Parent(IStrategy)", "class Mine(AltSeasonGate)")
    (tmp_path / "Mine.py").write_text(f"from altseason.strategy import AltSeasonGate\n{text}")
    return load_strategy(strategy="Mine", strategy_path=str(tmp_path))


@pytest.mark.parametrize("name", HOOKS)
def test_hook_is_a_method_of_freqtrade_with_the_same_parameters(name: str):
    ours, theirs = getattr(AltSeasonGate, name), getattr(IStrategy, name)
    assert [*inspect.signature(ours).parameters] == [*inspect.signature(theirs).parameters]


@pytest.mark.parametrize("name", HOOKS)
def test_freqtrade_calls_the_hook(
    strategy: IStrategy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    called = []
    inherited = getattr(AltSeasonGate, name)

    def note(self: IStrategy, *arguments: object, **words: object) -> object:
        called.append(name)
        return inherited(self, *arguments, **words)

    monkeypatch.setattr(AltSeasonGate, name, note)
    StrategyResolver.load_strategy({**strategy.config, "strategy_path": str(tmp_path)})
    strategy.ft_bot_start()
    strategy.gather_informative_pairs()
    strategy.advise_all_indicators({"ETH/USDT": coin_candles(24)})
    signals(strategy)
    analyzed = strategy.analyze_ticker(coin_candles(24), PAIR)
    strategy.ft_plot_annotations("ETH/USDT", analyzed)
    assert called


def test_gate_holds_by_the_entry_s_own_check_where_the_hooks_have_gone(
    strategy: IStrategy, monkeypatch: pytest.MonkeyPatch
):
    for name in ("advise_indicators", "advise_entry", "advise_exit"):
        monkeypatch.delattr(AltSeasonGate, name)
    assert signals(strategy)["enter_long"].all()
    consents = confirm(strategy, datetime(2021, 1, 20, tzinfo=UTC))
    assert consents is False


def test_areas_are_annotations_as_freqtrade_s_api_takes_them(load_strategy: Load, tmp_path: Path):
    DominanceStore(tmp_path).append(dominance_candles([50.0] * 40, "2021-01-01"), "1d")
    strategy = load_strategy()
    analyzed = strategy.analyze_ticker(coin_candles(24 * 20), PAIR)
    [area] = strategy.ft_plot_annotations("ETH/USDT", analyzed)
    assert AnnotationTypeTA.validate_python(area, extra="forbid") == area
