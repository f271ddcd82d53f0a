"""The `altseason` command: what Freqtrade does not do itself, with Freqtrade's own options."""

import argparse
import sys
from collections.abc import Sequence

from freqtrade.commands.cli_options import AVAILABLE_CLI_OPTIONS
from freqtrade.exceptions import FreqtradeException

from altseason import __version__
from altseason.commands import dominance, sample, sandbox

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130
COMMON_OPTIONS = ("config", "user_data_dir", "datadir")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code; what a user can cause ends in one line."""
    options = build_parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except FreqtradeException as error:
        print(f"altseason: {error}", file=sys.stderr)  # noqa: T201 - the command's own output
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    parser = argparse.ArgumentParser(prog="altseason", description=__doc__)
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = common_parser()
    for command in (dominance, sample, sandbox):
        command.add_parser(commands, common)
    return parser


def common_parser() -> argparse.ArgumentParser:
    """Build the options that every command shares, from Freqtrade's own definitions."""
    common = argparse.ArgumentParser(add_help=False)
    group = common.add_argument_group("Freqtrade's own options")
    for name in COMMON_OPTIONS:
        option = AVAILABLE_CLI_OPTIONS[name]
        group.add_argument(*option.cli, dest=name, **option.kwargs)
    return common
