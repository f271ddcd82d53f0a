"""The services of docker-compose.yml as they would run: their commands and health checks.

That the bot starts with its secrets, and becomes healthy, is shown by running the README.
"""

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from altseason.sample.model import generate_market
from altseason.sample.store import save_market
from tests.conftest import ROOT
from tests.docs import compose
from tests.providers.serving import COINGECKO_VARIABLE, serving
from tests.providers.world import three_coins


@pytest.fixture
def home_with_candles(home: Path) -> Path:
    save_market(generate_market(), home / "my_candles")
    return home


def run_compose(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "tests" / "docs" / "compose.py", "compose", *words]
    return subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)


@contextmanager
def answering(status: int) -> Iterator[int]:
    """Serve one status for Freqtrade's ping, 404 for all else; give the port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/api/v1/ping" else 404)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_bot_s_health_is_what_its_api_answers(home: Path, status: int, healthy: bool):
    with answering(status) as port:
        assert compose.load_services()["freqtrade"].is_healthy(port) is healthy


def test_bot_is_not_healthy_where_nothing_listens(home: Path):
    service = compose.load_services()["freqtrade"]
    assert service.is_healthy(compose.find_free_port()) is False


def test_recorder_is_healthy_once_it_has_recorded(home: Path, monkeypatch: pytest.MonkeyPatch):
    assert compose.load_services()["recorder"].is_healthy(0) is False
    with serving(three_coins().answer) as provider:
        monkeypatch.setenv(COINGECKO_VARIABLE, provider.url)
        found = run_compose("--profile", "recorder", "up", "-d", "recorder", home=home)
    assert found.returncode == 0, found.stdout + found.stderr
    # It is stopped by now, but what it recorded is not old yet.
    assert compose.load_services()["recorder"].is_healthy(0) is True


@pytest.mark.slow  # the overlay's refusal is tested in test_config_files.py
def test_bot_does_not_start_without_its_secrets(home_with_candles: Path):
    found = run_compose("up", "-d", home=home_with_candles)
    assert found.returncode == 1
    assert "unset: set the environment variable FREQTRADE__API_SERVER__PASSWORD" in found.stderr
