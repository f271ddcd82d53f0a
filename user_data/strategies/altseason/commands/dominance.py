"""`altseason dominance`: put dominance files into the candle store, and see what is there."""

import argparse
import json
from pathlib import Path
from typing import Any, get_args

import pandas as pd
from freqtrade.util import dt_now

from altseason.commands.download import add_download
from altseason.commands.record import EXIT_NOTHING, add_record
from altseason.configuration import (
    Config,
    data_directory,
    data_format,
    load_configuration,
    load_strategy,
)
from altseason.dominance import report
from altseason.dominance.candles import TIMEFRAMES
from altseason.dominance.feed.recording import Recording
from altseason.dominance.feed.status import (
    load_recording_status,
    recording_as_json,
    recording_as_text,
)
from altseason.dominance.gate import GateRule
from altseason.dominance.importer import Replace, import_readings
from altseason.dominance.reader import DominanceReader
from altseason.dominance.sources.caps import has_both_caps, load_cap_pair, load_cap_table
from altseason.dominance.sources.files import STAMP_MEANING, Options, Readings, load_readings
from altseason.dominance.sources.formats import Stamp
from altseason.dominance.sources.table import read_table
from altseason.dominance.status import Status, calculate_status
from altseason.dominance.store import DominanceStore
from altseason.origins import (
    GATE_IS_OFF,
    find_values,
    parameter_file,
    values_as_json,
    values_as_text,
)
from altseason.output import show, show_text
from altseason.parser import add_freqtrade_options, format_examples
from altseason.sample.store import carry_marker
from altseason.settings import DominanceSettings, load_settings

DESCRIPTION = """\
Fill and inspect the pair BTCD/USD: Bitcoin's dominance, in percent, as candles in Freqtrade's own
data directory.
"""

