"""Rehearse a Freqtrade command: the real Freqtrade, with the exchange emulator for an exchange."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from freqtrade.commands import Arguments
from freqtrade.configuration import Configuration
from freqtrade.constants import MINIMAL_CONFIG
from freqtrade.enums import RunMode
from freqtrade.misc import deep_merge_dicts

from altseason.configuration import (
    Config,
    data_directory,
    data_format,
    load_configuration,
    quiet_freqtrade,
)
from altseason.emulator.market import Market
from altseason.emulator.overlay import EXCHANGE, exchange_settings, offline_environment
from altseason.emulator.server import run_emulator
from altseason.errors import InputError
from altseason.sample.marker import is_synthetic

USAGE = "altseason sandbox [--datadir FOLDER] -- freqtrade COMMAND ..."
# They need more of an exchange than the emulator has.
UNSUPPORTED = frozenset({"trade", "webserver"})
# Its --config names the file that it writes.
WRITES_CONFIG = "new-config"
# What decides about the data directory, the stored format, the pairs and the trading mode.
CONFIGURING_OPTIONS = (
    "command",
    "config",
    "user_data_dir",
    "datadir",
    "exchange",
    "dataformat_ohlcv",
    "pairs",
    "pairs_file",
    "trading_mode",
)
GRACE_SECONDS = 5.0
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class FreqtradeCommand:
    """A command line of Freqtrade.

    :param arguments: what follows the word `freqtrade`.
    :param options: what Freqtrade reads out of them.
    :param own_config: the configuration files that they name, without the default ones.
    """

    arguments: list[str]
    options: Config
    own_config: list[str]

    @property
    def asks_exchange(self) -> bool:
        """Tell whether a configuration, and with it an exchange, can play a part."""
        if self.options.get("version") or self.options.get("version_main"):
            return False
        return "config" in self.options and self.options["command"] != WRITES_CONFIG


def rehearse(words: Sequence[str], source_options: list[str]) -> int:
    """Run a Freqtrade command against the emulator.

    :param words: the command line, from the word `freqtrade` on.
    :param source_options: Freqtrade's common options for the data directory whose candles the
        emulator serves; without any it is the command's own.
    :return: the command's exit code, 128 + n where signal n ended it.
    :raises InputError: where the command, or the data directory, is nothing to rehearse with.
    """
    command = parse_command(words)
    if not command.asks_exchange:
        return asyncio.run(run_process(freqtrade_process(command.arguments), os.environ))
    refuse_unsupported(command)
    config = load_command_configuration(command)
    source = load_configuration(source_options) if source_options else config
    market = open_market(data_directory(source), data_format(source))
    return asyncio.run(run_with_emulator(command, config, market))


def parse_command(words: Sequence[str]) -> FreqtradeCommand:
    """Read a command line with Freqtrade's own parser, which ends the process on --help and errors.

    :raises InputError: where it is not one of Freqtrade.
    """
    if not words or words[0] != "freqtrade":
        found = f"`{words[0]}`" if words else "no command"
        raise InputError(f"expected `{USAGE}`, found {found} in the place of `freqtrade`")
    arguments = list(words[1:])
    options = Arguments(arguments).get_parsed_arg()
    own_config: list[str] = []
    if "config" in options:
        # Freqtrade fills in its default files only where no other is named.
        own_config = Arguments([*arguments, "--config", ""]).get_parsed_arg()["config"][:-1]
    return FreqtradeCommand(arguments, options, own_config)


def refuse_unsupported(command: FreqtradeCommand) -> None:
    """Refuse what would not run on the emulator, or not only on the emulator.

    :raises InputError: in one line that says why.
    """
    name = command.options["command"]
    if name in UNSUPPORTED:
        raise InputError(f"rehearsing `freqtrade {name}` is not supported yet")
    if "-" in (command.options["config"] or []):
        # Freqtrade reads nothing but standard input then, and so not the overlay.
        raise InputError("expected configuration files, found `-c -`: write it to a file first")


def load_command_configuration(command: FreqtradeCommand) -> Config:
    """Read the configuration that the command would have without the emulator.

    :raises InputError: where it needs an exchange that the emulator is not.
    :raises OperationalException: for whatever Freqtrade itself refuses.
    """
    options = {name: command.options.get(name) for name in CONFIGURING_OPTIONS}
    if not options["config"] and not options["exchange"]:
        # Freqtrade would have no exchange, and its folder for candles no name.
        options["exchange"] = EXCHANGE
    with quiet_freqtrade():
        config: Config = Configuration(options, RunMode.UTIL_NO_EXCHANGE).get_config()
    if config["trading_mode"] != "spot":
        raise InputError(
            f"expected trading mode spot, found {config['trading_mode'].value}: "
            "the exchange emulator has spot markets only"
        )
    return config


def open_market(datadir: Path, stored_as: str) -> Market:
    """Open a data directory for the emulator.

    :raises InputError: where there are no candles in it.
    """
    market = Market(datadir, stored_as)
    if not market.symbols:
        raise InputError(
            f"{datadir}: expected candle files ({stored_as}) for the emulator to serve, found "
            "none; name another folder with `altseason sandbox --datadir FOLDER`, or write one "
            "with `altseason sample`"
        )
    return market


async def run_with_emulator(command: FreqtradeCommand, config: Config, market: Market) -> int:
    """Run the command while the emulator is there, and give its exit code."""
    async with run_emulator(market) as url:
        announce(url, market.datadir)
        with tempfile.TemporaryDirectory(prefix="altseason-sandbox-") as folder:
            overlay = Path(folder) / "emulator.json"
            overlay.write_text(json.dumps(build_overlay(command, config, url)), encoding="utf-8")
            process = freqtrade_process(complete_arguments(command, config, overlay))
            return await run_process(process, offline_environment(os.environ, url))


def announce(url: str, datadir: Path) -> None:
    """Say what stands in for the exchange."""
    kind = "SYNTHETIC candles" if is_synthetic(datadir) else "candles"
    text = f"altseason sandbox: an exchange emulator on {url} serves {kind} from {datadir}"
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - the command's own output


def build_overlay(command: FreqtradeCommand, config: Config, url: str) -> Config:
    """Build the configuration file that is read last, and so wins."""
    overlay = {"exchange": exchange_settings(url)}
    if command.options["config"]:
        return overlay
    # Freqtrade starts from these where no file is named, and the overlay is one.
    minimal: Config = deep_merge_dicts(overlay, deepcopy(MINIMAL_CONFIG))
    if config.get("pairs"):
        minimal["pairs"] = config["pairs"]
    return minimal


def complete_arguments(command: FreqtradeCommand, config: Config, overlay: Path) -> list[str]:
    """Give the command's arguments, with the overlay and what the overlay would change put back."""
    options = command.options
    arguments = list(command.arguments)
    default_files = options["config"] if options["config"] and not command.own_config else []
    for file in (*default_files, str(overlay)):
        arguments += ["--config", file]
    if "datadir" in options and not options["datadir"]:
        # The default is named after the exchange, which is the user's and not the emulator.
        arguments += ["--datadir", str(data_directory(config))]
    if options.get("exchange"):
        # It wins over every file.
        arguments += ["--exchange", EXCHANGE]
    return arguments


