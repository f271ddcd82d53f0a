"""How our commands print: results to stdout, errors and progress to stderr.

Results are always wrapped at 80 columns. Other messages are wrapped on a terminal only, so that
each stays one line for a program.
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
# As that of a program killed by the signal: 128 + SIGPIPE.
EXIT_BROKEN_PIPE = 141
# Replaces a space at which a line must not be broken.
FIXED_SPACE = "\x00"


def prepare_streams() -> None:
    """Make stdout and stderr accept every text.

    A closed stream discards it; letters that a stream cannot encode are escaped with backslashes.
    """
    # Python sets a closed one to None; Freqtrade's output is silently lost there, too.
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - open as long as the process
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - as above
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def show(*lines: str) -> None:
    """Print the lines of a command's result as they are.

    :raises SystemExit: if the reader has closed the pipe, as `head` does.
    :raises OSError: if they cannot be written, as on a full disk.
    """
    write("".join(f"{line}\n" for line in lines), sys.stdout)


def show_text(*lines: str) -> None:
    """Print the lines of a command's result, wrapped at 80 columns."""
    show(*(part for line in lines for part in wrap(line)))


def tell(line: str) -> None:
    """Print a line to stderr, wrapped on a terminal."""
    if sys.stderr.isatty():
        line = "\n".join(wrap(line, min(MAX_WIDTH, shutil.get_terminal_size().columns)))
    # There is nowhere else to report that stderr cannot be written.
    with suppress(OSError):
        write(f"{line}\n", sys.stderr)


def write(text: str, stream: TextIO) -> None:
    """Write a text at once, or end the process silently if the reader has closed the pipe."""
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
    """Discard what is left in a stream, since Python would write it when the process ends."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def wrap(line: str, width: int = MAX_WIDTH) -> list[str]:
    """Return a line wrapped at words, with an indent from the second line on.

    Paths, and command lines between backquotes, are not broken, so that they can be copied.
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
