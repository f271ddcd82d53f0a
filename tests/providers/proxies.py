"""A proxy on this machine that leads a public name to a provider on this machine."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit

import pytest
import trustme

from tests.providers.serving import Answering, Provider, serving

NAME = "provider.example"
WAYS = ("direct", "http proxy", "connect proxy")
# How a proxy itself fails: the head of its response, or what it does in its place.
REFUSALS = {
    "wants a login": b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
    "is overloaded": b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
    "speaks no HTTP": b"220 mail.example ESMTP\r\n",
    "hangs up": b"",
}
PROXY_FAULTS = (*REFUSALS, "hangs", "drips")
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE")


@dataclass
class Proxy:
    """What a proxy was asked, as its first line and its headers had it.

    :param fault: how it fails, one of `PROXY_FAULTS`.
    """

    url: str
    asked: list[str] = field(default_factory=list)
    fault: str | None = None


class _Server(ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.port = port
        self.proxy = Proxy(f"http://127.0.0.1:{self.server_address[1]}")


class _Handler(StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        first = self.rfile.readline().decode("latin-1")
        head = ""
        while (line := self.rfile.readline().decode("latin-1")) not in ("\r\n", ""):
            head += line
        self.server.proxy.asked.append(first + head)
        if self.server.proxy.fault is not None:
            with contextlib.suppress(OSError):  # the client had enough
                self.fail(self.server.proxy.fault)
            return
        method, target, version = first.split()
        with socket.create_connection(("127.0.0.1", self.server.port)) as there:
            if method == "CONNECT":
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                parts = urlsplit(target)
                path = parts.path + (f"?{parts.query}" if parts.query else "")
                there.sendall(f"{method} {path} {version}\r\n{head}\r\n".encode("latin-1"))
            back = threading.Thread(target=_copy, args=(there, self.connection), daemon=True)
            back.start()
            _copy(self.connection, there)
            back.join()

    def fail(self, fault: str) -> None:
        self.wfile.write(REFUSALS.get(fault, b""))
        if fault == "drips":
            # So long as no client with a sense of time should wait.
            for byte in b"HTTP/1.1 200 OK\r\nX-Filler: " + b"." * 300:
                self.wfile.write(bytes([byte]))
                time.sleep(0.05)
        if fault == "hangs":
            self.rfile.read(1)  # until the client hangs up


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def proxying(port: int) -> Iterator[Proxy]:
    """Lead whatever is asked for to a port of this machine, until the test is over."""
    server = _Server(port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Reached:
    """A provider as it is reached by one of the `WAYS`.

    :param url: what to ask.
    """

    url: str
    provider: Provider
    proxy: Proxy


@contextmanager
def reaching(
    way: str, answer: Answering, folder: Path, patch: pytest.MonkeyPatch
) -> Iterator[Reached]:
    """Serve a provider, and set the environment for the way to it."""
    for variable in VARIABLES:
        patch.delenv(variable, raising=False)
        patch.delenv(variable.lower(), raising=False)
    authority = trustme.CA()
    tls = None
    if way == "connect proxy":
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(NAME).configure_cert(tls)
        authority.cert_pem.write_to_path(str(folder / "authority.pem"))
        patch.setenv("REQUESTS_CA_BUNDLE", str(folder / "authority.pem"))
    with serving(answer, tls=tls) as provider, proxying(int(provider.url.split(":")[2])) as proxy:
        url = provider.url
        if way != "direct":
            scheme = "https" if tls else "http"
            patch.setenv(f"{scheme.upper()}_PROXY", proxy.url)
            url = f"{scheme}://{NAME}"
        yield Reached(url, provider, proxy)
