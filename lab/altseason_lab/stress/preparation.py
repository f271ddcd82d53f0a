"""The configuration that `freqtrade backtesting` would have, and what a stress test refuses."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from freqtrade.commands import Arguments
from freqtrade.commands.optimize_commands import setup_optimize_configuration
from freqtrade.enums import RunMode
from freqtrade.util import get_dry_run_wallet

from altseason.dominance.synthetic import is_synthetic
from altseason.errors import InputError
from altseason.host.configuration import (
    DEFAULT_STRATEGY,
    Config,
    data_directory,
    data_format,
    quiet_freqtrade,
    refusing_malformed,
)
from altseason.invocation import altseason_command
from altseason.output import tell
from altseason_lab.emulator.in_thread import in_thread
from altseason_lab.emulator.market import Market
from altseason_lab.emulator.rehearsal import find_traded
from altseason_lab.emulator.server import run_emulator
from altseason_lab.host.backtests import CANDLES_ADVICE
from altseason_lab.host.command import (
    FreqtradeCommand,
    additional_arguments,
    build_overlay,
    parse_command,
)
from altseason_lab.host.overlay import offline_environment
from altseason_lab.sandbox import (
    load_command_configuration,
    refuse_pairlists,
    refuse_unsupported,
    save_overlay,
)
from altseason_lab.stress.environment import environment


def parse_words(words: Sequence[str]) -> FreqtradeCommand:
    """Read the options of `freqtrade backtesting` with Freqtrade's own parser.

    :raises InputError: for what belongs before `--`, and what a stress test cannot do.
    """
    command = parse_command(["backtesting", *words])
    options = command.options
    if options["fee"] is not None:
        instead = altseason_command(f"stress --fees {options['fee']:g} -- ...")
        raise InputError(
            f"expected fees before `--`, found --fee {options['fee']:g} after it; do `{instead}`"
        )
    if options["strategy_list"]:
        raise InputError(
            f"expected one strategy, found --strategy-list {' '.join(options['strategy_list'])}; "
            "do a stress test for each with --strategy"
        )
    refuse_unsupported(command)
    datadir = options["datadir"]
    if datadir and not Path(datadir).is_dir():
        # Freqtrade would make it.
        raise InputError(
            f"{datadir}: expected a folder with candle files, found no folder; {CANDLES_ADVICE}"
        )
    return command


@contextmanager
def prepare(command: FreqtradeCommand, *, offline: bool) -> Iterator[Config]:
    """Yield the configuration, and the exchange with it: the configured one, or an emulator.

    :raises InputError: where there is nothing to run with.
    :raises OperationalException: for whatever Freqtrade itself refuses.
    """
    if not offline:
        yield read_configuration(command)
        return
    config = load_command_configuration(command)
    refuse_pairlists(command, config)
    market = open_market(config)
    with (
        in_thread(run_emulator(market)) as url,
        environment(offline_environment(os.environ, url)),
    ):
        kind = "SYNTHETIC candles" if is_synthetic(market.datadir) else "candles"
        tell(f"altseason stress: an exchange emulator on {url} serves {kind} of {market.datadir}")
        with tempfile.TemporaryDirectory(prefix="altseason-stress-") as folder:
            overlay = save_overlay(build_overlay(command, config, url), Path(folder))
            words = additional_arguments(command, config, overlay)
            changed = read_configuration(parse_command([*command.arguments, *words]))
        yield changed


def read_configuration(command: FreqtradeCommand) -> Config:
    """Read the configuration as `freqtrade backtesting` does, for one strategy and no files.

    :raises InputError: where the files name no exchange, or there is no money.
    :raises OperationalException: for whatever Freqtrade itself refuses.
    """
    with quiet_freqtrade(), refusing_malformed(command.options["config"] or []):
        options = Arguments(command.arguments).get_parsed_arg()
        config: Config = setup_optimize_configuration(options, RunMode.BACKTEST)
        wallet = float(get_dry_run_wallet(config))
    if wallet <= 0:
        raise InputError(
            f"dry_run_wallet: expected some {config['stake_currency']} to trade with, "
            f"found {wallet:g}"
        )
    if config.get("strategy_list"):
        raise InputError(
            "strategy_list: expected one strategy in the configuration, found a list of them; "
            "do a stress test for each with --strategy"
        )
    config["strategy"] = config.get("strategy") or DEFAULT_STRATEGY
    # No results are stored, not even beside those of the user's own backtests.
    config["export"] = "none"
    return config


def open_market(config: Config) -> Market:
    """Open the data directory of the configuration for the emulator.

    :raises InputError: where there are no candles of the whitelist in it.
    """
    market = Market(data_directory(config), data_format(config))
    if not market.symbols:
        raise InputError(
            f"{market.datadir}: expected candle files ({market.data_format}), found none; "
            f"{CANDLES_ADVICE}"
        )
    find_traded(market, config)
    return market
