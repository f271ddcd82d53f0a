"""What a study costs, against `freqtrade backtesting --strategy-list` on the same work.

Both run the same gates on the same candles, in turn, and have to come to the same profits. Then
come a grid of 16 backtests and 200 placebos, each from cold to the printed result, and with
--memory a thousand small backtests in one process. Seconds of wall time count on an idle machine
alone; those of the CPU are told beside them.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
from freqtrade.data.btanalysis import load_backtest_stats
from rich.console import Console
from rich.table import Table

from altseason_lab.emulator.market import Market
from altseason_lab.emulator.server import run_emulator
from altseason_lab.host.overlay import offline_environment
from benchmarks.preparation import ROOT, Workplace, find, prepare, write_config
from benchmarks.runs import METER, load_cost

PAIRS = ["ETH/USDT", "BNB/USDT", "SOL/USDT", "ADA/USDT"]
DAYS = (5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60)
GATES = ("level", "falling", "level_and_falling")
PLACEBOS = 200
# Cells a minute to those of --strategy-list; seconds on two idle cores.
MIN_RATIO, MAX_GRID_SECONDS, MAX_PLACEBO_SECONDS = 2.5, 60.0, 300.0
CELLS_IN_MEMORY = 1_000
MEBIBYTE = 1024 * 1024

console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Times:
    """When what is run ends and begins; without them the real data's."""

    year: str
    windows: tuple[str, ...]

    @classmethod
    def of(cls, workplace: Workplace) -> "Times":
        """Return those of the data that there are."""
        first = 2022 if workplace.is_synthetic else 2018
        starts = [f"{first + year}0701" for year in range(3)]
        halves = [f"{start}-{int(start[:4]) + 1}0101" for start in starts]
        year = f"{first + 2}0101-{first + 3}0101"
        return cls(year, (*halves, year))


def main() -> int:
    """Run the bench; 1 where the profits differ or a limit is not kept."""
    parser = argparse.ArgumentParser(prog="benchmarks.study_cost", description=__doc__)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench", metavar="FOLDER")
    parser.add_argument("--memory", action="store_true", help="measure the memory instead")
    parser.add_argument("--cells", type=int, default=CELLS_IN_MEMORY, metavar="N")
    parser.add_argument("--no-limits", action="store_true", help="succeed whatever it costs")
    options = parser.parse_args()
    workplace = prepare(options.work)
    if workplace.is_synthetic:
        console.print("No real data (set ALTSEASON_REAL_DATA): SYNTHETIC candles are measured.")
    write_gates(workplace)
    return asyncio.run(run_with_emulator(find(options.work), options))


def write_gates(workplace: Workplace) -> None:
    """Write a strategy for each gate: `--strategy-list` takes no parameters."""
    for days in DAYS:
        parameters = {"gate_mode": "falling", "gate_sma_days": days}
        text = (
            "from AltSeasonStrategy import AltSeasonStrategy\n\n\n"
            f"class Falling{days}(AltSeasonStrategy):\n    buy_params = {parameters}\n"
        )
        file = workplace.user_data / "strategies" / f"Falling{days}.py"
        file.write_text(text, encoding="utf-8")


async def run_with_emulator(workplace: Workplace, options: argparse.Namespace) -> int:
    """Run the bench while the emulator is there."""
    async with run_emulator(Market(workplace.datadir)) as url:
        write_config(workplace, PAIRS, url, all_on=False)
        bench = Bench(workplace, offline_environment(os.environ, url))
        # The emulator answers in this thread.
        if options.memory:
            return await asyncio.to_thread(bench.measure_memory, options.cells)
        failures = await asyncio.to_thread(bench.measure)
    for failure in failures:
        console.print(f"FAILED: {failure}")
    return 1 if failures and not options.no_limits else 0


