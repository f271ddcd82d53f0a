"""`altseason study`: what the gate is worth on your coins and years."""

import argparse
import json
import os
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

from altseason.commands.reporting import add_json_option
from altseason.dominance.synthetic import is_synthetic
from altseason.errors import InputError
from altseason.gate.rule import DOMINANCE_MODES, MODES
from altseason.host.configuration import Config, data_directory, load_strategy
from altseason.invocation import altseason_command, shorten_path
from altseason.learning.model import Kind
from altseason.output import show, tell
from altseason.parser import format_examples, whole_number
from altseason.progress import show_progress
from altseason_lab.ledger import open_ledger
from altseason_lab.metalabels.run import MetaLabels
from altseason_lab.page_file import has_plotly, validate_page_file
from altseason_lab.preparation import (
    Repetition,
    add_backtest_options,
    backtesting_arguments,
    parse_backtesting_options,
    prepare,
)
from altseason_lab.stress.run import StressTest
from altseason_lab.study.card import (
    build_card,
    describe_card,
    describe_missing_dominance,
    refuse_other_file,
    refuse_several,
    save_card,
)
from altseason_lab.study.contents import digest_variant
from altseason_lab.study.execution import Execution
from altseason_lab.study.grid import (
    MAX_PLACEBOS,
    Cell,
    Scope,
    build_cells,
    parse_group,
    parse_placebos,
    parse_setting,
    parse_window,
)
from altseason_lab.study.models import (
    ModelRequest,
    PreparedModel,
    prepare_models,
    run_models,
)
from altseason_lab.study.origin import find_origin
from altseason_lab.study.placebo import KINDS, SHIFT
from altseason_lab.study.report import StudyReport
from altseason_lab.study.run import Study, run_costs, run_study
from altseason_lab.study.trials import count_trials

USAGE = altseason_command("study [OPTIONS] -- [OPTIONS OF freqtrade backtesting]")
DESCRIPTION = """\
Run the strategy's backtest in Freqtrade with several gates, in several windows and on several
groups of pairs, and compare it with the gate off and with holding the coins. What follows `--` is
for `freqtrade backtesting`.

--placebos also tests whether the dates of dominance mattered, or only that less was traded: against
gates on the same dominance, shifted around the calendar.

The result of each backtest is stored in user_data/altseason_study, and used again.
"""
EXAMPLES = (
    "study --windows 20200101-20210101 20210101-20220101",
    "study --modes falling --placebos 200 -- --timerange 20210101-20220101",
    "study --offline -d user_data/data/synthetic -- --timerange 20220101-20220401",
)
STUDY = Repetition("study", "a study")
STOPPED = "Finished backtests are stored: the same command continues from here."
SCHEMES = ("tcp://", "tls://")
DEFAULT_SEED = 1
DEFAULT_SHUFFLES = 200


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "study",
        parents=[common],
        usage=USAGE,
        description=DESCRIPTION,
        epilog=format_examples(*EXAMPLES),
    )
    _add_cells(parser)
    _add_variants(parser)
    _add_placebos(parser)
    _add_models(parser)
    parser.add_argument(
        "--card",
        type=Path,
        metavar="FILE",
        help="write how the only gate has traded to a .json file, for a bot to compare itself with",
    )
    _add_report(parser)
    _add_execution(parser)
    add_json_option(parser)
    add_backtest_options(parser, run)


def _add_cells(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the cells."""
    parser.add_argument(
        "--modes",
        nargs="+",
        choices=MODES,
        default=list(DOMINANCE_MODES),
        metavar="MODE",
        help=f"the gates: {', '.join(MODES)} (default: {' '.join(DOMINANCE_MODES)})",
    )
    parser.add_argument(
        "--windows",
        nargs="+",
        type=parse_window,
        metavar="TIMERANGE",
        help="time ranges such as 20210101-20220101 (default: --timerange after `--`)",
    )
    parser.add_argument(
        "--groups",
        nargs="+",
        type=parse_group,
        default=[()],
        metavar="PAIR,PAIR",
        help="groups of pairs such as ETH/USDT,SOL/USDT (default: the whitelist)",
    )


def _add_variants(parser: argparse.ArgumentParser) -> None:
    """Add the option that varies the strategy's parameters."""
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        type=parse_setting,
        default=[],
        metavar="NAME=VALUE,VALUE",
        help="values of the strategy's parameters, such as gate_sma_days=10,20,40; all combined",
    )


def _add_placebos(parser: argparse.ArgumentParser) -> None:
    """Add the options of placebos."""
    parser.add_argument(
        "--placebos",
        type=parse_placebos,
        default=0,
        metavar="N",
        help="how many gates at wrong dates each gate is compared with (default: 0)",
    )
    parser.add_argument(
        "--kinds",
        nargs="+",
        choices=KINDS,
        default=[SHIFT],
        metavar="KIND",
        help="how placebos are made: shift or bootstrap or both, N of each (default: shift)",
    )
    parser.add_argument(
        "--seed",
        type=whole_number(0),
        default=DEFAULT_SEED,
        metavar="N",
        help="the random seed of the placebos (default: %(default)s)",
    )


def _add_models(parser: argparse.ArgumentParser) -> None:
    """Add the options of models of meta-labels."""
    parser.add_argument(
        "--meta-labels",
        nargs="*",
        choices=get_args(Kind),
        metavar="MODEL",
        help="also judge the model that filters the strategy's entries, or the named ones of "
        f"{', '.join(get_args(Kind))}",
    )
    parser.add_argument(
        "--shuffles",
        type=whole_number(1, MAX_PLACEBOS),
        default=DEFAULT_SHUFFLES,
        metavar="N",
        help="how many models of shuffled labels each of these is compared with (default: "
        "%(default)s)",
    )


