"""The strategy of a dry run, and gated strategies of users."""

from pathlib import Path
from typing import Any

import pytest
from freqtrade.enums import RunMode
from freqtrade.strategy import IStrategy

from altseason.dominance.store import DominanceStore
from tests.conftest import dominance_candles
from tests.recorder.simulation import dominance_config
from tests.strategy.gated import DOMINANCE, PLAIN, define, write_strategies
from tests.strategy.trading import Load


@pytest.fixture
def load_live(load_strategy: Load, tmp_path: Path, registry: None) -> Load:
    """The strategy of a dry run with Freqtrade's own data provider; it does not record."""

    def load(parameters: dict[str, Any] | None = None, **config: Any) -> IStrategy:
        defaults = {**dominance_config(tmp_path, {}, record=False), "runmode": RunMode.DRY_RUN}
        return load_strategy(parameters, **{**defaults, **config})

    return load


@pytest.fixture
def gate(load_strategy: Load, tmp_path: Path) -> Load:
    """Load a parent and the gated class derived from it, with thirty days of dominance."""
    DominanceStore(tmp_path).append(dominance_candles(DOMINANCE, "2021-01-02"), "1d")
    folder = tmp_path / "strategies"

    def load(
        parent: str = PLAIN, gated: str = "", name: str = "MyGated", **config: Any
    ) -> IStrategy:
        write_strategies(folder, parent, gated or define())
        return load_strategy(strategy=name, strategy_path=str(folder), **config)

    return load
