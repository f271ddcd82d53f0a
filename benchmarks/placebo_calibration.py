"""Check the placebo test of `altseason study` on synthetic markets.

Where dominance has no effect on prices, the p-value has to be uniform: at or below 0.05 in one of
twenty markets. Where prices rise faster while dominance falls, the test has to find that, the more
often the stronger the effect is. Prices are those of one synthetic market and dominance is that of
another, so that only a built-in effect connects them.
"""

import argparse
import gc
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from math import sqrt
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from scipy.stats import kstest

from altseason.dominance.candles import DAILY_MAX_AGE
from altseason.gate.rule import Dominance, GateRule, find_open
from altseason_lab.commands.study import STUDY
from altseason_lab.host.repeated import open_exchange
from altseason_lab.preparation import parse_backtesting_options, prepare
from altseason_lab.sample.candles import draw_candles
from altseason_lab.sample.model import (
    TIMEFRAME,
    SampleMarket,
    build_dominance_candles,
    calculate_dominance,
    calculate_rest,
)
from altseason_lab.sample.parameters import HOURS_PER_YEAR, MARKET
from altseason_lab.sample.paths import Array, draw_paths
from altseason_lab.sample.store import save_market
from altseason_lab.study.cell import CellRunner
from altseason_lab.study.difference import SIGNIFICANCE
from altseason_lab.study.grid import Cell, Scope
from altseason_lab.study.placebo import SHIFT
from altseason_lab.study.run import Placebos, draw_cells
from benchmarks.preparation import ROOT

MARKETS, EFFECT_MARKETS, PLACEBOS = 100, 25, 39
# Points of growth a year between an open gate and a closed one, as a logarithm in percent.
EFFECTS = (200.0, 400.0, 800.0)
# With a month before the window for the moving averages of the strategy and the gate.
PARAMETERS = replace(MARKET, start="2021-01-01", stop="2021-05-02")
WINDOW = "20210201-20210502"
COINS = MARKET.altcoins[:2]
PAIRS = tuple(coin.pair for coin in COINS)
CELL = Cell(Scope(WINDOW, PAIRS), "falling", settings=(("macd_trigger", "above"),))
RULE = GateRule(CELL.mode)
BATCH = 5
CONFIG = """{
    "stake_currency": "USDT", "stake_amount": "unlimited", "max_open_trades": 2,
    "dry_run": true, "dry_run_wallet": 1000, "timeframe": "1h", "fee": 0.001,
    "strategy": "AltSeasonStrategy", "pairlists": [{"method": "StaticPairList"}],
    "entry_pricing": {"price_side": "same"}, "exit_pricing": {"price_side": "same"},
    "exchange": {"name": "binance", "pair_whitelist": [%s]}
}"""

console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Case:
    """A market to test.

    :param effect: points of growth a year between an open gate and a closed one.
    """

    seed: int
    effect: float


def main() -> int:
    """Run the test on all markets and print its results; 1 if they are not as expected."""
    options = build_parser().parse_args()
    markets = {effect: options.effect_markets for effect in options.effects if effect}
    cases = [
        Case(seed, effect)
        for effect, count in {0.0: options.markets, **markets}.items()
        for seed in range(count)
    ]
    found = run_all(cases, options.placebos, options.processes)
    console.print(draw_table(found, options.placebos))
    unrelated = [p_value for case, p_value in found.items() if not case.effect]
    fit = kstest(unrelated, "uniform", alternative="two-sided").pvalue
    small = sum(p_value <= SIGNIFICANCE for p_value in unrelated)
    console.print(
        f"Without an effect, {small} of {len(unrelated)} p-values are at or below {SIGNIFICANCE}; "
        f"by Kolmogorov and Smirnov, p = {fit:.2f} that they are uniform."
    )
    return 0 if fit > SIGNIFICANCE and small <= len(unrelated) / 10 else 1


def build_parser() -> argparse.ArgumentParser:
    """Build the parser."""
    parser = argparse.ArgumentParser(prog="benchmarks.placebo_calibration", description=__doc__)
    parser.add_argument("--markets", type=int, default=MARKETS, metavar="N")
    parser.add_argument("--effect-markets", type=int, default=EFFECT_MARKETS, metavar="N")
    parser.add_argument("--placebos", type=int, default=PLACEBOS, metavar="N")
    parser.add_argument("--effects", type=float, nargs="+", default=EFFECTS, metavar="POINTS")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, metavar="N")
    return parser


