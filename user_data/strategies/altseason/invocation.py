"""Find the command line that runs `altseason` here, so that messages name commands that work."""

import os
import shlex
import shutil
import sys
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

import altseason

DISTRIBUTION = "freqtrade-altseason"


def altseason_command(words: str = "") -> str:
    """Return the command line that runs `altseason` with the given words here.

    That is the installed script, with its path unless it is on PATH. Where only the strategies
    folder was copied there is no script, and Python runs the package from that folder.

    :param words: what follows `altseason`, such as "dominance status".
    """
    program = _find_script() or _module_call()
    return f"{program} {words}" if words else program


def _find_script() -> str | None:
    try:
        distribution(DISTRIBUTION)
    except PackageNotFoundError:
        return None
    beside_python = shutil.which("altseason", path=str(Path(sys.executable).parent))
    found = shutil.which("altseason")
    # The script of another installation would run the package of that installation.
    if found and (beside_python is None or Path(found).samefile(beside_python)):
        return "altseason"
    return shlex.quote(beside_python) if beside_python else None


def _module_call() -> str:
    # Even if PYTHONPATH already has it, which may have been set for this one command.
    folders = [Path(altseason.__file__).resolve().parent.parent]
    if (lab := find_spec("altseason_lab")) and lab.origin:
        folders.append(Path(lab.origin).resolve().parent.parent)
    path = os.pathsep.join(map(shorten_path, folders))
    found = shutil.which("python")
    is_this_python = found is not None and Path(found).samefile(sys.executable)
    python = "python" if is_this_python else shlex.quote(sys.executable)
    return f"PYTHONPATH={shlex.quote(path)} {python} -m altseason"


def shorten_path(path: Path) -> str:
    """Return a path relative to the current folder if it is below it, else as it is."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