IMPORT_DESCRIPTION = """\
Store a file of Bitcoin's dominance as candles of the pair BTCD/USD: CSV in any dialect, JSON,
feather or parquet, or market caps. It is read right, or refused with what has to be said first.
"""
IMPORT_EXAMPLES = (
    "dominance import my_dominance.csv --dry-run",
    "dominance import my_table.csv --date-column day --column share --stamp snapshot",
    "dominance import btc-usd-max.csv --total total-market-cap.csv",
)


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `altseason dominance` and what it can do."""
    parser = commands.add_parser("dominance", description=DESCRIPTION)
    actions = parser.add_commands("ACTION")
    importing = actions.add_parser(
        "import",
        parents=[common],
        help="store the dominance of a file as candles",
        description=IMPORT_DESCRIPTION,
        epilog=format_examples(*IMPORT_EXAMPLES),
    )
    importing.add_argument("file", type=Path, metavar="FILE", help="the file to read")
    importing.add_argument(
        "--total",
        type=Path,
        metavar="FILE",
        help="the total market cap, where FILE is Bitcoin's, of any two providers",
    )
    importing.add_argument("--column", metavar="NAME", help="the column with dominance in percent")
    importing.add_argument("--date-column", metavar="NAME", help="the column with the time")
    importing.add_argument(
        "--stamp",
        choices=get_args(Stamp),
        help="; ".join(f"{stamp}: {meaning}" for stamp, meaning in STAMP_MEANING.items())
        + " (default: known from the format, else open, the later of the two)",
    )
    _add_reading_options(importing)
    importing.set_defaults(run=run_import)
    status = actions.add_parser(
        "status",
        parents=[common],
        help="show range, gaps, age and the gate now",
        description="Show what is stored of the pair BTCD/USD, by timeframe: its range, gaps and "
        "age, what the gate of the strategy says now, and what is recorded.",
    )
    add_freqtrade_options(status, "strategy", "strategy_path")
    status.set_defaults(run=run_status)
    for action in (importing, status):
        action.add_argument("--json", action="store_true", help="print one JSON object instead")
    status.add_argument(
        "--check",
        action="store_true",
        help="end with exit code 1 if nothing was recorded in the last hour",
    )
    add_download(actions, common)
    add_record(actions, common)


def run_import(options: argparse.Namespace) -> int:
    """Import one file, or a pair of market-cap charts."""
    now = pd.Timestamp(dt_now())
    # First of all: loading the configuration makes the data directory, a refusal must not.
    readings = _read_file(options, now)
    config = load_configuration(options)
    datadir = data_directory(config)
    if not options.dry_run:
        carry_marker(options.file.resolve().parent, datadir)
    imported = import_readings(
        readings,
        DominanceStore(datadir, data_format(config)),
        now,
        replace=options.replace,
        datadir=datadir,
        dry_run=options.dry_run,
    )
    if options.json:
        facts = report.import_as_json(readings, imported)
        show(json.dumps({**facts, "dry_run": options.dry_run}))
    else:
        show_text(*report.import_as_text(options.file, readings, imported, dry_run=options.dry_run))
    return 0


def _read_file(options: argparse.Namespace, now: pd.Timestamp) -> Readings:
    choices = Options(
        options.column,
        options.date_column,
        options.stamp,
        options.timezone,
        options.date_format,
        options.since,
        options.until,
        options.insist,
    )
    if options.total:
        return load_cap_pair(options.file, options.total, choices, now)
    if options.column is None:
        table = read_table(options.file)
        if has_both_caps(table):
            return load_cap_table(table, choices, now)
    return load_readings(options.file, choices, now)


def _add_reading_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--timezone",
        metavar="ZONE",
        help="the zone of times that name none, such as UTC or America/New_York",
    )
    parser.add_argument(
        "--date-format",
        metavar="FORMAT",
        help="how dates are written, such as %%d/%%m/%%Y or '%%m/%%d/%%Y %%H:%%M'",
    )
    parser.add_argument("--since", type=_date, metavar="DATE", help="leave out rows before it")
    parser.add_argument(
        "--until", type=_date, metavar="DATE", help="leave out rows from it on (UTC, as --since)"
    )
    parser.add_argument(
        "--replace",
        nargs="?",
        choices=get_args(Replace),
        const="imported",
        help="let the file correct stored candles: those that were not recorded by a bot, or all",
    )
    parser.add_argument(
        "--insist",
        action="store_true",
        help="import although names or the level say that it is not Bitcoin's dominance",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would be done, and write nothing"
    )


def _date(text: str) -> pd.Timestamp:
    try:
        date = pd.Timestamp(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected YYYY-MM-DD, found {text!r}") from error
    return date.tz_localize("UTC") if date.tzinfo is None else date.tz_convert("UTC")


def run_status(options: argparse.Namespace) -> int:
    """Describe each stored timeframe, what the strategy's gate says now, and what is recorded."""
    config = load_configuration(options)
    datadir = data_directory(config)
    strategy = load_strategy(config)
    rule: GateRule = strategy.gate_rule
    values, file = find_values(strategy), parameter_file(strategy)
    statuses = _read_statuses(config, rule, pd.Timestamp(dt_now()))
    recorded = load_recording_status(
        Recording(datadir, DominanceStore(datadir, data_format(config)))
    )
    if options.json:
        facts = report.statuses_as_json(datadir, rule, statuses)
        facts |= {"values": values_as_json(values), "parameter_file": str(file)}
        show(json.dumps({**facts, "recorded": recording_as_json(recorded)}))
    else:
        show_text(*report.statuses_as_text(datadir, rule, statuses), *recording_as_text(recorded))
        show_text(*values_as_text(values, file), *([GATE_IS_OFF] if rule.mode == "off" else []))
    is_recorded = recorded is not None and recorded.is_current
    return EXIT_NOTHING if options.check and not is_recorded else 0


def _read_statuses(config: Config, rule: GateRule, now: pd.Timestamp) -> list[Status]:
    configured = load_settings(config).dominance
    statuses = []
    for timeframe in TIMEFRAMES:
        settings = DominanceSettings(timeframe=timeframe)
        if timeframe == configured.timeframe:
            settings = configured
        dominance = DominanceReader(config, settings).read()
        if not dominance.candles.empty:
            statuses.append(calculate_status(dominance, rule, now))
    return statuses
