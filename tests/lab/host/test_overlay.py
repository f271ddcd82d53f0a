"""The overlay: whatever the user's configuration says, the real Freqtrade keeps to the emulator."""

import inspect
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from freqtrade.configuration.config_secrets import _SENSITIVE_KEYS
from freqtrade.configuration.load_config import load_from_files
from freqtrade.enums import RunMode
from freqtrade.exchange import Binance
from freqtrade.resolvers import ExchangeResolver

from altseason_lab.host.overlay import (
    CREDENTIALS,
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
        # All stored candles have ended, so Freqtrade must not drop the last one.
        assert exchange._ohlcv_partial_candle is False
        assert exchange._config["exchange"]["only_from_ccxt"] is True
    finally:
        exchange.close()


def test_freqtrade_reads_the_setting_that_keeps_it_from_the_public_archive() -> None:
    assert exchange_settings(URL)["only_from_ccxt"] is True
    for download in (Binance.get_historic_ohlcv, Binance._async_get_trade_history_id):
        assert '.get("only_from_ccxt", False)' in inspect.getsource(download)


def test_every_credential_of_the_exchange_is_blanked() -> None:
    """As Freqtrade lists them itself, for what it redacts."""
    sensitive = {
        key.removeprefix("exchange.") for key in _SENSITIVE_KEYS if key.startswith("exchange.")
    }
    assert len(sensitive) >= 10
    assert sensitive <= set(CREDENTIALS)


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
