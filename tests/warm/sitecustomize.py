"""Hands `freqtrade` and `altseason` commands to a process that has imported Freqtrade already.

Python imports this file at its start where the folder is on PYTHONPATH. It sends what it was
started with to `tests/warm/server.py` and becomes a stand-in: it forwards signals, and ends as the
command ends. Anything else runs as ever.
"""

import json
import os
import signal
import socket
import sys
from pathlib import Path

ADDRESS = "ALTSEASON_TEST_WARM"
COMMANDS = ("freqtrade", "altseason")
# These run until they are stopped, and tests look at them as the processes that they are.
STAY = {"trade", "webserver", "record"}


def find_command(words: list[str]) -> list[str] | None:
    """Return a command and its arguments where Python was started for one, else None."""
    match words[1:]:
        case [_, *arguments] if STAY.intersection(arguments):
            return None
        case ["-m", name, *arguments] if name in COMMANDS:
            return [name, *arguments]
        case [script, *arguments] if Path(script).name in COMMANDS:
            return [Path(script).name, *arguments]
    return None


def hand_over(command: list[str], address: str) -> int | None:
    """Have the server run a command; return its exit code, or None where no server answers."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(address)
    except OSError:
        return None
    request = {
        "command": command,
        "path": sys.path,
        "folder": str(Path.cwd()),
        "environment": dict(os.environ),
    }
    socket.send_fds(connection, [json.dumps(request).encode() + b"\n"], [0, 1, 2])
    answers = connection.makefile()
    process = int(answers.readline())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: os.kill(process, received))
    return int(answers.readline())


if ADDRESS in os.environ and (command := find_command(sys.orig_argv)) is not None:
    address, _, prefix = os.environ[ADDRESS].partition(":")
    if prefix == os.path.realpath(sys.prefix) and (code := hand_over(command, address)) is not None:
        os._exit(code)
