"""The parser of our commands: help that fits a terminal, and commands that are listed."""

import argparse
import shutil
import textwrap
from typing import Any

from freqtrade.commands.cli_options import AVAILABLE_CLI_OPTIONS

from altseason.output import show

MAX_WIDTH = 80


class HelpFormatter(argparse.HelpFormatter):
    """Format help in at most 80 columns; indented lines stay as they are, paragraphs apart."""

    def __init__(self, prog: str) -> None:
        # As argparse does it, two columns stay free.
        width = min(shutil.get_terminal_size().columns, MAX_WIDTH) - 2
        super().__init__(prog, width=width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        # argparse joins all lines of a description to one paragraph.
        filled = [
            block.rstrip()
            if any(line.startswith(" ") for line in block.splitlines())
            else textwrap.fill(" ".join(block.split()), width)
            for block in text.split("\n\n")
        ]
        return textwrap.indent("\n\n".join(filled), indent)

    def _format_action(self, action: argparse.Action) -> str:
        # argparse puts the metavar above the commands, and indents them further than it reckoned.
        if isinstance(action, argparse._SubParsersAction):
            return "".join(map(self._format_action, action._get_subactions()))
        return super()._format_action(action)


class CommandParser(argparse.ArgumentParser):
    """A parser, and the ones of its commands, whose help is formatted as above."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"formatter_class": HelpFormatter, **options})

    def add_commands(self, metavar: str) -> Any:
        """Return what takes the parsers of commands; without one of them all are listed."""
        self.set_defaults(run=self._show_commands)
        return self.add_subparsers(title="commands", metavar=metavar)

    def _show_commands(self, _: argparse.Namespace) -> int:
        show(self.format_help().rstrip())
        return 0


def add_freqtrade_options(parser: argparse.ArgumentParser, *names: str) -> None:
    """Add options by Freqtrade's own definitions."""
    group = parser.add_argument_group("Freqtrade's own options")
    for name in names:
        option = AVAILABLE_CLI_OPTIONS[name]
        group.add_argument(*option.cli, dest=name, **option.kwargs)
