"""`altseason walk-forward`: what hyperopt's parameters earn after they were found."""

import argparse
import json
import os
from importlib.util import find_spec
from typing import Any

from altseason.commands.reporting import add_json_option
from altseason.dominance.synthetic import is_synthetic
from altseason.errors import InputError
from altseason.host.configuration import data_directory
from altseason.invocation import altseason_command
from altseason.output import show
from altseason.parser import format_examples, whole_number
from altseason.progress import show_progress
from altseason_lab.ledger import open_ledger
from altseason_lab.preparation import (
    Repetition,
    add_backtest_options,
    backtesting_arguments,
    parse_backtesting_options,
    prepare_command,
)
from altseason_lab.walkforward.report import WalkForwardReport
from altseason_lab.walkforward.run import Request, run_walk_forward
from altseason_lab.walkforward.trials import count_trials, open_variants
from altseason_lab.walkforward.windows import WindowPlan

USAGE = altseason_command("walk-forward [OPTIONS] -- [OPTIONS OF freqtrade backtesting]")
DESCRIPTION = """\
Search the strategy's parameters with `freqtrade hyperopt` on one stretch of time and backtest them
on the next, window by window, and compare the result with the strategy as it is and with holding
the coins. What follows `--` is for `freqtrade backtesting`.

Each window tests the middle of the best epochs of several seeds. Your parameter file is not
changed, and no result is stored.
"""
EXAMPLES = (
    "walk-forward -- --timerange 20190101-20220101",
    "walk-forward --anchored --spaces buy sell -- --strategy MyAltSeason",
    "walk-forward --offline --train 60 --test 30 --epochs 20 -d user_data/data/synthetic",
)
WALK_FORWARD = Repetition("walk-forward", "a walk-forward")
NOTHING_KEPT = "Nothing was stored: a walk-forward prints its result at its end."
DEFAULT_LOSS = "SharpeHyperOptLossDaily"
DEFAULT_SEEDS = [1, 2, 3]
MAX_SEED = 1_000_000
# The options that take whole numbers: the smallest one, default, metavar and help.
NUMBERS: dict[str, tuple[int, int, str, str]] = {
    "--train": (1, 365, "DAYS", "the length of the time on which parameters are searched"),
    "--test": (1, 90, "DAYS", "the length of the time on which they are then tested"),
    "--embargo": (0, 10, "DAYS", "the gap between a train part and its test part"),
    "--epochs": (1, 100, "N", "sets of parameters that each search tries"),
}


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "walk-forward",
        parents=[common],
        usage=USAGE,
        description=DESCRIPTION,
        epilog=format_examples(*EXAMPLES),
    )
    for name, (lowest, default, metavar, words) in NUMBERS.items():
        parser.add_argument(
            name,
            type=whole_number(lowest),
            default=default,
            metavar=metavar,
            help=f"{words} (default: %(default)s)",
        )
    parser.add_argument(
        "--anchored",
        action="store_true",
        help="let each train part begin on the first day, so that it grows",
    )
    _add_search(parser)
    add_json_option(parser)
    add_backtest_options(parser, run)


def _add_search(parser: argparse.ArgumentParser) -> None:
    """Add the options of the searches."""
    parser.add_argument(
        "--seeds",
        nargs="+",
        # Freqtrade takes 0 for no random state.
        type=whole_number(1, MAX_SEED),
        default=DEFAULT_SEEDS,
        metavar="N",
        help="random states, each a search of its own in every window (default: 1 2 3)",
    )
    parser.add_argument(
        "--spaces",
        nargs="+",
        default=[],
        metavar="SPACE",
        help="what is searched, such as buy, sell, stoploss (default: the strategy's parameters)",
    )
    parser.add_argument(
        "--loss",
        default=DEFAULT_LOSS,
        metavar="NAME",
        help="the loss function that compares epochs, Freqtrade's or yours (default: %(default)s)",
    )
    parser.add_argument(
        "--processes",
        type=int,
        choices=range(1, (os.cpu_count() or 1) + 1),
        default=os.cpu_count() or 1,
        metavar="N",
        help="how many searches run at once (default: one per core)",
    )


def run(options: argparse.Namespace) -> int:
    """Run the walk-forward and print what it found."""
    refuse_platform()
    report = find_report(options)
    if options.json:
        show(json.dumps(report.as_json()))
    else:
        show(*report.as_text())
    return 0


def find_report(options: argparse.Namespace) -> WalkForwardReport:
    """Run the walk-forward with the options of the command line.

    :raises OperationalException: for whatever Freqtrade refuses.
    """
    words = backtesting_arguments(options, USAGE)
    command = parse_backtesting_options(words, WALK_FORWARD)
    request = Request(
        plan=WindowPlan(options.train, options.test, options.embargo, options.anchored),
        epochs=options.epochs,
        seeds=tuple(dict.fromkeys(options.seeds)),
        spaces=tuple(dict.fromkeys(options.spaces)),
        loss=options.loss,
    )
    with prepare_command(command, WALK_FORWARD, offline=options.offline) as (extended, config):
        synthetic = is_synthetic(data_directory(config))
        ledger = open_ledger(config)
        with show_progress("epochs and backtests", NOTHING_KEPT) as progress:
            found = run_walk_forward(
                extended, config, request, processes=options.processes, progress=progress
            )
        count = count_trials(found, ledger, open_variants(config)) if ledger else None
    return WalkForwardReport(found, count, synthetic, options.offline)


def refuse_platform() -> None:
    """Refuse platforms without hyperopt, or without a way to end its processes.

    :raises InputError: in one line that says what to do.
    """
    if os.name == "nt":
        raise InputError(
            "altseason walk-forward needs a POSIX system: run it on Linux or macOS, in WSL or in "
            "docker"
        )
    if find_spec("optuna") is None:
        raise InputError(
            "altseason walk-forward needs Freqtrade's hyperopt: `pip install freqtrade[hyperopt]`"
        )
