"""Run real Freqtrade as a process, offline, and read its results."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from altseason_lab.emulator.market import Market
from altseason_lab.host.overlay import exchange_settings, offline_environment
from tests.lab.emulator.serving import serving
from tests.warm import warm

CONFIG: dict[str, Any] = {
    "stake_currency": "USDT",
    "stake_amount": "unlimited",
    "max_open_trades": 4,
    "dry_run": True,
    "dry_run_wallet": 1000,
    "timeframe": "1h",
    "fee": 0.001,
    "entry_pricing": {"price_side": "same"},
    "exit_pricing": {"price_side": "same"},
    "exchange": {
        "name": "binance",
        "pair_whitelist": ["ETH/USDT", "BNB/USDT", "SOL/USDT", "ADA/USDT"],
    },
    "pairlists": [{"method": "StaticPairList"}],
    "altseason": {"risk": {"sizing": False}},
}


@dataclass(frozen=True)
class Home:
    """A folder with a user_data and a config, in which Freqtrade runs against a data directory."""

    folder: Path
    datadir: Path

    def __post_init__(self) -> None:
        self.strategies.mkdir(parents=True, exist_ok=True)
        self.write_config()

    @property
    def userdir(self) -> Path:
        return self.folder / "user_data"

    @property
    def strategies(self) -> Path:
        return self.userdir / "strategies"

    @property
    def results(self) -> list[Path]:
        return sorted((self.userdir / "backtest_results").glob("*.zip"))

    def write_config(self, **changes: Any) -> None:
        (self.userdir / "config.json").write_text(json.dumps({**CONFIG, **changes}))

    def run(self, command: str, *arguments: str) -> str:
        """Run a Freqtrade command against an emulator, which must succeed; return its output."""
        with serving(Market(self.datadir)) as url:
            overlay = self.folder / "emulator.json"
            overlay.write_text(json.dumps({"exchange": exchange_settings(url)}))
            words = [sys.executable, "-m", "freqtrade", command, "--datadir", str(self.datadir)]
            words += ["-c", "user_data/config.json", "-c", str(overlay), *arguments]
            return run_well(words, self.folder, offline_environment(os.environ, url))

    def backtest(self, *arguments: str) -> dict[str, Any]:
        """Run a backtest and return the statistics by strategy of its newest result."""
        self.run("backtesting", *arguments)
        return read_statistics(self.results[-1])


def run_well(words: list[str], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """Run a command that must succeed, and return what it printed."""
    found = subprocess.run(
        words,
        cwd=folder,
        env={**warm(environment or os.environ), "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout[-5000:]
    assert "Traceback" not in found.stdout
    return found.stdout


def read_statistics(result: Path) -> dict[str, Any]:
    with zipfile.ZipFile(result) as archive:
        statistics = json.loads(archive.read(f"{result.stem}.json"))
    return dict(statistics["strategy"])


def write_subclass(folder: Path, name: str, body: str) -> None:
    """Write a strategy that is derived from AltSeasonStrategy in a file of its own."""
    text = f"""
from AltSeasonStrategy import AltSeasonStrategy
from freqtrade.strategy import CategoricalParameter, DecimalParameter, IntParameter, IStrategy


class {name}(AltSeasonStrategy):
{body}
"""
    (folder / f"{name}.py").write_text(text)
