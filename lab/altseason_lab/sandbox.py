"""Rehearse a Freqtrade command: the real Freqtrade, with an exchange emulator as its exchange."""

import asyncio
import json
import os
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from freqtrade.enums import TradingMode
from freqtrade.misc import deep_merge_dicts

from altseason.dominance.synthetic import NOTE, NOTES_SETTING, carry_marker, is_synthetic
from altseason.errors import InputError
from altseason.host.configuration import (
    Config,
    data_directory,
    data_format,
    load_configuration,
    read_without_folders,
)
from altseason.host.schema import refuse_invalid
from altseason.invocation import altseason_command
from altseason.output import tell
from altseason_lab.emulator.market import Market, wall_clock
from altseason_lab.emulator.processes import receive_signals, run_process
from altseason_lab.emulator.rehearsal import Rehearsal, plan_rehearsal, trading_settings
from altseason_lab.emulator.server import run_emulator
from altseason_lab.host.command import (
    FreqtradeCommand,
    additional_arguments,
    build_overlay,
    parse_command,
)
from altseason_lab.host.overlay import EXCHANGE, blanked_environment, offline_environment
from altseason_lab.temporary import temporary_folder

USAGE = altseason_command("sandbox [--datadir FOLDER] -- freqtrade COMMAND ...")
ADVICE = (
    f"name the folder to serve with `{altseason_command('sandbox --datadir FOLDER')}`, "
    f"or write a sample with `{altseason_command('sample')}`"
)
# These determine the data directory, the stored format, the pairs and the trading mode.
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
# Freqtrade needs these before it loads the strategy; other settings have defaults.
BACKTEST_SETTINGS = ("stake_currency", "stake_amount")
# What these pairlists need besides the exchange.
OUTSIDE_PAIRLISTS = {
    "MarketCapPairList": "CoinGecko's market caps",
    "ProducerPairList": "another bot",
    "RemotePairList": "a server",
}


def rehearse(words: Sequence[str], source: Namespace | None = None) -> int:
    """Run a Freqtrade command against the emulator.

    :param words: the command line, from the word `freqtrade` on.
    :param source: config, user_data_dir and datadir before `--`, for the data directory whose
        candles the emulator serves; None without any, for the command's own.
    :return: the command's exit code, 128 + n where signal n ended it.
    :raises InputError: where the command or the data directory cannot be rehearsed.
    """
    if os.name == "nt":
        raise InputError(
            "altseason sandbox needs a POSIX system: run it on Linux or macOS, in WSL or in docker"
        )
    command = parse_freqtrade_command(words)
    if not command.asks_exchange:
        return asyncio.run(run_plainly(command))
    refuse_unsupported(command)
    named = source.datadir if source else None
    # Freqtrade would create the folder.
    refuse_missing(named or command.options.get("datadir"))
    config = load_command_configuration(command, named)
    refuse_pairlists(command, config)
    served = load_served_configuration(command, config, source) if source else config
    market = open_market(data_directory(served), data_format(served))
    if command.is_downloading:
        refuse_mixture(market.datadir, data_directory(config))
        carry_marker(market.datadir, data_directory(config))
    if command.is_trading:
        rehearsal = plan_rehearsal(market, config, wall_clock())
        return asyncio.run(run_trading(command, config, rehearsal))
    return asyncio.run(run_with_emulator(command, config, market))


def parse_freqtrade_command(words: Sequence[str]) -> FreqtradeCommand:
    """Parse what follows `--`.

    :raises InputError: where it is not a command of Freqtrade.
    """
    if not words or words[0] != "freqtrade":
        found = f"`{words[0]}`" if words else "nothing"
        raise InputError(f"expected `{USAGE}`, found {found} in place of `freqtrade`")
    return parse_command(words[1:])


def refuse_unsupported(command: FreqtradeCommand) -> None:
    """Refuse a command that would use more than the emulator.

    :raises InputError: in one line that says why.
    """
    if "-" in (command.options["config"] or []):
        # Freqtrade would then read only standard input, and not the overlay.
        raise InputError("expected configuration files, found `-c -`: write it to a file first")


def refuse_missing(datadir: str | Path | None, advice: str = ADVICE) -> None:
    """Refuse a data directory that is named but does not exist.

    :raises InputError: in one line.
    """
    if datadir and not Path(datadir).is_dir():
        raise InputError(
            f"{datadir}: expected a folder with candle files, found no folder; {advice}"
        )


def refuse_mixture(source: Path, target: Path) -> None:
    """Refuse to download real candles into a folder of synthetic ones.

    :raises InputError: in one line.
    """
    if is_synthetic(target) and not is_synthetic(source):
        raise InputError(
            f"{target}: expected a folder for the candles of {source}, found synthetic candles; "
            "name another folder with --datadir, nothing was written"
        )


def refuse_pairlists(command: FreqtradeCommand, config: Config) -> None:
    """Refuse pairlists that need more than the exchange, where the command reads any.

    :raises InputError: in one line that says what they need, and what to use.
    """
    if not command.reads_pairlists:
        return
    for handler in config.get("pairlists") or []:
        method = handler.get("method")
        is_file = str(handler.get("pairlist_url", "")).startswith("file:")
        if method in OUTSIDE_PAIRLISTS and not is_file:
            raise InputError(
                f"pairlists: {method} needs {OUTSIDE_PAIRLISTS[method]}, which stored candles do "
                "not have; in the sandbox use StaticPairList with exchange.pair_whitelist"
            )


