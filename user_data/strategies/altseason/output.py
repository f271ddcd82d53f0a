"""What our commands print: results to stdout; errors, and what is only news, to stderr."""

import sys


def show(*lines: str) -> None:
    """Print the lines of a command's result."""
    sys.stdout.writelines(f"{line}\n" for line in lines)


def tell(line: str) -> None:
    """Print a line that is no part of the result, at once."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
