"""Write the files of pages and cards; apart from what renders them, which needs plotly."""

import os
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from altseason.errors import InputError


def has_plotly() -> bool:
    """Return whether charts can be drawn; Freqtrade's plain image has no plotly."""
    return find_spec("plotly") is not None


def validate_page_file(path: Path, option: str, suffix: str = ".html") -> None:
    """Refuse a file that no page can be written to, before anything that takes long.

    :param option: of the command line that names it, such as "--report".
    :raises InputError: in one line.
    """
    if path.suffix.lower() != suffix or path.is_dir():
        raise InputError(f"{option}: expected a file name that ends in {suffix}, found {path}")
    if not path.parent.is_dir():
        raise InputError(
            f"{option}: expected a folder to write {path.name} to, found no folder "
            f"{path.parent}; create it first"
        )
    if not os.access(path.parent, os.W_OK):
        raise InputError(
            f"{option}: expected a folder to write {path.name} to, found {path.parent}, "
            "which is not writable; choose another"
        )


def write_page_file(text: str, path: Path, what: str = "page") -> None:
    """Write a page in one step, so that an older one stays until the new one is complete.

    :param what: its name in the message.
    :raises InputError: where the file cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise InputError(f"{path}: cannot write the {what}: {error.strerror}") from error
