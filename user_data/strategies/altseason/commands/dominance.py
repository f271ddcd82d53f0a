"""`altseason dominance`: fill the pair of dominance, and show what is stored."""

import argparse
from dataclasses import replace
from typing import Any

import pandas as pd
from freqtrade.strategy import IStrategy
from freqtrade.util import dt_now

from altseason.commands.download import add_download
from altseason.commands.importing import add_import
from altseason.commands.record import EXIT_NOTHING, add_record
from altseason.commands.reporting import add_json_option, print_report
from altseason.commands.status import (
    BreadthStatus,
    StatusReport,
    TimeframeStatus,
    calculate_status,
    load_recording_status,
)
from altseason.dominance.candles import TIMEFRAMES
from altseason.dominance.store import open_store
from altseason.dominance.synthetic import is_synthetic
from altseason.gate.breadth import NO_COINS, CoinPrices
from altseason.gate.reader import DominanceReader
from altseason.gate.rule import Dominance, GateRule
from altseason.gate.verdict import calculate_verdict
from altseason.host.configuration import (
    Config,
    data_directory,
    load_configuration,
    load_strategy,
)
from altseason.host.origins import find_traded_values
from altseason.invocation import altseason_command, shorten_path
from altseason.output import tell
from altseason.parser import add_freqtrade_options
from altseason.recorder.recording import Recording
from altseason.settings import DominanceSettings, load_settings

DESCRIPTION = """\
Fill and inspect the pair BTCD/USD: Bitcoin's dominance, in percent, as candles in Freqtrade's own
data directory.
"""


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `altseason dominance` and its actions."""
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
    add_json_option(status)
    status.add_argument(
        "--check",
        action="store_true",
        help="exit with code 1 if nothing was recorded in the last hour",
    )
    add_download(actions, common)
    add_record(actions, common)


def run_status(options: argparse.Namespace) -> int:
    """Print what is stored and recorded, and the current gate of the strategy."""
    config = load_configuration(options, only_reads=True)
    strategy = load_strategy(config)
    report = _make_report(config, strategy)
    print_report(report, options)
    if options.check and not report.is_recording:
        tell("Check failed: nothing was recorded in the last hour.")
        return EXIT_NOTHING
    return 0


def _make_report(config: Config, strategy: IStrategy) -> StatusReport:
    datadir, rule = data_directory(config), strategy.gate_rule
    recording = Recording(datadir, open_store(config))
    now = pd.Timestamp(dt_now())
    coins = strategy.alt_season_gate.coins.read() if rule.has_breadth else NO_COINS
    return StatusReport(
        datadir=datadir,
        pair=recording.store.pair,
        provider=recording.store.provider,
        is_synthetic=is_synthetic(datadir),
        rule=rule,
        timeframes=_read_timeframes(config, rule, now, coins),
        breadth=_make_breadth(config, rule, now, coins) if rule.has_breadth else None,
        recorded=load_recording_status(recording),
        values=find_traded_values(strategy),
    )


def _make_breadth(
    config: Config, rule: GateRule, now: pd.Timestamp, coins: CoinPrices
) -> BreadthStatus:
    dominance = _read_dominance(config, load_settings(config).dominance)
    return BreadthStatus(coins, calculate_verdict(dominance, rule, now, coins))


def _read_dominance(config: Config, settings: DominanceSettings) -> Dominance:
    """Read stored dominance; where it is synthetic, no download can continue it."""
    dominance = DominanceReader(config, settings).read()
    datadir = data_directory(config)
    if not is_synthetic(datadir) or dominance.problem:
        return dominance
    rehearsal = altseason_command(f"sandbox --datadir {shorten_path(datadir)} -- freqtrade trade")
    return replace(
        dominance,
        problem="SYNTHETIC candles end in the past and are for backtests; to rehearse trading, "
        f"`{rehearsal}` moves them to now",
    )


def _read_timeframes(
    config: Config, rule: GateRule, now: pd.Timestamp, coins: CoinPrices
) -> list[TimeframeStatus]:
    configured = load_settings(config).dominance
    statuses = []
    for timeframe in TIMEFRAMES:
        settings = configured
        if timeframe != configured.timeframe:
            settings = DominanceSettings(
                timeframe=timeframe, pair=configured.pair, provider=configured.provider
            )
        dominance = _read_dominance(config, settings)
        if not dominance.candles.empty:
            statuses.append(calculate_status(dominance, rule, now, coins))
    return statuses
