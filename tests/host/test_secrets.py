"""Freqtrade writes no secret into its results, whatever its name and its place."""

import re
from typing import Any

import pytest
from freqtrade.configuration import config_secrets, sanitize_config
from freqtrade.configuration.environment_vars import environment_vars_to_dict
from freqtrade.enums import RunMode

from altseason.errors import AltSeasonError
from altseason.host.secrets import find_secrets, hide_secrets
from tests.conftest import ROOT

MARK = "marker"
URL = f"https://user:{MARK}@example.org/v1"
SECRETS: list[dict[str, Any]] = [
    {"api_server": {"jwt_secret_key": MARK}},
    {"api_server": {"ws_token": [MARK, "other"]}},
    {"altseason": {"dominance": {"coinmarketcap_key": MARK}}},
    {"altseason": {"dominance": {"urls": {"coingecko": URL}}}},
    {"altseason": {"dominance": {"urls": {"coinlore": f"https://example.org/{MARK}"}}}},
    {"db_url": f"postgresql://user:{MARK}@127.0.0.1/trades"},
    {"exchange": {"ccxt_config": {"apiKey": MARK, "headers": {"Authorization": MARK}}}},
    {"exchange": {"ccxt_async_config": {"httpsProxy": URL, "uid": MARK}}},
    {"external_message_consumer": {"producers": [{"name": "x", "ws_token": MARK}]}},
    {"pairlists": [{"method": "RemotePairList", "bearer_token": MARK}]},
    {"pairlists": [{"method": "RemotePairList", "pairlist_url": f"https://x.org/?key={MARK}"}]},
    {"webhook": {"entry": {"api.key": MARK}}},
    {"telegram": {"chat_id": MARK, "token": MARK}},
]


@pytest.fixture(autouse=True)
def sensitive_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_secrets, "_SENSITIVE_KEYS", [*config_secrets._SENSITIVE_KEYS])


@pytest.mark.parametrize("section", SECRETS, ids=str)
def test_no_secret_is_left_in_what_freqtrade_writes(section: dict[str, Any]):
    hide_secrets({"original_config": section})
    assert MARK not in repr(sanitize_config(section))
    # Another strategy of the same run, or another load.
    hide_secrets({"original_config": section})
    assert MARK not in repr(sanitize_config(section))


def test_freqtrade_redacts_by_the_list_that_is_added_to(monkeypatch: pytest.MonkeyPatch):
    section = {"altseason": {"dominance": {"coinmarketcap_key": MARK}}}
    monkeypatch.setattr(config_secrets, "_SENSITIVE_KEYS", [])
    assert MARK in repr(sanitize_config(section))
    config_secrets._SENSITIVE_KEYS.append("altseason.dominance.coinmarketcap_key")
    assert MARK not in repr(sanitize_config(section))


def test_what_is_no_secret_stays():
    config = {
        "exchange": {"name": "binance", "ccxt_config": {"httpsProxy": "http://127.0.0.1:3128"}},
        "pairlists": [{"method": "VolumePairList", "sort_key": "quoteVolume"}],
        "api_server": {"username": "x", "password": "", "listen_port": 8080},
        "db_url": "sqlite:///trades.sqlite",
        "user_data_dir": "/home/me@work",
        "stake_currency": "USDT",
    }
    assert list(find_secrets(config)) == []
    hide_secrets(config)
    config["api_server"] |= {"password": "REDACTED"}
    assert sanitize_config(config) == config


def test_variables_of_the_example_are_all_hidden(monkeypatch: pytest.MonkeyPatch):
    names = re.findall(r"^#(FREQTRADE__\w+)=$", (ROOT / ".env.example").read_text(), re.M)
    for name in names:
        monkeypatch.setenv(name, MARK)
    config = environment_vars_to_dict()
    assert repr(config).count(MARK) == len(names) == 10
    hide_secrets({"original_config": config})
    assert MARK not in repr(sanitize_config(config))


@pytest.mark.parametrize("value", [None, (), ["exchange.key"], "gone"])
def test_freqtrade_with_another_list_is_refused(monkeypatch: pytest.MonkeyPatch, value: Any):
    if value == ["exchange.key"]:
        # From now on it uses another list.
        monkeypatch.setattr("altseason.host.secrets.sanitize_config", lambda config: config)
    elif value == "gone":
        monkeypatch.delattr(config_secrets, "_SENSITIVE_KEYS")
        monkeypatch.setattr("altseason.host.secrets.sanitize_config", lambda config: config)
    else:
        monkeypatch.setattr(config_secrets, "_SENSITIVE_KEYS", value or ())
    config = {"api_server": {"jwt_secret_key": MARK}}
    with pytest.raises(AltSeasonError, match=r"would write .*jwt_secret_key.* into its results"):
        hide_secrets({**config, "runmode": RunMode.BACKTEST})
    # A bot writes no results, and must exit its trades.
    hide_secrets({**config, "runmode": RunMode.LIVE})
