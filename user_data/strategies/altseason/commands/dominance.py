"""`altseason dominance`: put dominance files into the candle store, and see what is there."""

import argparse
import json
from typing import Any

import pandas as pd
from freqtrade.util import dt_now

from altseason.commands import reports
from altseason.commands.download import add_download
from altseason.commands.importing import add_import
from altseason.commands.record import EXIT_NOTHING, add_record
from altseason.dominance.candles import TIMEFRAMES
from altseason.dominance.store import DominanceStore
from altseason.gate.reader import DominanceReader
from altseason.gate.rule import GateRule
from altseason.gate.status import Status, calculate_status
from altseason.host.configuration import (
    Config,
    data_directory,
    data_format,
    load_configuration,
    load_strategy,
)
from altseason.host.origins import (
    GATE_IS_OFF,
    find_values,
    parameter_file,
    values_as_json,
    values_as_text,
)
from altseason.output import show, show_text, tell
from altseason.parser import add_freqtrade_options
from altseason.recorder.recording import Recording
from altseason.recorder.status import (
    load_recording_status,
    recording_as_json,
    recording_as_text,
)
from altseason.settings import DominanceSettings, load_settings

DESCRIPTION = """\
Fill and inspect the pair BTCD/USD: Bitcoin's dominance, in percent, as candles in Freqtrade's own
data directory.
"""


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `altseason dominance` and what it can do."""
    parser = commands.add_parser("dominance", description=DESCRIPTION)
    actions = parser.add_commands("ACTION")
    add_import(actions, common)
    status = actions.add_parser(
        "status",
        parents=[common],
        help="show range, gaps, age and the gate now",
        description="Show what is stored of the pair BTCD/USD, by timeframe: its range, gaps and "
        "age, what the gate of the strategy says now, and what is recorded.",
    )
    add_freqtrade_options(status, "strategy", "strategy_path")
    status.set_defaults(run=run_status)
    status.add_argument("--json", action="store_true", help="print one JSON object instead")
    status.add_argument(
        "--check",
        action="store_true",
        help="end with exit code 1 if nothing was recorded in the last hour",
    )
    add_download(actions, common)
    add_record(actions, common)


def run_status(options: argparse.Namespace) -> int:
    """Describe each stored timeframe, what the strategy's gate says now, and what is recorded."""
    config = load_configuration(options, only_reads=True)
    datadir = data_directory(config)
    strategy = load_strategy(config)
    rule: GateRule = strategy.gate_rule
    values, file = find_values(strategy), parameter_file(strategy)
    statuses = _read_statuses(config, rule, pd.Timestamp(dt_now()))
    recorded = load_recording_status(
        Recording(datadir, DominanceStore(datadir, data_format(config)))
    )
    if options.json:
        facts = reports.statuses_as_json(datadir, rule, statuses)
        facts |= {"values": values_as_json(values), "parameter_file": str(file)}
        show(json.dumps({**facts, "recorded": recording_as_json(recorded)}))
    else:
        show_text(*reports.statuses_as_text(datadir, rule, statuses), *recording_as_text(recorded))
        show_text(*values_as_text(values, file), *([GATE_IS_OFF] if rule.mode == "off" else []))
    if options.check and (recorded is None or not recorded.is_current):
        tell("Check failed: nothing was recorded in the last hour.")
        return EXIT_NOTHING
    return 0


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
