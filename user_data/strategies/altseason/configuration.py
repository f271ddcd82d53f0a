"""Freqtrade's own configuration for our commands: the same files, folders and defaults."""

import logging
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from freqtrade.commands import Arguments
from freqtrade.configuration import Configuration
from freqtrade.enums import RunMode

from altseason.errors import InputError

if TYPE_CHECKING:
    from freqtrade.strategy import IStrategy

Config = dict[str, Any]
DEFAULT_STRATEGY = "AltSeasonStrategy"


def load_configuration(options: Namespace) -> Config:
    """Read Freqtrade's configuration as one of its own commands would.

    :param options: config, user_data_dir and datadir, as Freqtrade's own options give them.
    :return: the merged configuration, with ``datadir`` and ``user_data_dir`` as paths.
    :raises InputError: where neither a configuration names an exchange nor ``--datadir`` is given,
        since Freqtrade would then read another folder than the one we write.
    :raises OperationalException: for whatever Freqtrade itself refuses.
    """
    arguments = [f"--config={file}" for file in options.config or []]
    if options.user_data_dir:
        arguments.append(f"--userdir={options.user_data_dir}")
    if options.datadir:
        arguments.append(f"--datadir={options.datadir}")
    # list-data is the command that needs no configuration file but reads it when there is one.
    parsed = Arguments(["list-data", *arguments]).get_parsed_arg()
    if not parsed["config"] and not parsed["datadir"]:
        raise InputError(
            "no configuration found: expected user_data/config.json or config.json here, or "
            "`-c FILE`, or `--datadir FOLDER` for the folder that holds the candles"
        )
    return read_configuration(parsed)


def read_configuration(parsed: Config) -> Config:
    """Read the configuration that a command of Freqtrade has, without its progress messages.

    :param parsed: the command's options, as Freqtrade's own parser gives them.
    :raises InputError: where the files name no exchange.
    :raises OperationalException: for whatever Freqtrade itself refuses.
    """
    try:
        with quiet_freqtrade():
            return dict(Configuration(parsed, RunMode.UTIL_NO_EXCHANGE).get_config())
    except KeyError as error:
        # Freqtrade reads the section of the exchange without asking whether there is one.
        files = ", ".join(parsed["config"] or [])
        raise InputError(f"{files}: expected a section {error}, found none") from error


def load_strategy(config: Config) -> "IStrategy":
    """Load the configured strategy, AltSeasonStrategy if none, with its parameters as it runs.

    :raises InputError: where the configured one is not derived from AltSeasonStrategy.
    """
    # Importing it takes seconds, and most commands need no strategy.
    from freqtrade.resolvers import StrategyResolver

    name = config.get("strategy") or DEFAULT_STRATEGY
    with quiet_freqtrade():
        strategy = StrategyResolver.load_strategy({**config, "strategy": name})
        strategy.ft_load_hyper_params()
    if not hasattr(strategy, "gate_rule"):
        raise InputError(f"expected a strategy derived from {DEFAULT_STRATEGY}, found {name}")
    return strategy


@contextmanager
def quiet_freqtrade() -> Iterator[None]:
    """Keep Freqtrade's progress messages out of a command's own output; warnings still show."""
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def data_format(config: Config) -> str:
    """Give the format that candles are stored in, by Freqtrade's own setting and default."""
    return str(config.get("dataformat_ohlcv") or "feather")


def data_directory(config: Config) -> Path:
    """Give the folder that holds the candles of the configured exchange."""
    return Path(config["datadir"])
