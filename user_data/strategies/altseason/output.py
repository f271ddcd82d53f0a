"""What our commands print; warnings and errors go to stderr."""


def show(*lines: str) -> None:
    """Print the lines of a command's result."""
    for line in lines:
        print(line)  # noqa: T201 - the one place that prints