def run_all(cases: Sequence[Case], placebos: int, processes: int) -> dict[Case, float]:
    """Return the p-value of each market."""
    batches = [cases[first : first + BATCH] for first in range(0, len(cases), BATCH)]
    found: dict[Case, float] = {}
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as executor:
        futures = [executor.submit(run_batch, batch, placebos) for batch in batches]
        for future in as_completed(futures):
            found |= future.result()
            console.print(f"{len(found)} of {len(cases)} markets")
    return {case: found[case] for case in cases}


def run_batch(cases: Sequence[Case], placebos: int) -> dict[Case, float]:
    """Return the p-value of each market of a batch, all with the same exchange."""
    with tempfile.TemporaryDirectory(prefix="altseason-calibration-") as folder:
        home = Path(folder)
        config_file = home / "config.json"
        config_file.write_text(CONFIG % ", ".join(f'"{pair}"' for pair in PAIRS))
        datadirs = [home / "data" / str(number) for number in range(len(cases))]
        for case, datadir in zip(cases, datadirs, strict=True):
            save_market(generate(case), datadir)
        words = ["-c", str(config_file), "--userdir", str(ROOT / "user_data")]
        command = parse_backtesting_options([*words, "--datadir", str(datadirs[0])], STUDY)
        with (
            prepare(command, STUDY, offline=True) as config,
            open_exchange(config, STUDY.name) as exchange,
        ):
            # Garbage is collected after each market instead, which takes a fifth less time.
            gc.disable()
            return {
                case: test(CellRunner({**config, "datadir": datadir}, exchange), placebos)
                for case, datadir in zip(cases, datadirs, strict=True)
            }


def test(runner: CellRunner, placebos: int) -> float:
    """Return the p-value of the true gate among its placebos."""
    true = runner.run(CELL)
    cells = draw_cells(CELL, true, SHIFT, placebos, seed=1)
    found = Placebos(SHIFT, true, [runner.run(cell) for cell in cells])
    gc.collect()
    return found.rank.p_value


def generate(case: Case) -> SampleMarket:
    """Generate prices, and dominance from another market, with a built-in effect."""
    random = np.random.default_rng([case.seed, 1])
    dates = pd.date_range(
        PARAMETERS.start, PARAMETERS.stop, freq=TIMEFRAME, tz="UTC", inclusive="left", unit="ms"
    )
    other = draw_paths(np.random.default_rng([case.seed, 2]), PARAMETERS, len(dates))
    rest = calculate_rest(PARAMETERS, other, dates)
    dominance = build_dominance_candles(calculate_dominance(PARAMETERS, other, rest), dates)
    paths = draw_paths(random, PARAMETERS, len(dates))
    growth = calculate_effect(dominance["1d"], dates, case.effect)
    candles = {
        coin.pair: draw_candles(
            random,
            PARAMETERS,
            coin,
            growth=paths.coins[coin.base] + growth,
            volatility=paths.volatility,
            dates=dates,
        )
        for coin in COINS
    }
    return SampleMarket(case.seed, candles, dominance, rest)


def calculate_effect(daily: pd.DataFrame, dates: pd.DatetimeIndex, effect: float) -> Array:
    """Return the growth that a gate adds, without changing the total growth of the market.

    :param effect: points a year between an open gate and a closed one.
    """
    dominance = Dominance("1d", daily, daily, DAILY_MAX_AGE)
    is_open = find_open(dominance, RULE, np.asarray(dates.astype("int64"), dtype=np.int64))
    growth: Array = np.cumsum(is_open - is_open.mean()) * effect / 100 / HOURS_PER_YEAR
    return growth


def draw_table(found: dict[Case, float], placebos: int) -> Table:
    """Return a table of how often the test finds each effect."""
    table = Table(title=f"Placebo test, {placebos} placebos each, {WINDOW}, {' '.join(PAIRS)}")
    for header in ("effect, points a year", "markets", "p at or below 0.05", "error", "median p"):
        table.add_column(header, justify="right")
    for effect in dict.fromkeys(case.effect for case in found):
        p_values = [p_value for case, p_value in found.items() if case.effect == effect]
        share = float(np.mean([p_value <= SIGNIFICANCE for p_value in p_values]))
        error = sqrt(share * (1 - share) / len(p_values))
        table.add_row(
            f"{effect:g}",
            str(len(p_values)),
            f"{share:.0%}",
            f"{error:.0%}",
            f"{np.median(p_values):.3f}",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