class Bench:
    """Runs commands under the meter, each in a process of its own."""

    def __init__(self, workplace: Workplace, environment: Mapping[str, str]) -> None:
        self._workplace = workplace
        self._times = Times.of(workplace)
        self._environment = environment
        self._folder = Path(tempfile.mkdtemp(dir=workplace.folder))

    def measure(self) -> list[str]:
        """Run all of it, print the table, and return which limits were not kept."""
        listed, expected = self._run_list()
        study, found = self._run_study(
            ["--modes", "falling", "--set", f"gate_sma_days={','.join(map(str, DAYS))}"]
        )
        gates = self._run_study(["--modes", *GATES, "--windows", *self._times.windows])[0]
        placebos = self._run_study(["--modes", "falling", "--placebos", str(PLACEBOS)])[0]
        # With the gate off, which a study always runs, too.
        ratio = (len(found) / study["wall"]) / (len(expected) / listed["wall"])
        table = Table("", "backtests", "wall, s", "CPU, s", "a minute", box=None)
        for name, number, cost in (
            ("freqtrade backtesting --strategy-list", len(expected), listed),
            ("altseason study, the same", len(found), study),
            ("4 gates x 4 windows", 16, gates),
            (f"{PLACEBOS} placebos of a year", PLACEBOS + 2, placebos),
        ):
            row = (f"{cost['wall']:.1f}", f"{cost['cpu']:.1f}", f"{number / cost['wall'] * 60:.1f}")
            table.add_row(name, str(number), *row)
        console.print(table)
        load = os.getloadavg()[0]
        console.print(f"{ratio:.2f} times the cells a minute; load of the machine {load:.1f}")
        return [
            *(["the profits differ"] if differ(expected, found) else []),
            *([f"{ratio:.2f} times the cells a minute"] if ratio < MIN_RATIO else []),
            *(["the grid takes too long"] if gates["wall"] > MAX_GRID_SECONDS else []),
            *(["the placebos take too long"] if placebos["wall"] > MAX_PLACEBO_SECONDS else []),
        ]

    def _run_list(self) -> tuple[dict[str, float], dict[int, float]]:
        names = [f"Falling{days}" for days in DAYS]
        results = self._folder / "results"
        words = ["backtesting", *self._paths(), "--timerange", self._times.year, "--cache", "none"]
        words += ["--strategy-list", *names, "--backtest-directory", str(results)]
        cost, _ = self._run([sys.executable, "-m", "freqtrade", *words])
        strategies = load_backtest_stats(results)["strategy"]
        return cost, {days: strategies[f"Falling{days}"]["profit_total"] for days in DAYS}

    def _run_study(self, words: list[str]) -> tuple[dict[str, float], dict[int, float]]:
        timerange = [] if "--windows" in words else ["--timerange", self._times.year]
        options = ["--offline", "--fresh", "--json", *words, "--", *self._paths(), *timerange]
        cost, output = self._run([sys.executable, "-m", "altseason", "study", *options])
        cells = json.loads(output)["cells"]
        gated = (cell for cell in cells if "gate_sma_days" in cell.get("settings", {}))
        return cost, {cell["settings"]["gate_sma_days"]: cell["profit"] for cell in gated}

    def _paths(self) -> list[str]:
        place = self._workplace
        paths = ("--config", place.config, "--userdir", place.user_data, "--datadir", place.datadir)
        return [str(word) for word in paths]

    def _run(self, command: list[str]) -> tuple[dict[str, float], str]:
        cost = self._folder / "cost.json"
        meter = [sys.executable, "-I", "-S", str(METER), str(cost)]
        ended = subprocess.run(
            [*meter, *command],
            cwd=self._workplace.folder,
            env={**self._environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise SystemExit(f"{' '.join(command[1:])} failed:\n{ended.stderr[-2000:]}")
        return load_cost(cost), ended.stdout

    def measure_memory(self, cells: int) -> int:
        """Run many small backtests, and print what the command and its largest process take."""
        words = ["--offline", "--fresh", "--modes", "falling", "--processes", "2"]
        words += ["--kinds", "bootstrap", "--placebos", str(cells), "--", *self._paths()]
        words += [
            "--pairs",
            "ETH/USDT",
            "--timerange",
            f"{self._times.year[:8]}-{self._times.year[:4]}0301",
        ]
        table = Table("backtests", "command, MiB", "largest process, MiB", box=None)
        store = self._workplace.user_data / "altseason_study"
        before = len(list(store.glob("*.json")))
        with subprocess.Popen(
            [sys.executable, "-m", "altseason", "study", *words],
            cwd=self._workplace.folder,
            env={**self._environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        ) as process:
            next_at = cells // 10
            while process.poll() is None:
                done = len(list(store.glob("*.json"))) - before
                if done >= next_at:
                    table.add_row(str(done), *measure_tree(process.pid))
                    next_at += cells // 10
                with_timeout(process)
        console.print(table)
        return process.returncode


def measure_tree(pid: int) -> tuple[str, str]:
    """Return the memory of a process, and of the largest of its children, in MiB."""
    command = psutil.Process(pid)
    children = [child.memory_info().rss for child in command.children(recursive=True)]
    rows = command.memory_info().rss, max(children, default=0)
    return f"{rows[0] / MEBIBYTE:.0f}", f"{rows[1] / MEBIBYTE:.0f}"


def with_timeout(process: "subprocess.Popen[bytes]") -> None:
    """Wait a second for the end of a process."""
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        return


def differ(expected: Mapping[int, float], found: Mapping[int, float]) -> bool:
    """Return whether two ways to run the same gates came to different profits."""
    if expected.keys() != found.keys():
        return True
    return any(abs(expected[days] - found[days]) > 1e-9 for days in expected)


if __name__ == "__main__":
    sys.exit(main())
