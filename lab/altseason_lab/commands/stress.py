"""`altseason stress`: how much of a backtest's profit costs and delay leave."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from altseason.dominance.synthetic import is_synthetic
from altseason.errors import InputError
from altseason.host.configuration import Config, data_directory
from altseason.invocation import altseason_command, shorten_path
from altseason.output import show, show_text, tell
from altseason.parser import format_examples
from altseason.progress import show_progress
from altseason_lab.host.backtests import open_backtests
from altseason_lab.host.command import FreqtradeCommand
from altseason_lab.ledger import open_ledger
from altseason_lab.page_file import has_plotly, validate_page_file
from altseason_lab.preparation import (
    Repetition,
    add_backtest_options,
    backtesting_arguments,
    parse_backtesting_options,
    prepare,
)
from altseason_lab.stress.grid import (
    SLIPPAGES,
    STOP_SLIPPAGE,
    build_grid,
    parse_delay,
    parse_fee,
    parse_slippage,
)
from altseason_lab.stress.report import as_text, headline
from altseason_lab.stress.run import (
    BacktestCounter,
    StressTest,
    describe_trial,
    run_stress_test,
)

USAGE = altseason_command("stress [OPTIONS] -- [OPTIONS OF freqtrade backtesting]")
DESCRIPTION = """\
Run the strategy's backtest in Freqtrade with several fees, slippages and signal delays, and find
the cost per side at which it breaks even. What follows `--` is for `freqtrade backtesting`.

