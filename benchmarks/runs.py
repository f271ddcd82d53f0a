"""Run backtests in separate processes, and load their costs and trades."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.preparation import Workplace
from benchmarks.trades import load_trades

METER = Path(__file__).with_name("meter.py")
LAST_LINES = 5


@dataclass(frozen=True)
class Run:
    """One backtest.

    :param cost: wall and CPU time in s, peak memory in MiB, by name.
    :param trades: as from `load_trades`.
    """

    cost: dict[str, float]
    trades: pd.DataFrame


class Runner:
    """Runs `freqtrade backtesting` under the meter."""

    def __init__(
        self,
        workplace: Workplace,
        timerange: str,
        environment: Mapping[str, str],
        *,
        has_protections: bool = False,
    ) -> None:
        self._workplace = workplace
        self._timerange = timerange
        self._environment = environment
        self._options = ["--enable-protections"] if has_protections else []

    def run(self, strategy: str) -> Run:
        """Backtest a strategy by name; exit if Freqtrade fails."""
        folder = self._workplace.folder / "results" / strategy
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        cost, log = folder / "cost.json", folder / "freqtrade.log"
        meter = [sys.executable, "-I", "-S", str(METER), str(cost)]
        with log.open("w", encoding="utf-8") as output:
            ended = subprocess.run(
                [*meter, *self._command(strategy, folder)],
                cwd=self._workplace.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if ended.returncode:
            last = log.read_text(encoding="utf-8").splitlines()[-LAST_LINES:]
            raise SystemExit("\n".join([f"{strategy} failed, {log} ends with:", *last]))
        return Run(load_cost(cost), load_trades(folder))

    def _command(self, strategy: str, folder: Path) -> list[str]:
        return [
            *(sys.executable, "-m", "freqtrade", "backtesting"),
            *("--config", str(self._workplace.config)),
            *("--userdir", str(self._workplace.user_data)),
            *("--datadir", str(self._workplace.datadir)),
            *("--strategy", strategy),
            *("--timerange", self._timerange),
            *("--cache", "none"),
            *("--export", "trades"),
            *("--backtest-directory", str(folder)),
            *self._options,
        ]


def load_cost(file: Path) -> dict[str, float]:
    """Read the result of the meter."""
    return dict(json.loads(file.read_text(encoding="utf-8")))
