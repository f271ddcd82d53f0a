"""A strategy that trades often enough for two weeks, and its configuration."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from altseason.host.configuration import Config
from altseason_lab.commands.walk_forward import WALK_FORWARD
from altseason_lab.host.command import FreqtradeCommand
from altseason_lab.preparation import parse_backtesting_options, prepare_command
from tests.integration.freqtrade_runs import Home, write_subclass
from tests.warm import warm

PAIRS = ("ETH/USDT", "ADA/USDT")
WORDS = ("--strategy", "Falling", "--pairs", *PAIRS)


COLD = dict(os.environ)


@pytest.fixture(scope="package", autouse=True)
def _warm() -> Iterator[None]:
    """Start hyperopt without its imports."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in warm(os.environ).items():
            patch.setenv(name, value)
        yield


def write_strategy(home: Home, further: str = "") -> None:
    """Write the strategy, which is gated by dominance, with any further lines."""
    body = '    buy_params = {"gate_mode": "falling", "macd_trigger": "above"}\n'
    write_subclass(home.strategies, "Falling", body + further)


@contextmanager
def configured(home: Home, *words: str) -> Iterator[tuple[FreqtradeCommand, Config]]:
    """Yield the command and its configuration while the emulator serves the candles."""
    files = ("--config", str(home.userdir / "config.json"), "--userdir", str(home.userdir))
    options = [*files, "--datadir", str(home.datadir), *words]
    command = parse_backtesting_options(options, WALK_FORWARD)
    with prepare_command(command, WALK_FORWARD, offline=True) as found:
        yield found