Slippage is added to the fee. Stop slippage is calculated from Freqtrade's trades. A delay moves the
entry and exit signals. Nothing is stored but the chart.
"""
EXAMPLES = (
    "stress -- --timerange 20220101-20220701",
    "stress --fees 0.001 0.00075 --delays 0 1 -- --strategy MyAltSeason",
    "stress --offline -d user_data/data/synthetic -- --timerange 20220101-20220701",
)
# The options that take numbers: parser, default, metavar and help.
COST_OPTIONS: dict[str, tuple[Any, Any, str, str]] = {
    "--fees": (
        parse_fee,
        [0.001],
        "RATIO",
        "fees per side, such as 0.001 for 0.1 %% (default: 0.001)",
    ),
    "--slippage": (
        parse_slippage,
        list(SLIPPAGES),
        "BP",
        "slippages per side in basis points, hundredths of a percent (default: 0 5 10 20)",
    ),
    "--delays": (
        parse_delay,
        [0, 1, 2],
        "CANDLES",
        "by how many candles signals are delayed (default: 0 1 2)",
    ),
}
# A fee above this was probably meant in percent; exchanges charge less than 1 %.
MAX_USUAL_FEE = 0.01
NOTHING_KEPT = "Nothing was stored: a stress test stores only its chart, at its end."
STRESS = Repetition("stress", "a stress test")
NO_CHART = "No chart: it needs plotly (`pip install plotly`)."


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "stress",
        parents=[common],
        usage=USAGE,
        description=DESCRIPTION,
        epilog=format_examples(*EXAMPLES),
    )
    for name, (parse, default, metavar, words) in COST_OPTIONS.items():
        parser.add_argument(
            name, nargs="+", type=parse, default=default, metavar=metavar, help=words
        )
    parser.add_argument(
        "--stop-slippage",
        type=parse_slippage,
        default=STOP_SLIPPAGE,
        metavar="BP",
        help="the additional cost of a stop, in basis points (default: %(default)g)",
    )
    parser.add_argument(
        "--yes", action="store_true", help="do not ask to confirm fees of 1 %% per side or more"
    )
    parser.add_argument(
        "--picture",
        type=Path,
        metavar="FILE.html",
        help="the file for the chart (default: USERDIR/plot/altseason-stress-STRATEGY.html)",
    )
    add_backtest_options(parser, run)


def run(options: argparse.Namespace) -> int:
    """Run the backtests, print the result, and draw it."""
    refuse_costs(options)
    confirm_fees(options)
    if options.picture is not None:
        validate_page_file(options.picture, "--picture")
    return run_and_draw(options)


def run_and_draw(options: argparse.Namespace) -> int:
    """Run the stress test with validated options.

    :raises InputError: where nothing was traded.
    :raises OperationalException: for whatever Freqtrade refuses.
    """
    scenarios = build_grid(options.fees, options.slippage, options.delays)
    command = parse_options(backtesting_arguments(options, USAGE))
    with (
        prepare(command, STRESS, offline=options.offline) as config,
        show_progress("backtests", NOTHING_KEPT) as progress,
        open_backtests(
            config, options.stop_slippage, (counter := BacktestCounter(progress)).count
        ) as opened,
    ):
        synthetic = is_synthetic(data_directory(config))
        ledger = open_ledger(config)
        found = run_stress_test(opened, scenarios, options.stop_slippage, counter)
        if ledger:
            ledger.append([describe_trial(found, config, opened.load_strategy())])
    refuse_no_trades(found)
    show(*as_text(found, synthetic=synthetic, offline=options.offline))
    try:
        draw(found, options.picture or default_picture(config), synthetic=synthetic)
    finally:
        show_text(headline(found, synthetic=synthetic))
    return 0


def refuse_no_trades(found: StressTest) -> None:
    """Refuse a stress test in which nothing was traded.

    :raises InputError: in one line.
    """
    scope = found.scope
    if not any(map(found.has_trades, found.curves)):
        raise InputError(
            f"expected trades of {scope.strategy} from {scope.start:%Y-%m-%d} to "
            f"{scope.end:%Y-%m-%d}, found none at any cost; try a longer --timerange or more "
            f"pairs. `{altseason_command('dominance status')}` shows why a gate never opens"
        )


def parse_options(words: Sequence[str]) -> FreqtradeCommand:
    """Parse the options of `freqtrade backtesting`.

    :raises InputError: for what belongs before `--`, and what a stress test cannot do.
    """
    command = parse_backtesting_options(words, STRESS)
    if (fee := command.options["fee"]) is not None:
        instead = altseason_command(f"stress --fees {fee:g} -- ...")
        raise InputError(
            f"expected fees before `--`, found --fee {fee:g} after it; use `{instead}`"
        )
    return command


def draw(found: StressTest, path: Path, *, synthetic: bool) -> None:
    """Draw the chart, or print how to get it without plotly, which Freqtrade's image lacks.

    :raises InputError: where the file cannot be written.
    """
    if not has_plotly():
        show_text(NO_CHART, "")
        return
    from altseason_lab.page import save_page
    from altseason_lab.stress.chart import build_page

    save_page(build_page(found, synthetic=synthetic), path)
    show_text(f"Chart: {shorten_path(path)}", "")


def refuse_costs(options: argparse.Namespace) -> None:
    """Refuse costs as large as the trade itself.

    :raises InputError: in one line.
    """
    cost = max(options.fees) + max(options.slippage) / 10_000
    if cost >= 1:
        raise InputError(
            f"expected a fee and slippage below 100 % per side, found {cost:.2%} together; "
            "lower the largest of --fees or of --slippage"
        )


def confirm_fees(options: argparse.Namespace) -> None:
    """Ask to confirm unusually high fees; without a terminal, refuse them.

    :raises InputError: where they are not confirmed.
    """
    fee = max(options.fees)
    if fee < MAX_USUAL_FEE or options.yes:
        return
    meant = f"--fees {fee:g} is {100 * fee:.4g} % per side"
    if sys.stdin.isatty():
        tell(f"{meant}; {fee:g} % would be --fees {fee / 100:.6g}. Continue? [y/N]")
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            return
    raise InputError(
        f"{meant}; for {fee:g} % use --fees {fee / 100:.6g}, or add --yes to confirm it"
    )


def default_picture(config: Config) -> Path:
    """Return the file for the chart in Freqtrade's own folder for charts."""
    return Path(config["user_data_dir"]) / "plot" / f"altseason-stress-{config['strategy']}.html"
