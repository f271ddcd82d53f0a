"""Settings and environment with which Freqtrade connects to the emulator and to nothing else."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any
from urllib.parse import urlsplit

import ccxt  # type: ignore[import-untyped] # it publishes no types
from freqtrade.constants import ENV_VAR_PREFIX
from freqtrade.misc import deep_merge_dicts

EXCHANGE = "binance"
# All names under which Freqtrade looks for a credential.
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
# All names under which ccxt looks for a proxy, which it would use for the emulator as well.
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
# Services that the emulator does not replace; offline, nothing needs their keys.
BLANKED = {
    "coingecko": {"is_demo": True, "api_key": ""},
    "telegram": {"enabled": False, "token": "", "chat_id": ""},
    "discord": {"enabled": False, "webhook_url": ""},
    "webhook": {"enabled": False, "url": ""},
    "altseason": {"dominance": {"coinmarketcap_key": ""}},
}
# Sections with secrets that no backtest reads; the first one repeats all others.
WITH_SECRETS = ("original_config", "api_server", "external_message_consumer")
HTTP_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def exchange_settings(url: str, *, is_live: bool = False) -> dict[str, Any]:
    """Return the section `exchange` that overrides the user's.

    :param url: the emulator's, such as "http://127.0.0.1:40000".
    :param is_live: whether the last candle is still running.
    """
    # Freqtrade drops Binance's last candle, which is in progress; a stored one has ended.
    ended = {} if is_live else {"_ft_has_params": {"ohlcv_partial_candle": False}}
    ccxt_settings = {
        "urls": {"api": api_urls(url)},
        "options": {
            "fetchMarkets": {"types": ["spot"]},
            "fetchMargins": False,
            "fetchCurrencies": False,
        },
        # ccxt's own sandbox is Binance's test network, at other URLs.
        "sandbox": False,
        "testnet": False,
        # Not needed on this machine.
        "enableRateLimit": False,
        **dict.fromkeys(CCXT_PROXIES),
    }
    return {
        "name": EXCHANGE,
        **dict.fromkeys(CREDENTIALS, ""),
        # Freqtrade merges the last two over the first: the user's settings may be in any of them.
        "ccxt_config": ccxt_settings,
        "ccxt_sync_config": ccxt_settings,
        "ccxt_async_config": ccxt_settings,
        **ended,
        "demo_trading": False,
        "enable_ws": False,
        # Otherwise Freqtrade downloads trades and short candles from Binance's public archive.
        "only_from_ccxt": True,
    }


def api_urls(url: str) -> dict[str, str]:
    """Return all REST URLs of Binance in ccxt, with the emulator as their host."""
    real: dict[str, str] = ccxt.binance().urls["api"]
    return {name: url + urlsplit(address).path for name, address in real.items()}


def offline_environment(
    environment: Mapping[str, str], url: str, overlay: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """Return an environment that does not override the overlay, and reaches only this machine.

    :param environment: the one to start from, such as `os.environ`.
    :param overlay: the last configuration file; by default the exchange's section alone.
    """
    settings = {"exchange": exchange_settings(url), **(overlay or {})}
    # The user's own variables in this section are for another exchange.
    settings["exchange"] = dict.fromkeys(settings["exchange"])
    kept = {
        name: value
        for name, value in blanked_environment(environment).items()
        if not _overrules(name, settings) and name.upper() not in (*HTTP_PROXIES, "NO_PROXY")
    }
    # Requests of pairlists, fiat rates and a strategy go to a proxy: the emulator, which refuses
    # them. ccxt ignores these variables.
    proxies = dict.fromkeys((*HTTP_PROXIES, *map(str.lower, HTTP_PROXIES)), url)
    return {**kept, **proxies, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}


def blanked_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the keys of exchanges, chats and providers."""
    settings = {**BLANKED, "exchange": dict.fromkeys(CREDENTIALS)}
    return {name: value for name, value in environment.items() if not _overrules(name, settings)}


def without_secrets(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration without keys, which no backtest needs.

    :param config: as Freqtrade has it, with `exchange`.
    """
    kept = {name: value for name, value in config.items() if name not in WITH_SECRETS}
    exchange = {
        name: _without_credentials(value) if isinstance(value, Mapping) else value
        for name, value in config["exchange"].items()
    }
    public: dict[str, Any] = deep_merge_dicts(deepcopy(BLANKED), deepcopy(kept))
    return {**public, "exchange": deepcopy(_without_credentials(exchange))}


def _without_credentials(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in CREDENTIALS}


def _overrules(variable: str, settings: Mapping[str, Any]) -> bool:
    """Return whether a variable, which overrides every file, would change one of the settings."""
    if not variable.startswith(ENV_VAR_PREFIX):
        return False
    found: Any = settings
    for name in variable.removeprefix(ENV_VAR_PREFIX).lower().split("__"):
        if not isinstance(found, Mapping):
            return True
        found = {key.lower(): value for key, value in found.items()}
        if name not in found:
            return False
        found = found[name]
    return True