def freqtrade_process(arguments: Sequence[str]) -> list[str]:
    """Give the command line that starts Freqtrade, also where its script is not on the path."""
    return [sys.executable, "-m", "freqtrade", *arguments]


async def run_process(process: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a process and all that it starts, hand on signals, and leave none of it behind.

    :return: its exit code, 128 + n where signal n ended it.
    """
    received: asyncio.Queue[int] = asyncio.Queue()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, received.put_nowait, number)
    # A session of its own: a Ctrl-C in the terminal reaches it once, and only through us.
    child = await asyncio.create_subprocess_exec(
        *process, env=dict(environment), start_new_session=True
    )
    forwarding = asyncio.create_task(forward_signals(received, child.pid))
    try:
        code = await child.wait()
    finally:
        forwarding.cancel()
        await end_group(child.pid)
    return code if code >= 0 else 128 - code


async def forward_signals(received: "asyncio.Queue[int]", group: int) -> None:
    """Hand signals on to a process group: Ctrl-C asks, a second one and SIGTERM insist."""
    if await received.get() == signal.SIGINT:
        signal_group(group, signal.SIGINT)
        await received.get()
    signal_group(group, signal.SIGTERM)
    with suppress(TimeoutError):
        await asyncio.wait_for(received.get(), GRACE_SECONDS)
    signal_group(group, signal.SIGKILL)


async def end_group(group: int) -> None:
    """End what a process has left of its group, such as the workers of an interrupted hyperopt."""
    signal_group(group, signal.SIGTERM)
    attempts = int(GRACE_SECONDS / POLL_SECONDS)
    while attempts and signal_group(group, 0):
        await asyncio.sleep(POLL_SECONDS)
        attempts -= 1
    signal_group(group, signal.SIGKILL)


def signal_group(group: int, number: int) -> bool:
    """Send a signal to a process group, and tell whether there is any process in it."""
    # In a container we may be the first process, which has to bury the orphans.
    with suppress(ChildProcessError):
        os.waitpid(-group, os.WNOHANG)
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True
