"""The configuration that `freqtrade backtesting` would have, for commands that repeat it."""

import argparse
import os
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from freqtrade.exceptions import OperationalException
from freqtrade.util import get_dry_run_wallet

from altseason.errors import InputError
from altseason.host.configuration import (
    DEFAULT_STRATEGY,
    Config,
    data_directory,
    data_format,
)
from altseason_lab.emulator.in_thread import in_thread
from altseason_lab.emulator.rehearsal import find_traded
from altseason_lab.emulator.server import run_emulator
from altseason_lab.host.command import (
    FreqtradeCommand,
    additional_arguments,
    build_overlay,
    parse_command,
    read_backtesting_configuration,
)
from altseason_lab.host.overlay import offline_environment
from altseason_lab.host.repeated import CANDLES_ADVICE
from altseason_lab.sandbox import (
    announce,
    load_command_configuration,
    open_market,
    refuse_missing,
    refuse_pairlists,
    refuse_unsupported,
    save_overlay,
)
from altseason_lab.temporary import exiting_at_signals, temporary_folder


@dataclass(frozen=True)
class Repetition:
    """A command of ours that repeats a backtest.

    :param name: the command's, such as "stress".
    :param what: what it runs, such as "a stress test".
    """

    name: str
    what: str


def add_backtest_options(parser: argparse.ArgumentParser, run: Callable[[Namespace], int]) -> None:
    """Add the options that all commands that repeat a backtest share, and set what runs them.

    :param run: left by an exception if a signal ends the command.
    """
    parser.add_argument(
        "--offline",
        action="store_true",
        help="have an exchange emulator stand in for the exchange, with the stored candles",
    )
    # REMAINDER takes the options of Freqtrade too, and stays the same from Python 3.11 to 3.14.
    parser.add_argument("words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)

    def run_and_clear(options: Namespace) -> int:
        with exiting_at_signals():
            return run(options)

    parser.set_defaults(run=run_and_clear)


def backtesting_arguments(options: Namespace, usage: str) -> list[str]:
    """Return the arguments for Freqtrade: our own of the same name, then those after `--`.

    :param usage: of our command, for the message.
    :raises InputError: where the name of a command follows.
    """
    following = options.words[1:] if options.words[:1] == ["--"] else options.words
    if following and not following[0].startswith("-"):
        raise InputError(f"expected `{usage}`, found `{following[0]}` in place of an option")
    words = [f"--config={file}" for file in options.config or []]
    if options.user_data_dir:
        words.append(f"--userdir={options.user_data_dir}")
    if options.datadir:
        words.append(f"--datadir={options.datadir}")
    return words + following


def parse_backtesting_options(words: Sequence[str], repetition: Repetition) -> FreqtradeCommand:
    """Parse the options of `freqtrade backtesting` by Freqtrade's own parser.

    :raises InputError: for what cannot be repeated.
    """
    command = parse_command(["backtesting", *words])
    if names := command.options["strategy_list"]:
        raise InputError(
            f"expected one strategy, found --strategy-list {' '.join(names)}; "
            f"run {repetition.what} for each with --strategy"
        )
    refuse_unsupported(command)
    return command


@contextmanager
def prepare(
    command: FreqtradeCommand, repetition: Repetition, *, offline: bool
) -> Iterator[Config]:
    """Yield the configuration while its exchange is available: the configured one or an emulator.

    :raises InputError: where there is nothing to run with.
    :raises OperationalException: for whatever Freqtrade itself refuses.
    """
    with prepare_command(command, repetition, offline=offline) as (_, config):
        yield config


@contextmanager
def prepare_command(
    command: FreqtradeCommand, repetition: Repetition, *, offline: bool
) -> Iterator[tuple[FreqtradeCommand, Config]]:
    """Yield a command line whose process finds the same exchange, and its configuration.

    Its configuration files and environment exist only inside the context.

    :raises InputError: where there is nothing to run with.
    :raises OperationalException: for whatever Freqtrade itself refuses.
    """
    if not offline:
        config = load_backtesting_configuration(command, repetition)
        refuse_missing(data_directory(config), CANDLES_ADVICE)
        with _with_strategy(config):
            yield command, config
        return
    config = load_command_configuration(command)
    refuse_pairlists(command, config)
    refuse_missing(data_directory(config), CANDLES_ADVICE)
    market = open_market(data_directory(config), data_format(config), CANDLES_ADVICE)
    find_traded(market, config)
    with (
        in_thread(run_emulator(market)) as url,
        patch.dict(os.environ, offline_environment(os.environ, url), clear=True),
        temporary_folder(repetition.name) as folder,
    ):
        announce(url, market.datadir, repetition.name)
        overlay = save_overlay(build_overlay(command, config, url), folder)
        words = additional_arguments(command, config, overlay)
        extended = parse_command([*command.arguments, *words])
        config = load_backtesting_configuration(extended, repetition)
        with _with_strategy(config):
            yield extended, config


@contextmanager
def _with_strategy(config: Config) -> Iterator[None]:
    """Use our strategy where none is named, and say so if it cannot be loaded.

    :raises InputError: in one line.
    """
    if config.get("strategy"):
        yield
        return
    config["strategy"] = DEFAULT_STRATEGY
    try:
        yield
    except OperationalException as error:
        if "Impossible to load Strategy" not in str(error):
            raise
        # A user who has only other strategies did not name this one.
        raise InputError(
            f"{error} It is the default, since neither the configuration nor --strategy names "
            "another; name one after `--`, as in `-- --strategy MyStrategy`"
        ) from error


def load_backtesting_configuration(command: FreqtradeCommand, repetition: Repetition) -> Config:
    """Load the configuration of `freqtrade backtesting`, but let it store no results.

    :raises InputError: where the files name no exchange, or there is no money.
    :raises OperationalException: for whatever Freqtrade itself refuses.
    """
    config = read_backtesting_configuration(command)
    _validate_wallet(config)
    if config.get("strategy_list"):
        raise InputError(
            "strategy_list: expected one strategy in the configuration, found a list of them; "
            f"run {repetition.what} for each with --strategy"
        )
    # No result is stored, not even beside those of the user's own backtests.
    config["export"] = "none"
    return config


def _validate_wallet(config: Config) -> None:
    """Refuse a wallet without money, and one with coins.

    Freqtrade counts coins only while a trade with the same coin is open, so that the wallet would
    jump with each trade.
    """
    wallet = float(get_dry_run_wallet(config))
    if wallet <= 0:
        raise InputError(f"dry_run_wallet: expected more than 0, found {wallet:g}")
    balances, stake = config["dry_run_wallet"], config["stake_currency"]
    if isinstance(balances, dict) and (coins := sorted({*balances} - {stake})):
        raise InputError(
            f"dry_run_wallet: expected {stake} alone, found {', '.join(coins)}, too; name one "
            f"amount, such as {wallet:g}"
        )
