"""config.json.example and docker-compose.yml are what they say."""

import subprocess
import sys
from pathlib import Path

import yaml
from freqtrade import __version__ as freqtrade_version
from freqtrade.configuration.load_config import load_config_file

from altseason.settings import load_settings
from tests.conftest import ROOT

KEYS = {"image", "volumes", "environment", "command", "entrypoint", "profiles"}


def test_example_config_passes_freqtrade_s_own_check(tmp_path: Path):
    (tmp_path / "user_data").mkdir()
    command = [
        sys.executable,
        "-m",
        "freqtrade",
        "show-config",
        "--userdir",
        tmp_path / "user_data",
    ]
    command += ["-c", ROOT / "config.json.example"]
    found = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert found.returncode == 0, found.stderr
    assert "ERROR" not in found.stderr
    assert '"name": "binance"' in found.stdout


def test_example_config_is_dry_and_holds_no_secret():
    config = load_config_file(str(ROOT / "config.json.example"))
    assert config["dry_run"] is True
    assert (config["exchange"]["key"], config["exchange"]["secret"]) == ("", "")
    assert "token" not in str(config)
    load_settings(config)


def test_compose_file_uses_known_keys_and_the_version_we_test_with():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert set(compose) == {"services", "x-freqtrade"}
    for service in compose["services"].values():
        assert set(service) <= KEYS
        assert service["image"] == f"freqtradeorg/freqtrade:{freqtrade_version}"
        assert service["volumes"] == ["./user_data:/freqtrade/user_data"]


def test_compose_file_s_command_is_one_that_freqtrade_parses():
    from freqtrade.commands import Arguments

    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    words = compose["services"]["freqtrade"]["command"].split()
    options = Arguments(words).get_parsed_arg()
    assert options["command"] == "trade"
