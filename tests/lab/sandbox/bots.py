"""A real Freqtrade with its REST API on loopback, as FreqUI sees it."""

import secrets
import socket
import subprocess
import time
from dataclasses import dataclass, field
from typing import Any

import requests

SECONDS_TO_START = 120


def find_free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@dataclass(frozen=True)
class Api:
    """The REST API of a bot that is started with the section `api_server` of this."""

    port: int = field(default_factory=find_free_port)
    password: str = field(default_factory=secrets.token_hex)

    @property
    def section(self) -> dict[str, Any]:
        return {
            "enabled": True,
            "listen_ip_address": "127.0.0.1",
            "listen_port": self.port,
            "username": "rehearsal",
            "password": self.password,
            "jwt_secret_key": secrets.token_hex(32),
        }

    def get(self, path: str, **parameters: Any) -> Any:
        return self._ask("GET", path, params=parameters)

    def post(self, path: str, **body: Any) -> Any:
        return self._ask("POST", path, json=body)

    def wait_until_up(self, process: subprocess.Popen[str]) -> None:
        """Wait until it answers; whoever is asked first has to be there."""
        self._wait(process, lambda: self.get("ping") == {"status": "pong"})

    def wait_until_running(self, process: subprocess.Popen[str]) -> None:
        """Wait until the bot trades, and has looked at its candles."""
        self._wait(process, lambda: self.get("show_config")["state"] == "running")
        self._wait(process, lambda: self.get("health")["last_process"] is not None)

    def _wait(self, process: subprocess.Popen[str], is_reached: Any) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while True:
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline
            try:
                if is_reached():
                    return
            except requests.ConnectionError:
                pass
            time.sleep(0.1)

    def _ask(self, method: str, path: str, **words: Any) -> Any:
        answer = requests.request(
            method,
            f"http://127.0.0.1:{self.port}/api/v1/{path}",
            auth=("rehearsal", self.password),
            timeout=60,
            **words,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()
