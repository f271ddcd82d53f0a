"""What our commands print: results to stdout; errors, and what is only news, to stderr.

Results are wrapped at 80 columns wherever they go. A message stays one line where a program reads
it, and is wrapped on a terminal.
"""

import re
import shutil
import sys
import textwrap

MAX_WIDTH = 80
# Stands for a space at which no line may end.
FIXED_SPACE = "\x00"


def show(*lines: str) -> None:
    """Print the lines of a command's result as they are."""
    sys.stdout.writelines(f"{line}\n" for line in lines)


def show_text(*lines: str) -> None:
    """Print the lines of a command's result in 80 columns."""
    show(*(part for line in lines for part in wrap(line)))


def tell(line: str) -> None:
    """Print a line that is no part of the result, at once; wrapped on a terminal."""
    if sys.stderr.isatty():
        line = "\n".join(wrap(line, min(MAX_WIDTH, shutil.get_terminal_size().columns)))
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def wrap(line: str, width: int = MAX_WIDTH) -> list[str]:
    """Return a line wrapped at words, the following ones indented.

    A path, and a command line between backquotes, is never broken: it could not be copied.
    """
    if len(line) <= width:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()))
    fixed = re.sub(r"`[^`]*`", lambda found: found[0].replace(" ", FIXED_SPACE), line.lstrip())
    parts = textwrap.wrap(
        fixed,
        width,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [part.replace(FIXED_SPACE, " ") for part in parts]