def load_served_configuration(
    command: FreqtradeCommand, config: Config, source: Namespace
) -> Config:
    """Return the configuration that names the data directory to serve, and its format.

    Where options before `--` leave something open, the command's own decide.

    :param config: of the command.
    :param source: config, user_data_dir and datadir before `--`; at least one of them is named.
    :raises InputError: where neither names a data directory.
    :raises OperationalException: for whatever Freqtrade itself refuses.
    """
    if not source.config and not source.user_data_dir:
        return {**config, "datadir": Path(source.datadir)}
    options = command.options
    merged = Namespace(
        config=source.config or command.named_files,
        user_data_dir=source.user_data_dir or options.get("user_data_dir"),
        datadir=source.datadir or options.get("datadir"),
    )
    return load_configuration(merged)


def load_command_configuration(command: FreqtradeCommand, served: str | None = None) -> Config:
    """Read the configuration that the command would have without the emulator.

    :param served: the folder to serve candles from, where it is named; the command reads it too,
        unless it names its own.
    :raises InputError: where it needs an exchange that the emulator is not.
    :raises OperationalException: for whatever Freqtrade itself refuses.
    """
    options = {name: command.options.get(name) for name in CONFIGURING_OPTIONS}
    if not options["config"] and not options["exchange"]:
        # Freqtrade would have no exchange, and its folder for candles no name.
        options["exchange"] = EXCHANGE
    is_read = not options["datadir"] and not command.is_storing
    # A bot's own plays no part, and Freqtrade would make the folder.
    if served and (is_read or command.is_trading):
        options["datadir"] = served
    config = read_without_folders(options)
    refuse_missing_settings(command, config)
    if config["trading_mode"] != TradingMode.SPOT:
        raise InputError(
            f"expected trading mode spot, found {config['trading_mode'].value}: "
            "the exchange emulator has spot markets only"
        )
    return config


def refuse_missing_settings(command: FreqtradeCommand, config: Config) -> None:
    """Refuse missing settings, at which Freqtrade would print the whole configuration.

    :raises InputError: in one line that names the setting.
    """
    given = [name for name, value in command.options.items() if value is not None]
    required = [name for name in BACKTEST_SETTINGS if name not in given]
    refuse_invalid(config["original_config"], required if command.is_backtesting else [])


def open_market(datadir: Path, stored_as: str, advice: str = ADVICE) -> Market:
    """Open a data directory for the emulator.

    :raises InputError: where there are no candles in it.
    """
    market = Market(datadir, stored_as)
    if not market.symbols:
        raise InputError(f"{datadir}: expected candle files ({stored_as}), found none; {advice}")
    return market


async def run_plainly(command: FreqtradeCommand) -> int:
    """Run a command that needs no exchange, and return its exit code."""
    environment = blanked_environment(os.environ)
    return await run_process(command.process(), environment, receive_signals())


async def run_with_emulator(command: FreqtradeCommand, config: Config, market: Market) -> int:
    """Run the command while an emulator serves the market, and return its exit code."""
    received = receive_signals()
    # FreqUI can download into the folder of any exchange.
    has_candles = not (command.is_webserver and is_synthetic(market.datadir))
    async with run_emulator(market, has_candles=has_candles) as url:
        announce(url, market.datadir)
        with temporary_folder("sandbox") as folder:
            overlay = build_overlay(command, config, url)
            is_marked = command.is_backtesting and is_synthetic(market.datadir)
            if is_marked:
                # For any strategy; ours has the note outside of the sandbox too.
                overlay[NOTES_SETTING] = NOTE
            arguments = additional_arguments(command, config, save_overlay(overlay, folder))
            environment = offline_environment(os.environ, url)
            process = command.process(*arguments)
            code = await run_process(process, environment, received, interrupt=command.interrupt)
            if is_marked:
                tell(f"altseason sandbox: {NOTE}.")
            return code


async def run_trading(command: FreqtradeCommand, config: Config, rehearsal: Rehearsal) -> int:
    """Run a trading bot on candles that end now, and return its exit code."""
    received = receive_signals()
    async with run_emulator(rehearsal.market, dominance=rehearsal.dominance) as url:
        announce(url, rehearsal.source.datadir)
        tell(rehearsal.describe())
        with temporary_folder("sandbox") as folder:
            datadir = folder / "data"
            rehearsal.save_datadir(datadir, data_format(config), wall_clock())
            overlay = build_overlay(command, config, url)
            overlay = deep_merge_dicts(trading_settings(config, url, folder), overlay)
            arguments = additional_arguments(command, config, save_overlay(overlay, folder))
            # Of two the last one counts.
            process = command.process(*arguments, "--datadir", str(datadir))
            environment = offline_environment(os.environ, url, overlay)
            return await run_process(process, environment, received)


def save_overlay(overlay: Config, folder: Path) -> Path:
    """Write the configuration file that is read last, and return its path."""
    path = folder / "emulator.json"
    path.write_text(json.dumps(overlay), encoding="utf-8")
    return path


def announce(url: str, datadir: Path, command: str = "sandbox") -> None:
    """Print which candles stand in for the exchange.

    :param command: ours.
    """
    kind = "SYNTHETIC candles" if is_synthetic(datadir) else "candles"
    tell(f"altseason {command}: an exchange emulator on {url} serves {kind} from {datadir}")
