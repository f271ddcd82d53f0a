"""A provider on 127.0.0.1 that answers as it is told, and remembers what it was asked."""

import contextlib
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

# Freqtrade takes a setting from a variable of this name.
COINGECKO_VARIABLE = "FREQTRADE__ALTSEASON__DOMINANCE__URLS__COINGECKO"
COINMARKETCAP_VARIABLE = "FREQTRADE__ALTSEASON__DOMINANCE__URLS__COINMARKETCAP"


@dataclass(frozen=True)
class Request:
    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True)
class Reply:
    """What to answer, and how.

    :param way: whole; in chunks; in chunks that break off; broken off; dripping; with a
        status line, a head, or a chunk's size, that drips and never ends; never; hanging up.
    """

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    way: Literal[
        "whole",
        "chunked",
        "cut",
        "truncated",
        "drip",
        "slow status",
        "slow head",
        "slow chunk",
        "hang",
        "drop",
    ] = "whole"


Answering = Callable[[Request], Reply]


@dataclass
class Provider:
    """The running server, as a test sees it.

    :param faults: replies by path, given once each and before the real answer.
    """

    url: str
    requests: list[Request] = field(default_factory=list)
    faults: dict[str, list[Reply]] = field(default_factory=lambda: defaultdict(list))

    def count(self, part: str) -> int:
        return sum(part in request.path for request in self.requests)


class _Server(ThreadingHTTPServer):
    """Holds what the handlers of single requests share."""

    def __init__(self, answer: Answering, port: int, tls: SSLContext | None) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.answer = answer
        self.closing = threading.Event()
        self.provider = Provider(f"http://127.0.0.1:{self.server_port}")


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(unquote(parts.path), dict(parse_qsl(parts.query)), headers)
        provider = self.server.provider
        provider.requests.append(request)
        faults = provider.faults[request.path]
        with contextlib.suppress(OSError):  # the client had enough
            self.give(faults.pop(0) if faults else self.server.answer(request))

    def give(self, reply: Reply) -> None:
        self.close_connection = True
        if reply.way == "hang":
            self.server.closing.wait(5)
        if reply.way in ("hang", "drop"):
            return
        if reply.way in ("slow status", "slow head"):
            if reply.way == "slow head":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Filler: ")
            self.drip(b".")
            return
        self.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        if reply.way in ("chunked", "cut", "slow chunk"):
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.give_chunks(reply)
            return
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        cut = len(reply.body) // 2 if reply.way == "truncated" else len(reply.body)
        step = 1 if reply.way == "drip" else max(1, cut)
        for start in range(0, cut, step):
            self.wfile.write(reply.body[start : min(start + step, cut)])
            if reply.way == "drip" and self.server.closing.wait(0.05):
                return

    def drip(self, part: bytes) -> None:
        # So long as no client with a sense of time should wait.
        for _ in range(300):
            self.wfile.write(part)
            if self.server.closing.wait(0.05):
                return

    def give_chunks(self, reply: Reply) -> None:
        if reply.way == "slow chunk":
            self.drip(b"0")
            return
        for start in range(0, len(reply.body), 50):
            chunk = reply.body[start : start + 50]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        if reply.way == "chunked":
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        """Keep the requests out of the tests' output."""


@contextmanager
def serving(
    answer: Answering, *, port: int = 0, tls: SSLContext | None = None
) -> Iterator[Provider]:
    """Serve from threads until the test is over.

    :param port: any free one by default.
    :param tls: serve by HTTPS; the provider's `url` says http all the same.
    """
    server = _Server(answer, port, tls)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.provider
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
