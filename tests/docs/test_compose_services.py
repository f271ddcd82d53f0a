"""The services of docker-compose.yml as they would run: their commands and health checks.

That the bot starts with its secrets, and becomes healthy, is shown by running the README.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.persistence import init_db
from freqtrade.rpc import RPC
from freqtrade.rpc.api_server import ApiServer

from altseason_lab.sample.model import generate_market
from altseason_lab.sample.store import save_market
from tests.conftest import ROOT
from tests.docs import compose
from tests.providers.serving import COINGECKO_VARIABLE, serving
from tests.providers.world import three_coins

PASSWORD = "f" * 32


@pytest.fixture
def home_with_candles(home: Path) -> Path:
    save_market(generate_market(), home / "my_candles")
    return home


def run_compose(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "tests" / "docs" / "compose.py", "compose", *words]
    return subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)


@contextmanager
def serving_api(bot: SimpleNamespace) -> Iterator[int]:
    """Serve Freqtrade's own API for a bot; yield the port."""
    init_db("sqlite://")
    port = compose.find_free_port()
    section = {
        "enabled": True,
        "listen_ip_address": "127.0.0.1",
        "listen_port": port,
        "username": "freqtrader",
        "password": PASSWORD,
        "jwt_secret_key": "f" * 32,
    }
    server = ApiServer({**bot.config, "api_server": section})
    try:
        server.add_rpc_handler(RPC(bot))
        yield port
    finally:
        server.cleanup()
        ApiServer.shutdown()


def make_bot(minutes: float | None) -> SimpleNamespace:
    """A bot which went through its loop so many minutes ago, or never."""
    now = datetime.now(UTC)
    last = None if minutes is None else now - timedelta(minutes=minutes)
    return SimpleNamespace(config={}, last_process=last)


def is_healthy(home: Path, bot: SimpleNamespace, password: str = PASSWORD) -> bool:
    (home / ".env").write_text(f"FREQTRADE__API_SERVER__PASSWORD={password}\n")
    with serving_api(bot) as port:
        return compose.load_services()["freqtrade"].is_healthy(port)


@pytest.mark.parametrize(
    ("minutes", "healthy"), [(0, True), (4, True), (6, False), (600, False), (None, False)]
)
def test_bot_is_healthy_while_its_loop_goes_on(home: Path, minutes: float | None, healthy: bool):
    assert is_healthy(home, make_bot(minutes)) is healthy


def test_stopped_bot_is_not_healthy_since_it_makes_no_exit(home: Path):
    bot = make_bot(6)
    # What a worker does with a bot that /stop, or an error of Freqtrade's, has stopped.
    FreqtradeBot.process_stopped(bot)
    assert is_healthy(home, bot) is False


def test_health_check_with_another_password_fails_and_says_none(home: Path):
    other = "marker-7f3a"
    assert is_healthy(home, make_bot(0), other) is False
    # Nothing answers there any more, which is an error with a traceback.
    service, port = compose.load_services()["freqtrade"], compose.find_free_port()
    words = [word.replace(compose.API_PORT, str(port)) for word in service.health]
    found = subprocess.run(
        compose.localize(words), env=service.local(port), capture_output=True, check=False
    )
    assert found.returncode != 0
    assert b"ConnectionRefused" in found.stderr
    assert other.encode() not in found.stdout + found.stderr


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
