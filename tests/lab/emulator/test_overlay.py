"""The overlay: whatever the user's configuration says, the real Freqtrade keeps to the emulator."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from freqtrade.configuration import Configuration
from freqtrade.configuration.load_config import load_from_files
from freqtrade.enums import RunMode
from freqtrade.resolvers import ExchangeResolver

from altseason_lab.host.command import additional_arguments, build_overlay, parse_command
from altseason_lab.host.overlay import (
    blanked_environment,
    exchange_settings,
    offline_environment,
)

URL = "http://127.0.0.1:40000"
AWKWARD = {
    "urls": {"api": {"public": "https://api1.example.org/api/v3"}},
    "options": {"fetchMarkets": {"types": ["linear"]}, "fetchCurrencies": True},
    "httpsProxy": "http://proxy.example.org:3128",
    "aiohttp_proxy": "http://proxy.example.org:3128",
    "proxies": {"http": "http://proxy.example.org:3128"},
    "sandbox": True,
}


def write(path: Path, content: dict[str, Any]) -> str:
    path.write_text(json.dumps(content))
    return str(path)


@pytest.mark.parametrize("section", ["ccxt_config", "ccxt_sync_config", "ccxt_async_config"])
def test_overlay_wins_over_an_awkward_configuration(tmp_path: Path, url: str, section: str) -> None:
    users = {
        "stake_currency": "USDT",
        "dry_run": False,
        "exchange": {
            "name": "kraken",
            "api_key": "real",
            "key": "real",
            "secret": "real",
            "enable_ws": True,
            "demo_trading": True,
            section: AWKWARD,
        },
    }
    files = [
        write(tmp_path / "config.json", users),
        write(tmp_path / "overlay.json", {"exchange": exchange_settings(url)}),
    ]
    config = load_from_files(files)
    exchange = ExchangeResolver.load_exchange(
        {**config, "runmode": RunMode.UTIL_EXCHANGE}, validate=False
    )
    try:
        # Loaded by the asynchronous client; the synchronous one asks for the candles.
        assert sorted(exchange.markets) == ["ETH/USDT", "SOL/USDT"]
        assert len(exchange._api.fetch_ohlcv("ETH/USDT", "1h", limit=5)) == 5
        for client in (exchange._api, exchange._api_async):
            # Besides these there are websockets, which `enable_ws` has turned off.
            addresses = [text for text in client.urls["api"].values() if isinstance(text, str)]
            assert {urlsplit(address).netloc for address in addresses} == {urlsplit(url).netloc}
            assert exchange._exchange_ws is None
            assert not any((client.apiKey, client.secret, client.password, client.uid))
    finally:
        exchange.close()


def test_environment_leaves_the_exchange_to_the_overlay() -> None:
    environment = {
        "FREQTRADE__EXCHANGE__NAME": "kraken",
        "FREQTRADE__EXCHANGE__KEY": "real",
        "FREQTRADE__EXCHANGE__API_KEY": "real",
        "FREQTRADE__EXCHANGE__SECRET": "real",
        "FREQTRADE__EXCHANGE__ENABLE_WS": "true",
        "FREQTRADE__EXCHANGE__CCXT_CONFIG__HTTPSPROXY": "http://proxy.example.org",
        "FREQTRADE__EXCHANGE__PAIR_WHITELIST": '["ETH/USDT"]',
        "FREQTRADE__STAKE_AMOUNT": "10",
        "FREQTRADE__TELEGRAM__TOKEN": "real",
        "FREQTRADE__TELEGRAM__CHAT_ID": "real",
        "FREQTRADE__COINGECKO__API_KEY": "real",
        "FREQTRADE__ALTSEASON__DOMINANCE__COINMARKETCAP_KEY": "real",
        "https_proxy": "http://proxy.example.org",
        "no_proxy": "example.org",
        "PATH": "/bin",
    }
    offline = offline_environment(environment, URL)
    assert {name for name in offline if "proxy" not in name.lower()} == {
        "FREQTRADE__EXCHANGE__PAIR_WHITELIST",
        "FREQTRADE__STAKE_AMOUNT",
        "PATH",
    }
    assert {offline[name] for name in ("https_proxy", "HTTPS_PROXY", "HTTP_PROXY")} == {URL}
    assert offline["no_proxy"] == offline["NO_PROXY"] == "127.0.0.1,localhost"


@pytest.mark.parametrize(
    ("arguments", "asks"),
    [
        ("backtesting -s X", True),
        ("list-pairs", True),
        ("test-pairlist", True),
        ("show-config", True),
        ("", False),
        ("--version", False),
        ("backtesting --version", False),
        ("new-config -c new.json", False),
        ("list-exchanges", False),
        ("create-userdir --userdir new", False),
    ],
)
def test_only_a_command_with_a_configuration_asks_an_exchange(arguments: str, asks: bool) -> None:
    assert parse_command(arguments.split()).asks_exchange is asks


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("list-pairs -c a.json -c b.json -d data", ["--config", "overlay.json"]),
        ("list-pairs --config=a.json -d data", ["--config", "overlay.json"]),
        (
            "list-pairs",
            [
                *("--config", "user_data/config.json"),
                *("--config", "overlay.json"),
                *("--datadir", "the/datadir"),
            ],
        ),
        (
            "download-data -c a.json --exchange kraken --pairs A B",
            [
                *("--config", "overlay.json"),
                *("--datadir", "the/datadir"),
                *("--exchange", "binance"),
            ],
        ),
        ("test-pairlist -c a.json", ["--config", "overlay.json"]),
    ],
)
def test_additional_arguments_bring_in_the_overlay_and_keep_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: str, expected: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "user_data").mkdir()
    (tmp_path / "user_data" / "config.json").write_text("{}")
    command = parse_command(arguments.split())
    config = {"datadir": Path("the/datadir")}
    assert additional_arguments(command, config, Path("overlay.json")) == expected


def test_overlay_without_configuration_files_keeps_what_freqtrade_starts_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "user_data" / "data" / "binance").mkdir(parents=True)
    pairs = tmp_path / "user_data" / "data" / "binance" / "pairs.json"
    pairs.write_text('["SOL/USDT", "ETH/USDT"]')
    command = parse_command(["download-data", "--exchange", "binance"])
    plain = Configuration(command.options, RunMode.UTIL_EXCHANGE).get_config()
    overlay = write(tmp_path / "overlay.json", build_overlay(command, plain, URL))
    rehearsed = Configuration(
        {**command.options, "config": [overlay]}, RunMode.UTIL_EXCHANGE
    ).get_config()
    assert rehearsed["pairs"] == plain["pairs"] == ["ETH/USDT", "SOL/USDT"]
    kept = ("stake_currency", "dry_run", "datadir", "trading_mode")
    assert [rehearsed[name] for name in kept] == [plain[name] for name in kept]


def test_commands_that_ask_no_exchange_get_no_keys_either():
    keys = {
        "FREQTRADE__EXCHANGE__KEY": "1",
        "FREQTRADE__EXCHANGE__SECRET": "2",
        "FREQTRADE__TELEGRAM__TOKEN": "3",
        "FREQTRADE__COINGECKO__API_KEY": "4",
        "FREQTRADE__ALTSEASON__DOMINANCE__COINMARKETCAP_KEY": "5",
    }
    kept = {"HOME": "/home/me", "FREQTRADE__MAX_OPEN_TRADES": "3", "HTTP_PROXY": "http://proxy"}
    assert blanked_environment({**keys, **kept}) == kept
