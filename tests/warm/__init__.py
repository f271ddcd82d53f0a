"""Starts of Freqtrade without its imports, for tests that only wait for a command's end."""

import atexit
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from tests.warm.sitecustomize import ADDRESS

FOLDER = Path(__file__).parent


def warm(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which `freqtrade` and `altseason` need not import Freqtrade first.

    What is started so is no child of the process that stands for it. Commands that run until they
    are stopped are started as ever.
    """
    path = os.pathsep.join(filter(None, [str(FOLDER), environment.get("PYTHONPATH")]))
    return {**environment, "PYTHONPATH": path, ADDRESS: _start_server()}


@lru_cache
def _start_server() -> str:
    """Start one server for this process, which ends with it."""
    folder = tempfile.TemporaryDirectory(prefix="warm-")
    address = str(Path(folder.name) / "socket")
    server = subprocess.Popen(
        [sys.executable, str(FOLDER / "server.py"), address],
        env={**os.environ, "COLUMNS": "200"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    assert server.stdout.readline() == "ready\n"

    def stop() -> None:
        server.stdin.close()
        server.wait()
        folder.cleanup()

    atexit.register(stop)
    return f"{address}:{os.path.realpath(sys.prefix)}"
