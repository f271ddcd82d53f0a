"""What Freqtrade is told so that its exchange is the emulator, and nothing else is reached."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import ccxt  # type: ignore[import-untyped] # it publishes no types
from freqtrade.constants import ENV_VAR_PREFIX

EXCHANGE = "binance"
# Every name under which Freqtrade looks for a credential.
CREDENTIALS = (
    "api_key",
    "apiKey",
    "key",
    "secret",
    "password",
    "uid",
    "account_id",
    "accountId",
    "wallet_address",
    "walletAddress",
    "private_key",
    "privateKey",
)
# Every name under which ccxt looks for a proxy; it would be asked for the emulator as well.
CCXT_PROXIES = (
    "proxy",
    "proxies",
    "proxyUrl",
    "proxy_url",
    "httpProxy",
    "http_proxy",
    "httpsProxy",
    "https_proxy",
    "socksProxy",
    "socks_proxy",
    "aiohttp_proxy",
)
HTTP_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def exchange_settings(url: str) -> dict[str, Any]:
    """Give the section `exchange` that has to win over the one of the user.

    :param url: the emulator's, such as "http://127.0.0.1:40000".
    """
    ccxt_settings = {
        "urls": {"api": api_urls(url)},
        "options": {
            "fetchMarkets": {"types": ["spot"]},
            "fetchMargins": False,
            "fetchCurrencies": False,
        },
        # ccxt's own sandbox is Binance's test network, at its own URLs.
        "sandbox": False,
        "testnet": False,
        # There is nobody to be polite to.
        "enableRateLimit": False,
        **dict.fromkeys(CCXT_PROXIES),
    }
    return {
        "name": EXCHANGE,
        **dict.fromkeys(CREDENTIALS, ""),
        # Freqtrade merges the last two over the first, so a user's setting may be in any of them.
        "ccxt_config": ccxt_settings,
        "ccxt_sync_config": ccxt_settings,
        "ccxt_async_config": ccxt_settings,
        # Binance's last candle is still running, so Freqtrade drops it; the emulator's has ended.
        "_ft_has_params": {"ohlcv_partial_candle": False},
        "demo_trading": False,
        "enable_ws": False,
        # Else Freqtrade takes candles up to 5m and trades from Binance's public archive.
        "only_from_ccxt": True,
    }


def api_urls(url: str) -> dict[str, str]:
    """Give every REST address that ccxt knows of Binance, with the emulator for a host."""
    real: dict[str, str] = ccxt.binance().urls["api"]
    return {name: url + urlsplit(address).path for name, address in real.items()}


def offline_environment(environment: Mapping[str, str], url: str) -> dict[str, str]:
    """Give an environment in which Freqtrade keeps to the overlay, and reaches only this machine.

    :param environment: the one to start from, such as `os.environ`.
    """
    overruled = {name.lower() for name in exchange_settings(url)}
    kept = {
        name: value
        for name, value in environment.items()
        if not _sets_exchange(name, overruled) and name.upper() not in (*HTTP_PROXIES, "NO_PROXY")
    }
    # Pairlists, fiat rates and whatever a strategy asks for itself go through requests, which asks
    # the proxy: the emulator, which refuses. ccxt looks at none of these variables.
    proxies = dict.fromkeys((*HTTP_PROXIES, *map(str.lower, HTTP_PROXIES)), url)
    return {**kept, **proxies, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}


def _sets_exchange(variable: str, names: set[str]) -> bool:
    """Tell whether Freqtrade would take one of the exchange's settings from a variable."""
    if not variable.startswith(ENV_VAR_PREFIX):
        return False
    section, *path = variable.removeprefix(ENV_VAR_PREFIX).lower().split("__")
    return section == "exchange" and bool(names.intersection(path[:1]))
