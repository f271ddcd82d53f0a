"""`altseason sandbox`: run a Freqtrade command against the exchange emulator."""

import argparse
from typing import Any

from altseason.parser import format_examples
from altseason_lab.sandbox import USAGE, rehearse

DESCRIPTION = """\
Run a Freqtrade command against an exchange emulator on this machine: an HTTP server that behaves
like Binance spot and serves candle files. The real Freqtrade runs, with your configuration, but
nothing leaves this machine, and no API key is used. It is a rehearsal: it shows that the software
works. (A command that needs no exchange, such as `freqtrade install-ui`, is run as it is.)

`freqtrade trade` sees the candles moved by whole days, so that they end now, with the last weeks of
them still to come. It is a dry-run with its own database and data directory, which are deleted when
it ends; chats and webhooks are off. Your API server stays on, for FreqUI.

The candles are those of the folder that --datadir before the `--` names, which the command reads
too unless it names its own, or else those of the command's own data directory. What is downloaded
from synthetic candles is marked as such, and refused in a folder that may hold real ones.
"""
EXAMPLES = (
    "sandbox --datadir user_data/data/synthetic -- freqtrade list-pairs",
    "sandbox --datadir user_data/data/synthetic -- freqtrade backtesting --strategy MyStrategy",
    "sandbox --datadir user_data/data/synthetic -- freqtrade trade",
)


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "sandbox",
        parents=[common],
        usage=USAGE,
        description=DESCRIPTION,
        epilog=format_examples(*EXAMPLES),
    )
    # REMAINDER takes the options of Freqtrade too, and stays the same from Python 3.11 to 3.14.
    parser.add_argument("words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the Freqtrade command, and return its exit code."""
    words = options.words[1:] if options.words[:1] == ["--"] else options.words
    # Without any of our own options, the command's own data directory is served.
    is_own = any((options.config, options.user_data_dir, options.datadir))
    return rehearse(words, options if is_own else None)
