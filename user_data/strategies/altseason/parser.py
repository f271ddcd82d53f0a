"""Parse the options of our commands, and format their help so that it fits a terminal."""

import argparse
import re
import shutil
import sys
import textwrap
from collections.abc import Callable
from typing import Any, NoReturn

from freqtrade.commands.cli_options import AVAILABLE_CLI_OPTIONS

from altseason.invocation import altseason_command
from altseason.output import FIXED_SPACE, MAX_WIDTH, show, tell, write

FREQTRADE_OPTIONS = "Freqtrade's own options"


class HelpFormatter(argparse.HelpFormatter):
    """Format help in at most 80 columns; keep paragraphs, and indented lines as they are."""

    def __init__(self, prog: str) -> None:
        # Two columns stay free, as in argparse.
        width = min(shutil.get_terminal_size().columns, MAX_WIDTH) - 2
        super().__init__(prog, width=width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        # argparse joins all lines of a description into one paragraph.
        filled = [
            block.rstrip()
            if any(line.startswith(" ") for line in block.splitlines())
            # A long path is not broken.
            else textwrap.fill(
                " ".join(block.split()), width, break_long_words=False, break_on_hyphens=False
            )
            for block in text.split("\n\n")
        ]
        return textwrap.indent("\n\n".join(filled), indent)

    def _format_usage(self, usage: str | None, *others: Any) -> str:
        # argparse wraps no usage that it was given, nor one whose program name is too long.
        text = super()._format_usage(usage, *others)
        if all(len(line) <= self._width for line in text.splitlines()):
            return text
        fixed = re.sub(r"\[[^]]*\]", lambda found: found[0].replace(" ", FIXED_SPACE), text)
        filled = textwrap.fill(
            " ".join(fixed.split()),
            self._width,
            subsequent_indent=" " * 7,
            break_long_words=False,
            break_on_hyphens=False,
        )
        return filled.replace(FIXED_SPACE, " ") + "\n\n"

    def _format_action(self, action: argparse.Action) -> str:
        # argparse puts the metavar above the commands, and indents them beyond its own width.
        if isinstance(action, argparse._SubParsersAction):
            return "".join(map(self._format_action, action._get_subactions()))
        return super()._format_action(action)


class CommandParser(argparse.ArgumentParser):
    """A parser, also of subcommands, whose help is formatted by `HelpFormatter`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"formatter_class": HelpFormatter, **options})
        # The parser of the innermost command overwrites those of its parents.
        self.set_defaults(parser=self)

    def error(self, message: str) -> NoReturn:
        """Print the usage and the error, and end the process."""
        self.print_usage(sys.stderr)
        tell(f"{self.prog}: error: {message}")
        sys.exit(2)

    def _print_message(self, message: str, file: Any = None) -> None:
        # argparse would ignore that help or version cannot be written.
        if message:
            write(message, file or sys.stderr)

    def add_commands(self, metavar: str) -> Any:
        """Return the action that adds subcommands; a command line without one lists them all."""
        self.set_defaults(run=self._show_commands)
        # Without `prog`, argparse would break a long program name.
        return self.add_subparsers(title="commands", metavar=metavar, prog=self.prog)

    def _show_commands(self, _: argparse.Namespace) -> int:
        show(self.format_help().rstrip())
        return 0


def format_examples(*command_lines: str) -> str:
    """Return the examples of a command's help, as they work here, in at most 80 columns.

    :param command_lines: what follows `altseason` in each example.
    """
    return "\n".join(["examples:", *map(_format_example, command_lines)])


def _format_example(command_line: str) -> str:
    lines = [f"  {altseason_command()}"]
    # An option stays on one line with its value.
    for words in re.split(" (?=-)", command_line):
        # Two columns are left for the backslash.
        if len(lines[-1]) + len(words) + 3 > MAX_WIDTH:
            lines[-1] += " \\"
            lines.append("     ")
        lines[-1] += f" {words}"
    return "\n".join(lines)


def whole_number(lowest: int, highest: int | None = None, *, of: str = "") -> Callable[[str], int]:
    """Return the `type` of an option that takes a whole number.

    :param highest: None for no limit.
    :param of: what is counted, in the plural, for the error message.
    """
    what = f"a whole number of {of}" if of else "a whole number"
    limits = f"from {lowest}" if highest is None else f"from {lowest} to {highest}"

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = lowest - 1
        is_plain = text.isascii() and text.isdigit()
        if not is_plain or number < lowest or (highest is not None and number > highest):
            raise argparse.ArgumentTypeError(f"expected {what} {limits}, found {text!r}")
        return number

    return read


def add_freqtrade_options(parser: argparse.ArgumentParser, *names: str) -> None:
    """Add options of Freqtrade, by its own definitions."""
    groups = (group for group in parser._action_groups if group.title == FREQTRADE_OPTIONS)
    group = next(groups, None) or parser.add_argument_group(FREQTRADE_OPTIONS)
    for name in names:
        option = AVAILABLE_CLI_OPTIONS[name]
        group.add_argument(*option.cli, dest=name, **option.kwargs)
