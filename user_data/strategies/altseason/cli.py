"""The `altseason` command: store, inspect and test Bitcoin's dominance for Freqtrade strategies."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

import altseason.host.version  # noqa: F401 - must be first: refuses an older Freqtrade

# isort: split

from freqtrade.exceptions import FreqtradeException

from altseason import __version__
from altseason.errors import InputError
from altseason.invocation import altseason_command
from altseason.output import prepare_streams, tell
from altseason.parser import CommandParser, add_freqtrade_options

# Each is a module of that name: what a bot needs in `altseason.commands`, the rest in
# `altseason_lab.commands`, which is missing where only the strategies folder was copied.
COMMANDS = {
    "dominance": "fill and inspect the pair BTCD/USD",
    "gate": "write a gated version of a strategy of yours",
    "why": "show which conditions of an entry hold now",
}
LAB = "altseason_lab"
LAB_COMMANDS = {
    "sample": "write four years of synthetic candles and their dominance",
    "sandbox": "run a Freqtrade command against an exchange emulator",
    "stress": "find the cost per side at which a backtest's profit ends",
    "study": "show what the gate is worth on your coins and years",
    "walk-forward": "test hyperopt's parameters on the time after they were found",
}
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130
COMMON_OPTIONS = ("config", "user_data_dir", "datadir")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors that a user can cause end in one line."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    prepare_streams()
    try:
        options = parse_arguments(words)
        return int(options.run(options))
    except (FreqtradeException, OSError) as error:
        tell(f"altseason: {_describe(error)}")
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _describe(error: Exception) -> str:
    """Return an error in one line; some of Freqtrade's messages have several."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"  # without the number of Python's own text
    return " ".join(str(error).split())


def parse_arguments(words: list[str]) -> argparse.Namespace:
    """Parse the command line; an invalid one ends the process with a line that names the error.

    :raises InputError: for a command of the lab where the lab is not installed.
    """
    chosen = words[0] if words else ""
    if chosen in LAB_COMMANDS and find_spec(LAB) is None:
        raise InputError(
            f"`altseason {chosen}` belongs to the project's lab, which is not part of the "
            "strategies folder: run it in a clone of the project after `make install`, or with "
            f"`docker compose run --rm altseason {chosen}`"
        )
    parser = build_parser(chosen)
    options, unknown = parser.parse_known_args(words)
    if unknown:
        # These commands take options of Freqtrade.
        hint = _place_dashes(words, unknown[0]) if "words" in options else ""
        options.parser.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
    options.command_line = altseason_command(shlex.join(words))
    return options


def _place_dashes(words: list[str], unknown: str) -> str:
    """Return a hint where Freqtrade's own options belong, with the command line that was meant."""
    place = words.index(unknown) if unknown in words else len(words)
    following = [word for word in words[place:] if word != "--"]
    if words[0] == "sandbox" and following[:1] != ["freqtrade"]:
        following = ["freqtrade", "COMMAND", *following]
    meant = altseason_command(shlex.join([*words[:place], "--", *following]))
    return f"; put Freqtrade's own options after `--`: `{meant}`"


def build_parser(chosen: str) -> CommandParser:
    """Build the parser, with the options of the chosen command.

    Only its module is imported, since importing all that they need of Freqtrade takes seconds.
    """
    parser = CommandParser(
        prog=altseason_command(),
        description=__doc__,
        epilog=f"`{altseason_command('COMMAND --help')}` describes a command and its options.",
    )
    parser.add_argument("--version", action="version", version=f"altseason {__version__}")
    commands = parser.add_commands("COMMAND")
    packages = dict.fromkeys(COMMANDS, "altseason")
    packages |= {name: LAB for name in LAB_COMMANDS if find_spec(LAB) is not None}
    for name, description in sorted((COMMANDS | LAB_COMMANDS).items()):
        if name not in packages:
            continue
        if name == chosen:
            module = import_module(f"{packages[name]}.commands.{name.replace('-', '_')}")
            module.add_parser(commands, common_parser())
        else:
            commands.add_parser(name, help=description, description=description)
    return parser


def common_parser() -> argparse.ArgumentParser:
    """Build the options that every command shares, from Freqtrade's own definitions."""
    common = argparse.ArgumentParser(add_help=False)
    add_freqtrade_options(common, *COMMON_OPTIONS)
    return common
