"""The cost of a study, compared with `freqtrade backtesting --strategy-list` for the same work.

Both run the same gates on the same candles, one after the other, and have to find the same
profits; a study's time is that from its start to its last result. Then follow a grid of 16
backtests, from a cold start to its page, and 200 placebos, from a cold start to the printed result;
and with --memory a thousand small backtests, during which the memory must not grow. Wall time means
something only on an idle machine; CPU time is printed as well, without that of killed processes.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from freqtrade.data.btanalysis import load_backtest_stats
from rich.console import Console

from altseason_lab.emulator.market import Market
from altseason_lab.emulator.server import run_emulator
from altseason_lab.host.overlay import offline_environment
from benchmarks.preparation import ROOT, Workplace, find, prepare, write_config
from benchmarks.runs import METER, load_cost

PAIRS = ["ETH/USDT", "BNB/USDT", "SOL/USDT", "ADA/USDT"]
# As many as in a small placebo test: with fewer, mostly the start of the processes is measured.
DAYS = tuple(range(5, 155))
GATES = ("level", "falling", "level_and_falling")
PLACEBOS = 200
# The ratio of cells per minute to those of --strategy-list; seconds on two idle cores.
MIN_RATIO, MAX_GRID_SECONDS, MAX_PLACEBO_SECONDS = 2.5, 60.0, 300.0
CELLS_IN_MEMORY = 1_000
# The growth from the first tenth of the backtests to the last; their results take a few MiB.
MAX_GROWTH = 1.05
MEBIBYTE = 1024 * 1024

console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Times:
    """The time ranges that are run."""

    year: str
    windows: tuple[str, ...]

    @classmethod
    def of(cls, workplace: Workplace) -> "Times":
        """Return those that fit the data."""
        first = 2022 if workplace.is_synthetic else 2018
        starts = [f"{first + year}0701" for year in range(3)]
        halves = [f"{start}-{int(start[:4]) + 1}0101" for start in starts]
        year = f"{first + 2}0101-{first + 3}0101"
        return cls(year, (*halves, year))


def main() -> int:
    """Run the benchmark; 1 if the profits differ or a limit is exceeded."""
    parser = argparse.ArgumentParser(prog="benchmarks.study_cost", description=__doc__)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench", metavar="FOLDER")
    parser.add_argument("--memory", action="store_true", help="measure the memory instead")
    parser.add_argument("--cells", type=int, default=CELLS_IN_MEMORY, metavar="N")
    parser.add_argument("--placebos", type=int, default=PLACEBOS, metavar="N")
    parser.add_argument("--no-limits", action="store_true", help="succeed whatever it costs")
    options = parser.parse_args()
    workplace = prepare(options.work)
    if workplace.is_synthetic:
        console.print("No real data (set ALTSEASON_REAL_DATA): SYNTHETIC candles are measured.")
    write_gates(workplace)
    return asyncio.run(run_with_emulator(find(options.work), options))


def write_gates(workplace: Workplace) -> None:
    """Write a strategy for each gate, since `--strategy-list` takes no parameters."""
    for days in DAYS:
        parameters = {"gate_mode": "falling", "gate_sma_days": days}
        text = (
            "from AltSeasonStrategy import AltSeasonStrategy\n\n\n"
            f"class Falling{days}(AltSeasonStrategy):\n    buy_params = {parameters}\n"
        )
        file = workplace.user_data / "strategies" / f"Falling{days}.py"
        file.write_text(text, encoding="utf-8")


async def run_with_emulator(workplace: Workplace, options: argparse.Namespace) -> int:
    """Run the benchmark while the emulator runs."""
    async with run_emulator(Market(workplace.datadir)) as url:
        write_config(workplace, PAIRS, url, all_on=False)
        bench = Bench(workplace, offline_environment(os.environ, url))
        # The emulator responds in this thread.
        if options.memory:
            failures = await asyncio.to_thread(bench.measure_memory, options.cells)
        else:
            failures = await asyncio.to_thread(bench.measure, options.placebos)
    for failure in failures:
        console.print(f"FAILED: {failure}")
    return 1 if failures and not options.no_limits else 0


class Bench:
    """Runs commands under the meter, each in its own process."""

    def __init__(self, workplace: Workplace, environment: Mapping[str, str]) -> None:
        self._workplace = workplace
        self._times = Times.of(workplace)
        self._environment = environment
        self._folder = Path(tempfile.mkdtemp(dir=workplace.folder))

    def measure(self, number: int) -> list[str]:
        """Run everything, print its cost, and return which limits were exceeded."""
        listed, expected = self._run_list()
        show("freqtrade backtesting --strategy-list", len(expected), listed)
        lengths = f"gate_sma_days={','.join(map(str, DAYS))}"
        study, cells = self._run_study("--modes", "falling", "--set", lengths)
        show("altseason study, the same and the gate off", len(cells), study)
        console.print(f"its backtests were done after {study['backtests']:.1f} s")
        if differ(expected, find_profits(cells)):
            raise SystemExit("The two ways have different profits: nothing was compared.")
        # Without the evaluation after the backtests, which a list does not have.
        ratio = (len(cells) / study["backtests"]) / (len(expected) / listed["wall"])
        load = os.getloadavg()[0]
        console.print(f"{ratio:.2f} times the backtests a minute; load of the machine {load:.1f}")
        page = ["--report", str(self._folder / "page.html")]
        grid, cells = self._run_study("--modes", *GATES, "--windows", *self._times.windows, *page)
        show("4 gates x 4 windows", len(cells), grid)
        placebos, cells = self._run_study("--modes", "falling", "--placebos", str(number))
        show(f"{number} placebos of a year", number + len(cells), placebos)
        return [
            *([f"{ratio:.2f} times the backtests a minute"] if ratio < MIN_RATIO else []),
            *(["the grid takes too long"] if grid["wall"] > MAX_GRID_SECONDS else []),
            *(["the placebos take too long"] if placebos["wall"] > MAX_PLACEBO_SECONDS else []),
        ]

    def _run_list(self) -> tuple[dict[str, float], dict[int, float]]:
        names = [f"Falling{days}" for days in DAYS]
        results = self._folder / "results"
        results.mkdir()
        words = ["backtesting", *self._paths(), "--timerange", self._times.year, "--cache", "none"]
        words += ["--strategy-list", *names, "--backtest-directory", str(results)]
        words += ["--export", "trades"]
        cost, _ = self._run([sys.executable, "-m", "freqtrade", *words])
        strategies = load_backtest_stats(results)["strategy"]
        return cost, {days: strategies[f"Falling{days}"]["profit_total"] for days in DAYS}

    def _run_study(self, *words: str) -> tuple[dict[str, float], list[dict[str, Any]]]:
        timerange = [] if "--windows" in words else ["--timerange", self._times.year]
        options = ["--offline", "--fresh", "--json", *words, "--", *self._paths(), *timerange]
        begun = time.time()
        cost, output = self._run([sys.executable, "-m", "altseason", "study", *options])
        cost["backtests"] = max(self._find_times()) - begun
        return cost, json.loads(output)["cells"]

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

    def measure_memory(self, cells: int) -> list[str]:
        """Run many small backtests, and print the memory of the command and its largest process.

        :return: which of the two has grown.
        """
        first = self._times.year[:8]
        words = ["--offline", "--fresh", "--modes", "falling", "--processes", "2"]
        words += ["--kinds", "bootstrap", "--placebos", str(cells), "--", *self._paths()]
        words += ["--pairs", PAIRS[0], "--timerange", f"{first}-{first[:4]}0301"]
        # Each result is a file; those of an earlier run are written again.
        begun, step = time.time(), max(1, cells // 10)
        measured: list[tuple[float, float]] = []
        with subprocess.Popen(
            [sys.executable, "-m", "altseason", "study", *words],
            cwd=self._workplace.folder,
            env={**self._environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        ) as process:
            while not has_ended(process):
                if (done := self._count_results(begun)) >= step * (len(measured) + 1):
                    measured.append(measure_tree(process.pid))
                    command, largest = measured[-1]
                    console.print(
                        f"{done} backtests: the command has {command:.0f} MiB, "
                        f"its largest process {largest:.0f}"
                    )
        if process.returncode or len(measured) < 2:
            return [f"the study ended with {process.returncode}, measured {len(measured)} times"]
        names = ("the command", "its largest process")
        growth = {
            name: after / before
            for name, before, after in zip(names, measured[0], measured[-1], strict=True)
        }
        return [
            f"{name} grew by {ratio - 1:.0%}"
            for name, ratio in growth.items()
            if ratio > MAX_GROWTH
        ]

    def _count_results(self, begun: float) -> int:
        return sum(time >= begun for time in self._find_times())

    def _find_times(self) -> list[float]:
        """Return when each result was stored."""
        stored = (self._workplace.user_data / "altseason_study").glob("*.json")
        return [path.stat().st_mtime for path in stored]


def show(name: str, cells: int, cost: Mapping[str, float]) -> None:
    """Print the cost of a command."""
    wall, cpu = cost["wall"], cost["cpu"]
    minute = cells / wall * 60
    console.print(f"{name}: {cells} in {wall:.1f} s, {minute:.1f} a minute, {cpu:.1f} s of the CPU")


def find_profits(cells: list[dict[str, Any]]) -> dict[int, float]:
    """Return the profits of a study's gates by `gate_sma_days`."""
    gated = (cell for cell in cells if "gate_sma_days" in cell["settings"])
    return {cell["settings"]["gate_sma_days"]: cell["profit"] for cell in gated}


def measure_tree(pid: int) -> tuple[float, float]:
    """Return the memory of a process, and of the largest of its children, in MiB."""
    command = psutil.Process(pid)
    children = [child.memory_info().rss for child in command.children(recursive=True)]
    return command.memory_info().rss / MEBIBYTE, max(children, default=0) / MEBIBYTE


def has_ended(process: "subprocess.Popen[bytes]") -> bool:
    """Wait a second for the end of a process."""
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        return False
    return True


def differ(expected: Mapping[int, float], found: Mapping[int, float]) -> bool:
    """Return whether two ways to run the same gates have different profits."""
    if expected.keys() != found.keys():
        return True
    return any(abs(expected[days] - found[days]) > 1e-9 for days in expected)


if __name__ == "__main__":
    sys.exit(main())
