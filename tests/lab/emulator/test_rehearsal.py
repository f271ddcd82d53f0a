"""A rehearsal of trading: what is traded on, and that the user's own things are out of reach."""

import json
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from freqtrade.configuration import Configuration
from freqtrade.enums import RunMode
from freqtrade.misc import deep_merge_dicts

from altseason.dominance.store import DominanceStore
from altseason.errors import InputError
from altseason.settings import load_settings
from altseason_lab.emulator.market import DAY_IN_MS, Market
from altseason_lab.emulator.rehearsal import find_traded, plan_rehearsal, trading_settings
from altseason_lab.host.command import additional_arguments, build_overlay, parse_command
from altseason_lab.host.overlay import offline_environment
from tests.conftest import dominance_candles
from tests.lab.emulator.candle_files import make_candles, store_candles

URL = "http://127.0.0.1:40000"
DAYS = 40
NOW = int(pd.Timestamp("2026-03-08 17:20", tz="UTC").timestamp() * 1000)
USERS: dict[str, Any] = {
    "stake_currency": "USDT",
    "stake_amount": 100,
    "max_open_trades": 2,
    "dry_run": False,
    "db_url": "sqlite:///user_data/live.sqlite",
    "logfile": "user_data/live.log",
    "fiat_display_currency": "USD",
    "coingecko": {"is_demo": False, "api_key": "real"},
    "telegram": {"enabled": True, "token": "real", "chat_id": "1"},
    "discord": {"enabled": True, "webhook_url": "https://example.org"},
    "webhook": {"enabled": True, "url": "https://example.org"},
    "external_message_consumer": {
        "enabled": True,
        "producers": [{"name": "other", "host": "example.org", "ws_token": "real"}],
    },
    "api_server": {"enabled": True, "listen_port": 8081},
    "entry_pricing": {"price_side": "same"},
    "exit_pricing": {"price_side": "same"},
    "exchange": {"name": "kraken", "key": "real", "pair_whitelist": ["ETH/USDT"]},
    "pairlists": [{"method": "StaticPairList"}],
    "altseason": {
        "dominance": {
            "timeframe": "1h",
            "coinmarketcap_key": "real",
            "urls": {"coingecko": "https://example.org"},
        }
    },
}
# Each of them would win over every file.
VARIABLES = {
    "FREQTRADE__DRY_RUN": "false",
    "FREQTRADE__DB_URL": "sqlite:///user_data/live.sqlite",
    "FREQTRADE__LOGFILE": "user_data/live.log",
    "FREQTRADE__FIAT_DISPLAY_CURRENCY": "USD",
    "FREQTRADE__TELEGRAM__ENABLED": "true",
    "FREQTRADE__TELEGRAM__TOKEN": "real",
    "FREQTRADE__DISCORD__ENABLED": "true",
    "FREQTRADE__WEBHOOK__ENABLED": "true",
    "FREQTRADE__EXTERNAL_MESSAGE_CONSUMER__ENABLED": "true",
    "FREQTRADE__COINGECKO__API_KEY": "real",
    "FREQTRADE__EXCHANGE__SECRET": "real",
    "FREQTRADE__ALTSEASON__DOMINANCE__URLS__COINPAPRIKA": "https://example.org",
    "FREQTRADE__ALTSEASON__DOMINANCE__COINMARKETCAP_KEY": "real",
}
KEPT_VARIABLES = {
    "FREQTRADE__DRY_RUN_WALLET": "500",
    "FREQTRADE__ALTSEASON__DOMINANCE__MAX_AGE_HOURS": "48",
    "FREQTRADE__API_SERVER__LISTEN_PORT": "8082",
}


def rehearsed_config(words: str, environment: dict[str, str]) -> dict[str, Any]:
    """What the real Freqtrade makes of the user's file, the overlay and the environment."""
    Path("config.json").write_text(json.dumps(USERS))
    Path("folder").mkdir()
    command = parse_command(words.split())
    plain = Configuration({**command.options, "datadir": "folder"}, RunMode.OTHER).get_config()
    overlay = build_overlay(command, plain, URL)
    overlay = deep_merge_dicts(trading_settings(plain, URL, Path("folder")), overlay)
    Path("overlay.json").write_text(json.dumps(overlay))
    arguments = additional_arguments(command, plain, Path("overlay.json"))
    options = parse_command([*command.arguments, *arguments, "--datadir", "folder"]).options
    os.environ.clear()
    os.environ.update(offline_environment(environment, URL, overlay))
    return Configuration(options, RunMode.DRY_RUN).get_config()


