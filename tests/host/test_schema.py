"""Errors of a configuration are described without its values, which may be secrets."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from freqtrade.configuration.load_config import load_config_file

from altseason.cli import main
from altseason.errors import InputError
from altseason.host.schema import refuse_invalid
from tests.conftest import ROOT, STRATEGIES
from tests.integration.freqtrade_runs import CONFIG
from tests.lab.emulator.candle_files import make_candles, store_candles

SHORT = "plant-7f3a"
API = {
    "enabled": True,
    "listen_ip_address": "127.0.0.1",
    "listen_port": 8080,
    "username": "me",
    "password": f"{SHORT}-password",
    "jwt_secret_key": "f" * 32,
}
FREQTRADE = ["freqtrade", "backtesting", "--strategy", "AltSeasonStrategy"]
OPTIONS = ["-c", "config.json", "--datadir", "data"]
COMMANDS: dict[str, list[str]] = {
    "status": ["dominance", "status"],
    "why": ["why"],
    "stress": ["stress", "--"],
    "stress offline": ["stress", "--offline", "--"],
    "sandbox": ["sandbox", "--", *FREQTRADE],
    "sandbox list-data": ["sandbox", "--", "freqtrade", "list-data"],
}
BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "short": (
        {"api_server": {**API, "jwt_secret_key": SHORT}},
        "api_server.jwt_secret_key: expected 32 characters or more, found 10",
    ),
    "kind": (
        {"telegram": {"enabled": False, "token": [SHORT], "chat_id": SHORT}},
        "telegram.token: expected a string, found an array",
    ),
    "section": ({"api_server": f"me:{SHORT}"}, "api_server: expected an object, found a string"),
    "missing": (
        {"api_server": {name: API[name] for name in API if name != "username"}},
        "api_server: expected a setting 'username', found none",
    ),
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder with candles, without a secret in the environment."""
    (tmp_path / "user_data" / "strategies").mkdir(parents=True)
    for name in ("AltSeasonStrategy.py", "altseason"):
        (tmp_path / "user_data" / "strategies" / name).symlink_to(STRATEGIES / name)
    store_candles(tmp_path / "data", "ETH/USDT", make_candles(24 * 40))
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("FREQTRADE__"):
            monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def run(home: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run a command, with any child process; return its exit code and its output."""

    def run(name: str) -> tuple[int, str]:
        code = main([*COMMANDS[name], *OPTIONS])
        captured = capfd.readouterr()
        return code, captured.out + captured.err

    return run


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("kind", BROKEN)
def test_no_command_prints_a_value_that_the_schema_refuses(
    home: Path, run: Callable[..., tuple[int, str]], name: str, kind: str
):
    changes, message = BROKEN[kind]
    (home / "config.json").write_text(json.dumps({**CONFIG, **changes}))
    code, output = run(name)
    assert SHORT not in output
    assert "Traceback" not in output
    # These need only a few settings, and do not require the rest.
    if name not in ("status", "why"):
        assert code == 2
        assert message in output


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_prints_the_part_of_a_file_that_is_no_json(
    home: Path, run: Callable[..., tuple[int, str]], name: str
):
    text = json.dumps({"api_server": API, **CONFIG}, indent=1)
    (home / "config.json").write_text(text.replace(f'{SHORT}-password",', f'{SHORT}-password"'))
    code, output = run(name)
    assert SHORT not in output
    assert code == 2
    assert "config.json, line 8: expected JSON, found: Missing a comma" in output


@pytest.mark.parametrize("name", ["stress", "sandbox"])
def test_a_setting_that_a_backtest_needs_is_named_and_the_others_are_not_printed(
    home: Path, run: Callable[..., tuple[int, str]], name: str
):
    config = {**CONFIG, "api_server": API}
    del config["stake_currency"]
    (home / "config.json").write_text(json.dumps(config))
    code, output = run(name)
    assert SHORT not in output
    assert code == 2
    assert "expected a setting 'stake_currency', found none" in output


def test_a_key_in_the_environment_is_as_secret(home: Path):
    (home / "config.json").write_text(json.dumps({**CONFIG, "api_server": API}))
    found = subprocess.run(
        [
            sys.executable,
            "-m",
            "altseason",
            *COMMANDS["sandbox"],
            "-c",
            "config.json",
            "-d",
            "data",
        ],
        env={**os.environ, "FREQTRADE__API_SERVER__JWT_SECRET_KEY": SHORT},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 2
    assert SHORT not in found.stdout + found.stderr
    assert "api_server.jwt_secret_key: expected 32 characters or more" in found.stderr


def test_settings_that_freqtrade_fills_in_may_be_left_out():
    settings = {**API}
    del settings["jwt_secret_key"]
    refuse_invalid({"api_server": settings})
    refuse_invalid(load_config_file(str(ROOT / "config.json.example")))
    del settings["username"]
    with pytest.raises(InputError, match="api_server: expected a setting 'username', found none"):
        refuse_invalid({"api_server": settings})
