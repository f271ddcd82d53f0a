"""The cost of a backtest with AltSeasonStrategy, compared with a twin that only reads its signals.

Both are real `freqtrade backtesting` processes, run alternately against the exchange emulator. They
have to make the same trades; otherwise nothing is compared.
"""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from rich.console import Console

from altseason_lab.emulator.market import Market
from altseason_lab.emulator.server import run_emulator
from altseason_lab.host.overlay import offline_environment
from benchmarks.preparation import (
    ROOT,
    Workplace,
    choose_gate,
    find,
    list_altcoins,
    prepare,
    write_config,
)
from benchmarks.report import ALL_ON_LIMITS, DEFAULT_LIMITS, NOISE, compare, render
from benchmarks.runs import Run, Runner
from benchmarks.trades import describe_differences

STRATEGY, TWIN, RECORDER = "AltSeasonStrategy", "BareTwin", "SignalRecorder"
ROUNDS = 5

console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Run the benchmark; 1 if the trades differ or a limit is exceeded."""
    parser = build_parser()
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error(f"--rounds: expected 1 or more, found {options.rounds}")
    workplace = find(options.work) if options.keep else prepare(options.work)
    if workplace.is_synthetic:
        console.print("No real data (set ALTSEASON_REAL_DATA): SYNTHETIC candles are measured.")
    return asyncio.run(run_with_emulator(workplace, options))


def build_parser() -> argparse.ArgumentParser:
    """Build the parser."""
    parser = argparse.ArgumentParser(prog="benchmarks.backtest_cost", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, metavar="N", help="default: %(default)s"
    )
    parser.add_argument("--timerange", help="as Freqtrade reads it (default: three years)")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench", metavar="FOLDER")
    parser.add_argument(
        "--all-on", action="store_true", help="measure with all risk rules on, not the defaults"
    )
    parser.add_argument(
        "--breadth", action="store_true", help="measure with a gate that also counts coins"
    )
    parser.add_argument(
        "--keep", action="store_true", help="use the data and the signals of the last run"
    )
    parser.add_argument(
        "--no-limits", action="store_true", help="succeed if the trades are equal, at any cost"
    )
    return parser


async def run_with_emulator(workplace: Workplace, options: argparse.Namespace) -> int:
    """Run the benchmark while the emulator runs."""
    choose_gate(workplace, has_breadth=options.breadth)
    market = Market(workplace.datadir)
    pairs = list_altcoins(market)
    timerange = options.timerange or workplace.timerange
    async with run_emulator(market) as url:
        write_config(workplace, pairs, url, all_on=options.all_on)
        environment = offline_environment(os.environ, url)
        runner = Runner(workplace, timerange, environment, has_protections=options.all_on)
        kind = "SYNTHETIC" if workplace.is_synthetic else "Binance"
        rules = "all risk rules on" if options.all_on else "the defaults"
        console.print(f"{len(pairs)} altcoins, {kind} candles, {timerange}: {', '.join(pairs)}")
        gate = ", with breadth in the gate" if options.breadth else ""
        console.print(f"Measured: {rules}{gate}")
        # The emulator responds in this thread.
        return await asyncio.to_thread(bench, runner, options)


def bench(runner: Runner, options: argparse.Namespace) -> int:
    """Record the signals, run both alternately, and judge."""
    if not options.keep:
        runner.run(RECORDER)
    runs: dict[str, list[Run]] = {STRATEGY: [], TWIN: []}
    for number in range(options.rounds):
        # The order changes, so that a machine that slows down favors neither.
        for strategy in (STRATEGY, TWIN) if number % 2 == 0 else (TWIN, STRATEGY):
            runs[strategy].append(runner.run(strategy))
        differences = check_trades(runs[STRATEGY][-1], runs[TWIN][-1])
        if differences:
            console.print("FAILED:", "\n".join(differences), markup=False)
            return 1
    console.print(f"{len(runs[TWIN][-1].trades)} trades, the same in all {options.rounds} rounds")
    costs = ([run.cost for run in runs[name]] for name in (STRATEGY, TWIN))
    comparisons = compare(*costs, limits=ALL_ON_LIMITS if options.all_on else DEFAULT_LIMITS)
    console.print(render(comparisons))
    if any(row.spread > NOISE for row in comparisons):
        console.print(f"Equal runs differ by more than {NOISE:.0%}: the machine was not idle.")
    exceeded = [row.title for row in comparisons if not row.is_within]
    if exceeded and not options.no_limits:
        console.print(f"FAILED: above the limit: {'; '.join(exceeded)}")
        return 1
    return 0


def check_trades(strategy: Run, twin: Run) -> list[str]:
    """Return why two runs cannot be compared; nothing where they can."""
    if strategy.trades.empty and twin.trades.empty:
        return ["no trades: nothing was compared"]
    return describe_differences(strategy.trades, twin.trades)


if __name__ == "__main__":
    sys.exit(main())
