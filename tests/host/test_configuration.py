"""Freqtrade parses and reads its configuration as our commands expect."""

import json
import logging
from argparse import Namespace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from freqtrade.commands import Arguments
from freqtrade.configuration.config_validation import validate_config_schema
from freqtrade.exceptions import ConfigurationError

from altseason.errors import InputError
from altseason.host import configuration
from altseason.host.configuration import load_configuration, quiet_freqtrade, refusing_malformed

CONFIG = {"stake_currency": "USDT", "exchange": {"name": "kraken", "pair_whitelist": ["ETH/USDT"]}}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "user_data").mkdir()
    return tmp_path


def load(**options: Any) -> dict[str, Any]:
    words = {"config": None, "user_data_dir": None, "datadir": None, **options}
    return load_configuration(Namespace(**words))


def test_loggers_that_are_kept_quiet_are_there():
    assert all(find_spec(name) is not None for name in configuration.FILTERS)


def test_command_that_needs_no_configuration_reads_one_that_is_there(home: Path):
    assert Arguments(["list-data"]).get_parsed_arg()["config"] is None
    assert load(datadir="candles")["datadir"] == Path("candles")
    (home / "config.json").write_text(json.dumps(CONFIG))
    config = load()
    assert config["stake_currency"] == "USDT"
    assert config["datadir"] == home / "user_data" / "data" / "kraken"
    assert config["original_config"]["exchange"]["name"] == "kraken"


def test_reading_makes_no_folder_and_changes_no_level(home: Path):
    (home / "config.json").write_text(json.dumps(CONFIG))
    load()
    assert sorted(path.name for path in home.rglob("*")) == ["config.json", "user_data"]
    assert logging.root.manager.disable == logging.NOTSET


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"stake_currency": ["plant"]},
            ConfigurationError,
            "stake_currency: expected a string, found an array",
        ),
        # Freqtrade fails on it while it looks for the best message.
        (
            {"api_server": "plant"},
            AttributeError,
            "api_server: expected an object, found a string",
        ),
    ],
)
def test_value_that_freqtrade_s_schema_refuses_is_not_printed(
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, Any],
    error: type[Exception],
    message: str,
):
    """Freqtrade logs it as critical, and raises an error whose context is the schema's."""
    config = {**CONFIG, **changes}
    with pytest.raises(error):
        validate_config_schema(config)
    assert "plant" in caplog.text
    caplog.clear()
    with pytest.raises(InputError) as refused, quiet_freqtrade(), refusing_malformed([]):
        validate_config_schema(config)
    assert str(refused.value) == message
    assert caplog.records == []


def test_file_that_is_no_json_is_told_apart(home: Path):
    (home / "config.json").write_text('{"exchange": {\n"name" "kraken"}}')
    with pytest.raises(InputError, match=r"config\.json, line 2: expected JSON"):
        load()


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_file_in_another_encoding_is_refused_in_a_line_without_its_text(home: Path, encoding: str):
    text = json.dumps({**CONFIG, "bot_name": "café"}, ensure_ascii=False)
    (home / "config.json").write_text(text, encoding=encoding)
    with pytest.raises(InputError, match="expected text in UTF-8, found") as refused:
        load()
    assert "\n" not in str(refused.value)
    assert "caf" not in str(refused.value)


def test_warnings_of_freqtrade_still_show(caplog: pytest.LogCaptureFixture):
    logger = logging.getLogger("freqtrade.configuration.config_validation")
    with quiet_freqtrade():
        logger.info("progress")
        logger.warning("deprecated")
        logger.critical("the schema")
    assert [record.message for record in caplog.records] == ["deprecated"]
