"""`altseason why --live` without a bot, or with unusual responses, ends in one line."""

import json
import socket
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from altseason.cli import main
from altseason.commands import running_bot
from tests.conftest import STRATEGIES

CODE = b64encode(b"raise SystemExit('it was run')\nclass Code(IStrategy):\n    pass\n").decode()
ROWS = {"columns": ["date", "close"], "data": [["2021-01-01 00:00:00", 1.0]]}
Answer = bytes | dict[str, Any] | list[Any]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "user_data").mkdir()
    (tmp_path / "user_data" / "strategies").symlink_to(STRATEGIES)
    write_config(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_config(home: Path, **settings: Any) -> None:
    config = {"exchange": {"name": "kraken"}, "api_server": settings}
    (home / "user_data" / "config.json").write_text(json.dumps(config))


class Server(ThreadingHTTPServer):
    daemon_threads = True
    address_family = socket.AF_INET


class Server6(Server):
    address_family = socket.AF_INET6


@contextmanager
def serving(
    answers: dict[str, Answer], status: int = 200, *, server: type[Server] = Server
) -> Iterator[int]:
    """Respond by the last part of the path, or with the response under ""; yield the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.split("?")[0].rsplit("/", 1)[1]
            answer = answers.get(name, answers.get(""))
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            if status == 307:
                self.send_header("Location", "/api/v1/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            pass

    host = "::1" if server is Server6 else "127.0.0.1"
    with server((host, 0), Handler) as started:
        thread = Thread(target=started.serve_forever)
        thread.start()
        try:
            yield started.server_port
        finally:
            started.shutdown()
            thread.join()


def find_line(capfd: pytest.CaptureFixture[str], *words: str) -> str:
    """Run the command, and return the one line with which it ends."""
    assert main(["why", "--live", *words]) == 2
    captured = capfd.readouterr()
    assert captured.out == ""
    [line] = captured.err.splitlines()
    assert line.startswith("altseason: ")
    assert line.isprintable()
    return line


@pytest.mark.parametrize(
    ("answers", "status", "message"),
    [
        ({"": {}}, 200, "expected a Freqtrade bot, found a response without strategy: {}"),
        ({"": [1]}, 200, "found a response without strategy: [1]"),
        (
            {"": b"<html>"},
            200,
            "/api/v1/show_config: expected JSON, found '<html>'; is there a bot",
        ),
        ({"": b""}, 404, "expected HTTP status 200, found 404"),
        ({"": {"detail": "Not Found"}}, 404, "found: Not Found"),
        ({"": {"detail": "Unauthorized"}}, 401, "found: Unauthorized; check username and password"),
        ({"": {"error": "\x1b[31mred\n"}}, 502, "found: [31mred"),
        ({"": {}}, 500, "found: status 500"),
        ({"": b""}, 307, "redirects are not followed"),
        ({"": {"strategy": 5}}, 200, "found a response without strategy"),
        ({"": {"strategy": "Nobody"}}, 200, "Impossible to load Strategy 'Nobody'"),
        ({"whitelist": {"whitelist": None}}, 200, "found a response without whitelist"),
        ({"whitelist": {"whitelist": [1]}}, 200, "found the pairs [1]"),
        ({"whitelist": {"whitelist": ["\x1b[31mETH/USDT"]}}, 200, "found the pairs ["),
        ({"pair_candles": {}}, 200, "found a response without data"),
        ({"pair_candles": {**ROWS, "data": [["x", 1]]}}, 200, "candles of ETH/USDT that cannot be"),
        (
            {"pair_candles": {**ROWS, "data": [[1, 2, 3]]}},
            200,
            "candles of ETH/USDT that cannot be",
        ),
        ({"pair_candles": {**ROWS, "columns": [1, 2]}}, 200, "candles of ETH/USDT that cannot be"),
        (
            {"pair_candles": ROWS},
            200,
            "expected candles analyzed by AltSeasonStrategy, found",
        ),
    ],
)
def test_what_is_no_bot_is_reported_in_one_line(
    home: Path,
    capfd: pytest.CaptureFixture[str],
    answers: dict[str, Answer],
    status: int,
    message: str,
):
    good: dict[str, Answer] = {
        "show_config": {"strategy": "AltSeasonStrategy"},
        "whitelist": {"whitelist": ["ETH/USDT"]},
    }
    with serving({**({} if "" in answers else good), **answers}, status) as port:
        assert message in find_line(capfd, "--url", f"http://127.0.0.1:{port}")


def test_code_in_an_answer_is_not_run(home: Path, capfd: pytest.CaptureFixture[str]):
    """Freqtrade would run a strategy whose code is part of its name."""
    with serving({"": {"strategy": f"Code:{CODE}"}}) as port:
        assert "found the strategy 'Code:" in find_line(capfd, "--url", f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://127.0.0.1", "x"])
def test_address_that_is_none_is_refused(home: Path, capfd: pytest.CaptureFixture[str], url: str):
    assert "--url: expected one such as http://127.0.0.1:8080, found" in find_line(
        capfd, "--url", url
    )


@contextmanager
def dripping(head: bytes) -> Iterator[int]:
    """A server that endlessly sends a byte now and then."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def send() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                try:
                    connection.sendall(head)
                    while True:
                        connection.sendall(b" ")
                        time.sleep(0.05)
                except OSError:
                    return

        thread = Thread(target=send)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n"]
)
def test_answer_that_never_ends_is_waited_for_until_a_deadline(
    home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, head: bytes
):
    monkeypatch.setattr(running_bot, "POLICY", replace(running_bot.POLICY, deadline=0.5))
    with dripping(head) as port:
        line = find_line(capfd, "--url", f"http://127.0.0.1:{port}")
    assert "expected the response within 0.5 s" in line or "no response in time" in line


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as tried:
            tried.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize("listens", ["::1", "::"])
def test_bot_that_listens_by_ipv6_is_found(
    home: Path, capfd: pytest.CaptureFixture[str], listens: str
):
    with serving({"": {"detail": "It is me"}}, server=Server6) as port:
        write_config(home, listen_ip_address=listens, listen_port=port)
        assert f"http://[::1]:{port}: expected a response of the bot, found: It is me" in find_line(
            capfd
        )
