"""Freqtrade's command line and configuration, changed so that they find only the emulator."""

import signal
import sys
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from freqtrade.commands import Arguments
from freqtrade.commands.arguments import NO_CONF_ALLOWED
from freqtrade.commands.optimize_commands import setup_optimize_configuration
from freqtrade.constants import MINIMAL_CONFIG
from freqtrade.enums import RunMode
from freqtrade.misc import deep_merge_dicts

from altseason.host.configuration import (
    Config,
    data_directory,
    quiet_freqtrade,
    read_without_folders,
    refusing_malformed,
)
from altseason_lab.host.overlay import BLANKED, EXCHANGE, exchange_settings

# Commands without a configuration; `new-config --config` names the file to write.
WITHOUT_CONFIG = frozenset({*NO_CONF_ALLOWED, "new-config"})

# Commands that use the handlers in `pairlists`.
WITH_PAIRLISTS = frozenset(
    {
        "backtesting",
        "hyperopt",
        "lookahead-analysis",
        "recursive-analysis",
        "test-pairlist",
        "trade",
    }
)

# Commands that store candles; the others only read them.
STORING = frozenset({"convert-data", "convert-trade-data", "download-data", "trades-to-ohlcv"})

# Commands that run backtests.
BACKTESTING = frozenset({"backtesting", "hyperopt"})


@dataclass(frozen=True)
class FreqtradeCommand:
    """A command line of Freqtrade.

    :param arguments: what follows the word `freqtrade`.
    :param options: as Freqtrade parses them, with its default configuration files.
    :param named_files: the configuration files that the arguments name.
    """

    arguments: list[str]
    options: Config
    named_files: list[str]

    @property
    def asks_exchange(self) -> bool:
        """Return whether it reads a configuration, and may connect to an exchange."""
        if self.options.get("version") or self.options.get("version_main"):
            return False
        return "config" in self.options and self.options["command"] not in WITHOUT_CONFIG

    @property
    def is_trading(self) -> bool:
        """Return whether it needs an exchange whose candles end now."""
        return bool(self.options["command"] == "trade")

    @property
    def is_backtesting(self) -> bool:
        """Return whether it runs backtests."""
        return self.options["command"] in BACKTESTING

    @property
    def is_storing(self) -> bool:
        """Return whether it stores candles, which is not done in the folder that is served."""
        return self.options["command"] in STORING

    @property
    def is_downloading(self) -> bool:
        """Return whether it stores candles of the exchange."""
        return bool(self.options["command"] == "download-data")

    @property
    def is_webserver(self) -> bool:
        """Return whether it serves FreqUI without a bot."""
        return bool(self.options["command"] == "webserver")

    @property
    def reads_pairlists(self) -> bool:
        """Return whether it uses the handlers in `pairlists`."""
        return self.options["command"] in WITH_PAIRLISTS

    @property
    def interrupt(self) -> int:
        """Return the signal to send it at a Ctrl-C."""
        # On SIGINT the webserver shuts down, but then waits for a thread that never ends.
        return signal.SIGTERM if self.is_webserver else signal.SIGINT

    def process(self, *additional: str) -> list[str]:
        """Return the command line that starts it, with or without `freqtrade` on the path."""
        return [sys.executable, "-m", "freqtrade", *self.arguments, *additional]


def parse_command(arguments: Sequence[str]) -> FreqtradeCommand:
    """Parse a command line by Freqtrade's own parser, which exits on --help and on errors.

    :param arguments: what follows the word `freqtrade`.
    """
    options = Arguments(list(arguments)).get_parsed_arg()
    named_files: list[str] = []
    if "config" in options:
        # Freqtrade adds its default files only if no other is named.
        with_another = Arguments([*arguments, "--config", ""]).get_parsed_arg()
        named_files = with_another["config"][:-1]
    return FreqtradeCommand(list(arguments), options, named_files)


def read_backtesting_configuration(command: FreqtradeCommand) -> Config:
    """Read the configuration as `freqtrade backtesting` does, but create no folders.

    :raises InputError: where the files name no exchange.
    :raises OperationalException: for whatever Freqtrade itself refuses.
    """

    def read(options: Config) -> Config:
        with quiet_freqtrade(), refusing_malformed(options["config"] or []):
            return dict(setup_optimize_configuration(options, RunMode.BACKTEST))

    return read_without_folders(Arguments(command.arguments).get_parsed_arg(), read)


def build_overlay(command: FreqtradeCommand, config: Config, url: str) -> Config:
    """Build the configuration file that is read last, so that it overrides the others.

    :param config: the configuration that the command has without the emulator.
    """
    overlay: Config = {
        **deepcopy(BLANKED),
        "exchange": exchange_settings(url, is_live=command.is_trading),
    }
    if command.options["config"]:
        return overlay
    # Without any file Freqtrade starts from this, and takes the pairs from a file in the data
    # directory; but the overlay is a file.
    minimal: Config = deep_merge_dicts(overlay, deepcopy(MINIMAL_CONFIG))
    if config.get("pairs"):
        minimal["pairs"] = config["pairs"]
    return minimal


def additional_arguments(command: FreqtradeCommand, config: Config, overlay: Path) -> list[str]:
    """Return the arguments that add the overlay, and restore what it would change.

    :param config: the configuration that the command has without the emulator.
    """
    options = command.options
    files = [] if command.named_files else list(options["config"] or [])
    arguments = [word for file in (*files, str(overlay)) for word in ("--config", file)]
    if "datadir" in options and not options["datadir"]:
        # The default is named after the exchange: the user's, not the emulator.
        arguments += ["--datadir", str(data_directory(config))]
    if options.get("exchange"):
        # This option overrides every file.
        arguments += ["--exchange", EXCHANGE]
    return arguments
