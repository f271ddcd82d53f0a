"""What our commands print: results to stdout, errors and progress to stderr.

Results are wrapped at 80 columns wherever they go. A message stays one line where a program reads
it, and is wrapped on a terminal.
"""

import io
import os
import re
import shutil
import sys
import textwrap
from contextlib import suppress
from pathlib import Path
from typing import TextIO

MAX_WIDTH = 80
# As of a tool that dies of the signal: 128 + SIGPIPE.
EXIT_BROKEN_PIPE = 141
# Stands for a space at which no line may end.
FIXED_SPACE = "\x00"


def prepare_streams() -> None:
    """Make stdout and stderr take every text: what is closed, or cannot encode it, is no error.

    Letters that a stream cannot encode are escaped with backslashes.
    """
    # Python has None for a closed one; Freqtrade's output is lost in silence there, too.
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - open as long as the process
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - as above
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def show(*lines: str) -> None:
    """Print the lines of a command's result as they are.

    :raises SystemExit: where nobody reads on, such as `head`.
    :raises OSError: where they cannot be written, such as to a full disk.
    """
    write("".join(f"{line}\n" for line in lines), sys.stdout)


def show_text(*lines: str) -> None:
    """Print the lines of a command's result in 80 columns."""
    show(*(part for line in lines for part in wrap(line)))


def tell(line: str) -> None:
    """Print a line that is no part of the result; wrapped on a terminal."""
    if sys.stderr.isatty():
        line = "\n".join(wrap(line, min(MAX_WIDTH, shutil.get_terminal_size().columns)))
    # There is no other place to report that this one is full.
    with suppress(OSError):
        write(f"{line}\n", sys.stderr)


def write(text: str, stream: TextIO) -> None:
    """Write a text at once, or end the process in silence where nobody reads on."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _discard(stream)
        sys.exit(EXIT_BROKEN_PIPE)
    except OSError:
        _discard(stream)
        raise


def _discard(stream: TextIO) -> None:
    """Discard what is left in a stream: Python writes it again when the process ends."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


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
