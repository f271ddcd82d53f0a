"""Settings of a wrong kind, in a file or the environment, end every command in one line."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from altseason.cli import main
from tests.conftest import STRATEGIES

CONFIG: dict[str, Any] = {
    "stake_currency": "USDT",
    "stake_amount": 10,
    "exchange": {"name": "kraken", "pair_whitelist": ["ETH/USDT"]},
    # A command that polls a provider in spite of it finds none.
    "altseason": {"dominance": {"urls": {"coingecko": "http://127.0.0.1:9"}}},
}
COMMANDS = {
    "status": ["dominance", "status"],
    "import": ["dominance", "import", "dominance.csv"],
    "import, dry": ["dominance", "import", "dominance.csv", "--dry-run"],
    "download": ["dominance", "download"],
    "record": ["dominance", "record", "--once"],
    "rebuild": ["dominance", "rebuild"],
    "why": ["why"],
    "why, live": ["why", "--live", "--url", "http://127.0.0.1:9"],
    "sandbox": ["sandbox", "--", "freqtrade", "backtesting"],
    "sandbox, trade": ["sandbox", "--", "freqtrade", "trade"],
    "stress": ["stress", "--"],
    "stress, offline": ["stress", "--offline", "--"],
}
WRONG: dict[str, tuple[Mapping[str, Any], str]] = {
    "coingecko": ({"coingecko": "abc"}, "coingecko: expected an object, found a string"),
    "coingecko key": ({"coingecko": {"api_key": 5}}, "coingecko.api_key: expected a string"),
    "coingecko demo": ({"coingecko": {"is_demo": "false"}}, "is_demo: expected a boolean"),
    "exchange": ({"exchange": ["kraken"]}, "exchange: expected an object, found an array"),
    "exchange name": ({"exchange": {"name": 5}}, "exchange.name: expected a string"),
    "whitelist": (
        {"exchange": {"name": "kraken", "pair_whitelist": "ETH/USDT"}},
        "exchange.pair_whitelist: expected an array, found a string",
    ),
    "pair": (
        {"exchange": {"name": "kraken", "pair_whitelist": [1]}},
        "exchange.pair_whitelist.0: expected a string, found a number",
    ),
    "API server": ({"api_server": []}, "api_server: expected an object, found an array"),
    "port": (
        {"api_server": {"listen_port": "x"}},
        "api_server.listen_port: expected a whole number, found a string",
    ),
    "data format": ({"dataformat_ohlcv": "xyz"}, "dataformat_ohlcv: expected one of"),
    "data format's kind": ({"dataformat_ohlcv": 5}, "dataformat_ohlcv: expected a string"),
    "user_data": ({"user_data_dir": 5}, "user_data_dir: expected a string, found a number"),
    "timeframe": ({"timeframe": 60}, "timeframe: expected a string, found a number"),
    "strategy": ({"strategy": 5}, "strategy: expected a string or null, found a number"),
    "strategy path": ({"strategy_path": 5}, "strategy_path: expected a string, found a number"),
    "trading mode": ({"trading_mode": 5}, "trading_mode: expected a"),
    "stop": ({"stoploss": "abc"}, "stoploss: expected a number, found a string"),
    "ROI": ({"minimal_roi": 5}, "minimal_roi: expected an object, found a number"),
    "order types": ({"order_types": 5}, "order_types: expected an object, found a number"),
    "freqai": ({"freqai": 5}, "freqai: expected an object, found a number"),
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder, without Freqtrade's settings in the environment."""
    (tmp_path / "user_data").mkdir()
    (tmp_path / "user_data" / "strategies").symlink_to(STRATEGIES)
    (tmp_path / "dominance.csv").write_text("date,dominance\n2021-01-01,60.5\n2021-01-02,60\n")
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("FREQTRADE__"):
            monkeypatch.delenv(name)
    return tmp_path


def run(words: list[str], config: Mapping[str, Any]) -> int:
    Path("config.json").write_text(json.dumps(config))
    # What follows `--` is for Freqtrade.
    place = len(words) - (words[::-1].index("--") + 1 if "--" in words else 0)
    return main([*words[:place], "-c", "config.json", *words[place:]])


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("name", COMMANDS)
def test_setting_of_a_wrong_kind_ends_in_one_line(
    home: Path, capfd: pytest.CaptureFixture[str], name: str, kind: str
):
    changes, message = WRONG[kind]
    assert run(COMMANDS[name], {**CONFIG, **changes}) == 2
    captured = capfd.readouterr()
    assert captured.out == ""
    [line] = captured.err.splitlines()
    assert line.startswith("altseason: ")
    assert message in line


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("DATAFORMAT_OHLCV", "xyz", "dataformat_ohlcv: expected one of"),
        ("TIMEFRAME", "60", "timeframe: expected a string, found a number"),
        ("STRATEGY", "1", "strategy: expected a string or null, found a number"),
        ("EXCHANGE", "kraken", "exchange: expected an object, found a string"),
        ("COINGECKO", "[1]", "coingecko: expected an object, found an array"),
    ],
)
@pytest.mark.parametrize("name", ["status", "record", "why, live", "sandbox", "stress"])
def test_so_does_one_in_the_environment(
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    variable: str,
    value: str,
    message: str,
):
    monkeypatch.setenv(f"FREQTRADE__{variable}", value)
    assert run(COMMANDS[name], CONFIG) == 2
    [line] = capfd.readouterr().err.splitlines()
    assert message in line


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pairs": 5}, "pairs: expected an array of strings"),
        ({"timeframe": "1x"}, "timeframe: expected one such as 1h, found '1x'"),
        ({"timeframe": "abc"}, "timeframe: expected one such as 1h, found 'abc'"),
        ({"timeframe": "0h"}, "timeframe: expected one such as 1h, found '0h'"),
        ({"exchange": {"name": "abc"}}, '"abc" is not known to the ccxt library'),
        ({"exchange": {"name": "kraken", "pair_whitelist": ["*/USDT"]}}, "*/USDT"),
        ({"altseason": []}, "altseason: "),
    ],
)
def test_value_that_no_schema_knows_to_be_wrong_ends_in_one_line(
    capfd: pytest.CaptureFixture[str], changes: Mapping[str, Any], message: str
):
    assert run(["why"], {**CONFIG, **changes}) == 2
    [line] = capfd.readouterr().err.splitlines()
    assert message in line
