"""The strategy of a dry run."""

from pathlib import Path
from typing import Any

import pytest
from freqtrade.enums import RunMode
from freqtrade.strategy import IStrategy

from tests.recorder.simulation import dominance_config
from tests.strategy.trading import Load


@pytest.fixture
def load_live(load_strategy: Load, tmp_path: Path, registry: None) -> Load:
    """The strategy of a dry run with Freqtrade's own data provider; it records nothing itself."""

    def load(parameters: dict[str, Any] | None = None, **config: Any) -> IStrategy:
        defaults = {**dominance_config(tmp_path, {}, record=False), "runmode": RunMode.DRY_RUN}
        return load_strategy(parameters, **{**defaults, **config})

    return load