def _add_execution(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose where backtests are run."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--processes",
        type=int,
        choices=range(1, (os.cpu_count() or 1) + 1),
        metavar="N",
        help="how many backtests run at once (default: one per core, or one if there are few)",
    )
    where.add_argument(
        "--scheduler",
        type=parse_address,
        metavar="ADDRESS",
        help="run them on the workers of a Dask scheduler, such as tcp://127.0.0.1:8786",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="run all backtests, even those with stored results"
    )


def parse_address(text: str) -> str:
    """Parse the address of a Dask scheduler."""
    host, _, port = text.partition("://")[2].rpartition(":")
    if not text.startswith(SCHEMES) or not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(
            f"expected the address of a Dask scheduler such as tcp://127.0.0.1:8786, found {text!r}"
        )
    return text


def _add_report(parser: argparse.ArgumentParser) -> None:
    """Add the options of what is reported."""
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE.html",
        help="write a page with charts that opens in any browser without a network",
    )
    parser.add_argument(
        "--costs",
        action="store_true",
        help="also find how much of the profit fees and slippage leave, as `altseason stress` does",
    )


def run(options: argparse.Namespace) -> int:
    """Run the study, print what it found, and write its page."""
    if options.report is not None:
        validate_page_file(options.report, "--report")
        refuse_no_plotly()
    report = find_report(options)
    if options.json:
        show(json.dumps(report.as_json()))
    else:
        show(*report.as_text())
    if options.report is not None:
        write_report(report, options.report)
    return 0


def refuse_no_plotly() -> None:
    """Refuse a page, before the backtests run, if plotly is missing for its charts.

    :raises InputError: in one line.
    """
    if not has_plotly():
        raise InputError("--report: expected plotly, found none; `pip install plotly` installs it")


def write_report(report: StudyReport, path: Path) -> None:
    """Write the page of a study, after its text, so that a full disk costs no result.

    :raises InputError: where it cannot be written.
    """
    from altseason_lab.page import save_page
    from altseason_lab.study.page import build_page

    save_page(build_page(report), path)
    tell(f"altseason study: the page is {shorten_path(path)}")


def find_report(options: argparse.Namespace) -> StudyReport:
    """Run the study with the options of the command line.

    :raises OperationalException: for whatever Freqtrade refuses.
    """
    words = backtesting_arguments(options, USAGE)
    command = parse_backtesting_options(words, STUDY)
    if options.windows:
        if command.options["timerange"]:
            raise InputError("expected --windows or --timerange, found both; name all in --windows")
        # Freqtrade requires one for FreqAI; each cell gets its own.
        command = parse_backtesting_options([*words, f"--timerange={options.windows[0]}"], STUDY)
    cells = find_cells(options)
    with prepare(command, STUDY, offline=options.offline) as config:
        report = run_cells(config, cells, options)
    if options.card:
        card = build_card(report.study)
        save_card(card, options.card)
        tell(
            f"{options.card}: the evidence card, {describe_card(card)}; docs/study.md explains how "
            "a bot uses it"
        )
        if lack := describe_missing_dominance(report.study):
            tell(f"{options.card}: {lack}")
    return report


def find_cells(options: argparse.Namespace) -> list[Cell]:
    """Return the cells that the command line names.

    :raises InputError: for settings named twice, and for cells or a file that cannot be a card.
    """
    settings = dict(options.set)
    if len(settings) < len(options.set):
        raise InputError("expected each parameter once in --set, with commas between its values")
    cells = build_cells(options.modes, options.windows or [""], options.groups, settings)
    if options.card:
        refuse_several(cells)
        validate_page_file(options.card, "--card", ".json")
        refuse_other_file(options.card)
    return cells


def run_cells(config: Config, cells: list[Cell], options: argparse.Namespace) -> StudyReport:
    """Run the cells, and count them in the ledger."""
    synthetic = is_synthetic(data_directory(config))
    ledger = open_ledger(config)
    models = find_models(config, cells, options)
    with show_progress("backtests", STOPPED) as progress:
        study = run_study(
            config,
            cells,
            placebos=options.placebos,
            kinds=tuple(dict.fromkeys(options.kinds)),
            seed=options.seed,
            execution=Execution(
                processes=options.processes,
                scheduler=options.scheduler,
                fresh=options.fresh,
                offline=options.offline,
            ),
            progress=progress,
        )
    variant = digest_variant(config, load_strategy(deepcopy(config)))
    meta_labels = judge(models)
    tried = [found for one in meta_labels.values() for found in one]
    return StudyReport(
        study,
        synthetic,
        options.offline,
        costs=find_costs(config, study) if options.costs else {},
        origin=find_origin(options.command_line, config, study.scopes, offline=options.offline),
        selection=(count_trials(study, ledger, variant, options.seed, tried) if ledger else None),
        meta_labels=meta_labels,
    )


def find_models(
    config: Config, cells: list[Cell], options: argparse.Namespace
) -> list[PreparedModel]:
    """Return the models to judge, in all scopes."""
    if options.meta_labels is None:
        return []
    kinds = tuple(dict.fromkeys(options.meta_labels))
    scopes = list(dict.fromkeys(cell.scope for cell in cells))
    return prepare_models(config, scopes, ModelRequest(kinds, options.shuffles, options.seed))


def judge(models: list[PreparedModel]) -> dict[Scope, list[MetaLabels]]:
    """Judge the models of a study; nothing of this is stored."""
    if not models:
        return {}
    with show_progress("models of shuffled labels", STOPPED) as progress:
        return run_models(models, progress)


def find_costs(config: Config, study: Study) -> dict[Scope, StressTest]:
    """Run the stress tests of a study; nothing of this is stored."""
    with show_progress("backtests of costs", STOPPED) as progress:
        return run_costs(config, study, progress)