@pytest.fixture
def _restored_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    before = dict(os.environ)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "user_data").mkdir()
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.usefixtures("_restored_environment")
def test_nothing_of_the_users_wins_over_the_overlay() -> None:
    environment = {**os.environ, **VARIABLES, **KEPT_VARIABLES}
    config = rehearsed_config("trade -c config.json -d elsewhere", environment)
    assert config["runmode"] == RunMode.DRY_RUN
    assert (config["dry_run"], config["db_url"]) == (True, "sqlite:///folder/trades.sqlite")
    assert config["datadir"] == Path("folder")
    assert (config["logfile"], config["fiat_display_currency"]) == ("", "")
    for section in ("telegram", "discord", "webhook", "external_message_consumer"):
        assert config[section]["enabled"] is False
    assert "real" not in json.dumps([config["exchange"], config["coingecko"], config["telegram"]])
    dominance = load_settings(config).dominance
    assert set(dominance.urls.model_dump().values()) == {
        f"{URL}/coingecko/api/v3",
        f"{URL}/coinmarketcap",
        f"{URL}/coinpaprika/v1",
        f"{URL}/coinlore/api",
        f"{URL}/defillama",
    }
    assert dominance.coinmarketcap_key == ""
    # And what does no harm is theirs.
    assert (dominance.timeframe, dominance.max_age_hours) == ("1h", 48)
    assert (config["dry_run_wallet"], config["api_server"]["listen_port"]) == (500, 8082)
    assert "_ft_has_params" not in config["exchange"]


@pytest.mark.usefixtures("_restored_environment")
def test_a_database_that_the_command_names_is_used() -> None:
    words = "trade -c config.json --db-url sqlite:///named.sqlite"
    assert rehearsed_config(words, dict(os.environ))["db_url"] == "sqlite:///named.sqlite"


@pytest.fixture
def market(tmp_path: Path) -> Market:
    """40 days of ETH and 10 of SOL from 2021-01-01 on, and 30 days of dominance."""
    folder = tmp_path / "data"
    store_candles(folder, "ETH/USDT", make_candles(DAYS * 24))
    store_candles(folder, "SOL/USDT", make_candles(240))
    (folder / "SYNTHETIC.txt").write_text("made up")
    days = dominance_candles([50.0 + day for day in range(30)], "2021-01-01")
    DominanceStore(folder).append(days, "1d")
    return Market(folder)


def config_of(*whitelist: str, method: str = "StaticPairList") -> dict[str, Any]:
    return {"exchange": {"pair_whitelist": list(whitelist)}, "pairlists": [{"method": method}]}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (config_of("ETH/USDT", "ADA/USDT"), ["ETH/USDT"]),
        (config_of(".*/USDT"), ["ETH/USDT", "SOL/USDT"]),
        (config_of(method="VolumePairList"), ["ETH/USDT", "SOL/USDT"]),
        ({**config_of("SOL/USDT"), "pairlists": []}, ["SOL/USDT"]),
    ],
)
def test_find_traded_are_the_served_pairs_of_the_whitelist(
    market: Market, config: dict[str, Any], expected: list[str]
) -> None:
    assert [symbol.pair for symbol in find_traded(market, config)] == expected


def test_find_traded_refuses_a_market_without_the_bots_pairs(market: Market) -> None:
    with pytest.raises(InputError, match=r"whitelist \(ADA/EUR\), found ETH/USDT, SOL/USDT"):
        find_traded(market, config_of("ADA/EUR"))


def test_find_traded_refuses_a_whitelist_that_cannot_be_read(market: Market) -> None:
    with pytest.raises(InputError, match="pair_whitelist: Wildcard error in"):
        find_traded(market, config_of("*/USDT"))


def test_candles_and_dominance_end_after_now_by_the_same_days(market: Market) -> None:
    rehearsal = plan_rehearsal(market, config_of("ETH/USDT"), NOW)
    # A quarter of the 30 days that have dominance too is to come: now is before 2021-01-23 12:00.
    moved = pd.Timestamp("2026-03-08", tz="UTC") - pd.Timestamp("2021-01-22", tz="UTC")
    assert rehearsal.shift == moved.days * DAY_IN_MS
    eth = market.symbols["ETHUSDT"]
    assert rehearsal.market.load_candles(eth, "1h")["date"].iloc[0] == (
        pd.Timestamp("2021-01-01", tz="UTC") + moved
    )
    # The day that opened on 2021-01-01 closed at 50.
    end = pd.Timestamp("2021-01-02", tz="UTC") + moved
    assert rehearsal.dominance.percent(int(end.timestamp() * 1000)) == 50.0


def test_the_bots_data_directory_is_marked_and_ends_now(market: Market, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in market.datadir.iterdir()}
    rehearsal = plan_rehearsal(market, config_of("ETH/USDT"), NOW)
    rehearsal.save_datadir(tmp_path / "new", "json", NOW)
    assert (tmp_path / "new" / "SYNTHETIC.txt").read_text() == "made up"
    days = DominanceStore(tmp_path / "new", "json").load("1d")
    assert days["date"].iloc[-1] == pd.Timestamp("2026-03-07", tz="UTC")
    # 2021-01-21, the day before.
    assert (len(days), days["close"].iloc[-1]) == (21, 70.0)
    assert {path.name: path.read_bytes() for path in market.datadir.iterdir()} == before


def test_a_market_without_dominance_can_be_traded_on(tmp_path: Path) -> None:
    store_candles(tmp_path, "ETH/USDT", make_candles(DAYS * 24))
    rehearsal = plan_rehearsal(Market(tmp_path), config_of("ETH/USDT"), NOW)
    rehearsal.save_datadir(tmp_path / "new", "feather", NOW)
    assert rehearsal.dominance.percent(NOW) is None
    assert list((tmp_path / "new").iterdir()) == []
