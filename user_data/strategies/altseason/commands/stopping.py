"""Wait until a command that runs until it is stopped gets Ctrl-C or `docker stop`.

A handler that raises is not enough: what it raises is dropped where it comes within a destructor or
a weakref's callback.
"""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

STOPPING = (signal.SIGINT, signal.SIGTERM)
# Sent by another thread when there is nothing left to wait for.
ENDED = b"\0"


class StopRequests:
    """The signals that ask a command to end."""

    def __init__(self) -> None:
        # Sockets, as Windows writes signals to nothing else.
        self._receiver, self._sender = socket.socketpair()
        self._sender.setblocking(False)

    @property
    def descriptor(self) -> int:
        """Return where signals are written to, each a byte of its number."""
        return self._sender.fileno()

    def wait(self) -> bool:
        """Wait for a signal that asks for the end; return whether it was one, and not `end`."""
        while True:
            for byte in self._receiver.recv(64):
                if byte in STOPPING or byte == ENDED[0]:
                    return byte in STOPPING

    def end(self) -> None:
        """End `wait`, from any thread."""
        with suppress(OSError):  # it has ended already
            self._sender.send(ENDED)

    def close(self) -> None:
        """Close the sockets."""
        self._receiver.close()
        self._sender.close()


@contextmanager
def catching_stops() -> Iterator[StopRequests]:
    """Catch Ctrl-C and SIGTERM, unless they are ignored here; for the main thread alone."""
    requests = StopRequests()
    written = signal.set_wakeup_fd(requests.descriptor, warn_on_full_buffer=False)
    caught = {
        number: signal.signal(number, _leave_to_descriptor)
        for number in STOPPING
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield requests
    finally:
        for number, handler in caught.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(written)
        requests.close()


def _leave_to_descriptor(*_: object) -> None:
    """Do nothing: without a Python handler no signal is written to the descriptor."""
