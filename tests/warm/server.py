"""A Python that has imported Freqtrade, and forks for each command that it is sent.

An import of Freqtrade takes 2 s, and the tests start it some hundred times. Our own package is not
imported here: each command imports the one that its folder has. Ends when its standard input does.
"""

import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
from contextlib import suppress
from typing import Any

PRELOADED = (
    "freqtrade.commands",
    "freqtrade.main",
    "freqtrade.optimize.backtesting",
    "freqtrade.plugins.pairlist.StaticPairList",
    "freqtrade.plugins.pairlistmanager",
    "freqtrade.resolvers",
    "freqtrade.strategy",
    "freqtrade.exchange",
    "pyarrow.feather",
    "talib.abstract",
    "technical.qtpylib",
)


def serve(address: str) -> dict[str, Any] | None:
    """Fork for each request and return it in the new process; None at the server's own end."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    os.write(1, b"ready\n")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if listener not in ready:
            return None
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            return supervise(connection)
        connection.close()


def supervise(connection: socket.socket) -> dict[str, Any]:
    """Return a request in a process of its own, and end as soon as that has been reported."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request, descriptors = receive(connection)
    process = os.fork()
    if process:
        connection.sendall(f"{process}\n".encode())
        ended = os.pidfd_open(process)
        if ended not in select.select([ended, connection], [], [])[0]:
            os.kill(process, signal.SIGKILL)  # the stand-in was killed
        _, status = os.waitpid(process, 0)
        code = os.waitstatus_to_exitcode(status)
        # A command that was killed ends as a shell says it.
        with suppress(BrokenPipeError):
            connection.sendall(f"{code if code >= 0 else 128 - code}\n".encode())
        os._exit(0)
    connection.close()
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    return request


def receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    text, descriptors, _, _ = socket.recv_fds(connection, 1 << 16, 3)
    while not text.endswith(b"\n"):
        text += connection.recv(1 << 16)
    return json.loads(text), list(descriptors)


def run(request: dict[str, Any]) -> None:
    """Run a command as `python -m` would."""
    name, *arguments = request["command"]
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path[:] = [request["folder"], *request["path"]]
    sys.argv = [name, *arguments]
    # As Python makes them at its start: the server's own were of another kind of file.
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", 1, closefd=False)
    runpy.run_module(name, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    for module in PRELOADED:
        importlib.import_module(module)
    if (received := serve(sys.argv[1])) is not None:
        run(received)
