"""A command line of Freqtrade, and how it is changed to find the emulator and nothing else."""

import signal
import sys
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from freqtrade.commands import Arguments
from freqtrade.commands.arguments import NO_CONF_ALLOWED
from freqtrade.constants import MINIMAL_CONFIG
from freqtrade.misc import deep_merge_dicts

from altseason.host.configuration import Config, data_directory
from altseason_lab.host.overlay import BLANKED, EXCHANGE, exchange_settings

# Freqtrade reads no configuration for these; what new-config is given is the file to write.
WITHOUT_CONFIG = frozenset({*NO_CONF_ALLOWED, "new-config"})

# Those that ask the handlers in `pairlists` which pairs there are.
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


# Those that run backtests.
BACKTESTING = frozenset({"backtesting", "hyperopt"})


@dataclass(frozen=True)
class FreqtradeCommand:
    """A command line of Freqtrade.

    :param arguments: what follows the word `freqtrade`.
    :param options: what Freqtrade reads out of them, with its default configuration files.
    :param named_files: the configuration files that the arguments name.
    """

    arguments: list[str]
    options: Config
    named_files: list[str]

    @property
    def asks_exchange(self) -> bool:
        """Return whether a configuration, and with it an exchange, can play a part."""
        if self.options.get("version") or self.options.get("version_main"):
            return False
        return "config" in self.options and self.options["command"] not in WITHOUT_CONFIG

    @property
    def is_trading(self) -> bool:
        """Return whether it needs an exchange that has a present."""
        return bool(self.options["command"] == "trade")

    @property
    def is_backtesting(self) -> bool:
        """Return whether it runs backtests, and shows their results."""
        return self.options["command"] in BACKTESTING

    @property
    def is_downloading(self) -> bool:
        """Return whether it stores the exchange's candles."""
        return bool(self.options["command"] == "download-data")

    @property
    def is_webserver(self) -> bool:
        """Return whether it serves FreqUI without a bot."""
        return bool(self.options["command"] == "webserver")

    @property
    def reads_pairlists(self) -> bool:
        """Return whether the handlers in `pairlists` play a part."""
        return self.options["command"] in WITH_PAIRLISTS

    @property
    def interrupt(self) -> int:
        """Return the signal that ends it at a Ctrl-C."""
        # With SIGINT the webserver shuts down, and then waits for a thread that never ends.
        return signal.SIGTERM if self.is_webserver else signal.SIGINT

    def process(self, *additional: str) -> list[str]:
        """Return the command line that starts it, also where its script is not on the path."""
        return [sys.executable, "-m", "freqtrade", *self.arguments, *additional]


def parse_command(arguments: Sequence[str]) -> FreqtradeCommand:
    """Read a command line with Freqtrade's own parser, which ends the process on --help and errors.

    :param arguments: what follows the word `freqtrade`.
    """
    options = Arguments(list(arguments)).get_parsed_arg()
    named_files: list[str] = []
    if "config" in options:
        # Freqtrade fills in its default files only where no other is named.
        with_another = Arguments([*arguments, "--config", ""]).get_parsed_arg()
        named_files = with_another["config"][:-1]
    return FreqtradeCommand(list(arguments), options, named_files)


def build_overlay(command: FreqtradeCommand, config: Config, url: str) -> Config:
    """Build the configuration file that is read last, and so wins.

    :param config: the configuration that the command has without the emulator.
    """
    overlay: Config = {
        **deepcopy(BLANKED),
        "exchange": exchange_settings(url, is_live=command.is_trading),
    }
    if command.options["config"]:
        return overlay
    # Where no file is named Freqtrade starts from this, and takes the pairs of a file in the data
    # directory; the overlay is a file.
    minimal: Config = deep_merge_dicts(overlay, deepcopy(MINIMAL_CONFIG))
    if config.get("pairs"):
        minimal["pairs"] = config["pairs"]
    return minimal


def additional_arguments(command: FreqtradeCommand, config: Config, overlay: Path) -> list[str]:
    """Return the arguments that bring in the overlay, and put back what it would change.

    :param config: the configuration that the command has without the emulator.
    """
    options = command.options
    files = [] if command.named_files else list(options["config"] or [])
    arguments = [word for file in (*files, str(overlay)) for word in ("--config", file)]
    if "datadir" in options and not options["datadir"]:
        # The default is named after the exchange, which is the user's and not the emulator.
        arguments += ["--datadir", str(data_directory(config))]
    if options.get("exchange"):
        # It would win over every file.
        arguments += ["--exchange", EXCHANGE]
    return arguments
