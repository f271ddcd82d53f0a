"""config.json.example and the overlays do what they promise, and Freqtrade accepts them."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
from freqtrade.configuration.config_validation import validate_config_consistency
from freqtrade.configuration.environment_vars import environment_vars_to_dict
from freqtrade.configuration.load_config import load_config_file, load_from_files
from freqtrade.enums import CandleType, RunMode
from freqtrade.exceptions import ConfigurationError
from freqtrade.exchange import Exchange
from freqtrade.exchange.common import SUPPORTED_EXCHANGES
from freqtrade.misc import deep_merge_dicts
from freqtrade.resolvers import ExchangeResolver
from pydantic import BaseModel

from altseason.cli import main
from altseason.settings import DEFAULT_MAX_AGE_HOURS, Settings, load_settings
from tests.conftest import ROOT

EXAMPLE = ROOT / "config.json.example"
OVERLAYS = ROOT / "user_data" / "overlays"
ORDERS = ("limit_orders", "market_orders")
EXCHANGES = ["binance", "bybit", "kraken", "okx"]
# Freqtrade refuses this one on purpose, see below.
REFUSED = "frequi"
# Where a secret would stand: all but these are read from the environment only.
SECRETS = {
    "exchange": ["key", "secret", "password"],
    "telegram": ["token", "chat_id"],
    "api_server": ["password", "jwt_secret_key", "ws_token"],
    "coingecko": ["api_key"],
}
# Settings that the example does not show: a secret, and what only tests and mirrors need.
NOT_SHOWN = {"dominance.coinmarketcap_key", "dominance.urls"}
LOGIN_VARIABLE = "FREQTRADE__API_SERVER__PASSWORD"
JWT_KEY_VARIABLE = "FREQTRADE__API_SERVER__JWT_SECRET_KEY"


def load(*overlays: str) -> dict[str, Any]:
    """The example with overlays, and with what Freqtrade adds before it checks them."""
    files = [str(EXAMPLE), *(str(OVERLAYS / f"{name}.json") for name in overlays)]
    config = deep_merge_dicts(environment_vars_to_dict(), load_from_files(files))
    return {
        **config,
        "runmode": RunMode.DRY_RUN if config["dry_run"] else RunMode.LIVE,
        "candle_type_def": CandleType.SPOT,
    }


def check(config: dict[str, Any]) -> None:
    """Check as `freqtrade trade` does, which by then has these three from the strategy."""
    of_strategy = {"timeframe": "1h", "stoploss": -0.05, "minimal_roi": {"0": 0.10}}
    validate_config_consistency({**copy.deepcopy(config), **of_strategy})


def for_exchange(name: str) -> dict[str, Any]:
    return load() if name == "binance" else load(name)


def load_exchange(name: str) -> Exchange:
    return ExchangeResolver.load_exchange(for_exchange(name), validate=False)


def setting_names(model: type[BaseModel], prefix: str = "") -> set[str]:
    """Every setting of the models by its path, such as "dominance.timeframe"."""
    names: set[str] = set()
    for name, field in model.model_fields.items():
        kind = field.annotation
        is_section = isinstance(kind, type) and issubclass(kind, BaseModel)
        if is_section and f"{prefix}{name}" not in NOT_SHOWN:
            names |= setting_names(kind, f"{prefix}{name}.")
        else:
            names.add(f"{prefix}{name}")
    return names


def shown_names(section: dict[str, Any], prefix: str = "") -> set[str]:
    names: set[str] = set()
    for name, value in section.items():
        path = f"{prefix}{name}"
        names |= shown_names(value, f"{path}.") if isinstance(value, dict) else {path}
    return names


@pytest.mark.parametrize(
    "overlays",
    [[], ["bybit"], ["kraken"], ["okx"], ["dry_run"], ["live"], ["okx", "live"], ["freqai"]],
    ids=" ".join,
)
def test_config_files_pass_freqtrade_s_own_check(overlays: list[str]):
    check(load(*overlays))


def test_overlays_are_all_covered_here():
    files = {path.stem for path in OVERLAYS.iterdir()}
    assert files == {"bybit", "dry_run", "freqai", "frequi", "kraken", "live", "okx", *ORDERS}


@pytest.mark.parametrize("overlay", ORDERS)
def test_order_overlays_fit_the_exchanges_that_they_name(overlay: str):
    config = load(overlay)
    check(config)
    on_exchange = config["order_types"]["stoploss_on_exchange"]
    for name in ("binance", "okx", "kraken"):
        exchange = load_exchange(name)
        exchange.validate_ordertypes(config["order_types"])
        exchange.validate_order_time_in_force(config["order_time_in_force"])
        for side in ("entry_pricing", "exit_pricing"):
            exchange.validate_pricing(config[side])
        assert not on_exchange or exchange.get_option("stoploss_on_exchange")


@pytest.mark.parametrize("name", EXCHANGES)
def test_exchange_can_run_the_strategy_with_its_order_types(name: str, load_strategy):
    strategy, exchange = load_strategy(), load_exchange(name)
    assert (name, exchange.id) == (name, name)
    assert name in SUPPORTED_EXCHANGES
    exchange.validate_trading_mode_and_margin_mode(exchange.trading_mode, None, True)
    exchange.validate_ordertypes(strategy.order_types)
    exchange.validate_order_time_in_force(strategy.order_time_in_force)
    for side in ("entry_pricing", "exit_pricing"):
        exchange.validate_pricing(exchange._config[side])
    # It raises where the exchange does not give that many candles.
    exchange.validate_required_startup_candles(strategy.startup_candle_count, strategy.timeframe)


# 400 candles and the one that is still open, by how many a call gives: 1000, 1000, 720 and 300.
@pytest.mark.parametrize(
    ("name", "calls"), [("binance", 1), ("bybit", 1), ("kraken", 1), ("okx", 2)]
)
def test_exchange_gives_the_startup_candles_in_so_many_calls(name: str, calls: int):
    assert load_exchange(name).validate_required_startup_candles(400, "1h") == calls


@pytest.mark.parametrize("name", EXCHANGES)
def test_pairs_are_quoted_in_the_stake_currency_and_fill_the_open_trades(name: str):
    config = for_exchange(name)
    pairs = config["exchange"]["pair_whitelist"]
    assert {pair.split("/")[1] for pair in pairs} == {config["stake_currency"]}
    assert len(pairs) == len(set(pairs)) == config["max_open_trades"]


def test_bybit_has_no_stops_on_spot_and_okx_needs_a_password():
    # What the comments in the overlays say of the exchanges.
    assert load_exchange("bybit").get_option("stoploss_on_exchange") is False
    assert load_exchange("okx")._api.requiredCredentials["password"] is True
    assert load_exchange("kraken").get_option("ohlcv_has_history") is False


def test_example_is_dry_and_only_the_live_overlay_is_not():
    modes = {name: load_config_file(str(OVERLAYS / f"{name}.json")) for name in ("dry_run", "live")}
    assert load()["dry_run"] is True
    assert [modes["dry_run"]["dry_run"], modes["live"]["dry_run"]] == [True, False]
    assert modes["dry_run"]["db_url"] != modes["live"]["db_url"]
    dry = [name for name in ("bybit", "frequi", "kraken", "okx") if load(name)["dry_run"]]
    assert dry == ["bybit", "frequi", "kraken", "okx"]


@pytest.mark.parametrize("file", [EXAMPLE, *sorted(OVERLAYS.iterdir())], ids=lambda path: path.name)
def test_config_files_hold_no_secret(file: Path):
    config = load_config_file(str(file))
    found = [config.get(section, {}).get(key) for section in SECRETS for key in SECRETS[section]]
    # A list is none: it says which variable is meant, and Freqtrade refuses it.
    words = [value[0] if isinstance(value, list) else value for value in found if value]
    assert [word for word in words if not word.startswith("unset: set ")] == []


def test_example_switches_nothing_on_that_talks_to_the_outside():
    config = load()
    assert [config[section]["enabled"] for section in ("telegram", "api_server")] == [False, False]
    assert config["api_server"]["listen_ip_address"] == "127.0.0.1"


def test_example_names_the_schema_and_what_strategy_lists_and_compose_need():
    config = load()
    assert config["$schema"] == "https://schema.freqtrade.io/schema.json"
    # Freqtrade refuses `--strategy-list` without it.
    assert config["timeframe"] == "1h"
    for name in (LOGIN_VARIABLE, JWT_KEY_VARIABLE, "TRADING_MODE"):
        assert name in EXAMPLE.read_text()


def test_example_shows_every_setting_of_ours_with_its_default_and_a_comment():
    section = load_config_file(str(EXAMPLE))["altseason"]
    assert shown_names(section) == setting_names(Settings) - NOT_SHOWN
    assert load_settings({"altseason": section}) == load_settings(
        {"altseason": {"dominance": {"max_age_hours": DEFAULT_MAX_AGE_HOURS["1d"]}}}
    )
    lines = EXAMPLE.read_text().split('"altseason": {')[1].splitlines()
    bare = [line for line in lines if re.search(r'": [^{]', line) and "// " not in line]
    assert bare == []
    assert "FREQTRADE__ALTSEASON__DOMINANCE__COINMARKETCAP_KEY" in EXAMPLE.read_text()


def test_frequi_overlay_is_refused_until_password_and_key_are_set(
    monkeypatch: pytest.MonkeyPatch,
):
    for given in ({}, {LOGIN_VARIABLE: "secret"}, {JWT_KEY_VARIABLE: "f" * 32}):
        with monkeypatch.context() as environment:
            for name, value in given.items():
                environment.setenv(name, value)
            missing = JWT_KEY_VARIABLE if LOGIN_VARIABLE in given else LOGIN_VARIABLE
            with pytest.raises(ConfigurationError, match=f"unset: set .*{missing}"):
                check(load(REFUSED))
    monkeypatch.setenv(LOGIN_VARIABLE, "secret")
    monkeypatch.setenv(JWT_KEY_VARIABLE, "f" * 32)
    check(load(REFUSED))
    assert load(REFUSED)["api_server"]["enabled"] is True


def test_variables_named_in_the_files_reach_the_settings_that_they_are_named_for(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("FREQTRADE__TELEGRAM__ENABLED", "true")
    monkeypatch.setenv("FREQTRADE__TELEGRAM__TOKEN", "123:abc")
    monkeypatch.setenv("FREQTRADE__TELEGRAM__CHAT_ID", "456")
    monkeypatch.setenv("FREQTRADE__COINGECKO__API_KEY", "CG-abc")
    monkeypatch.setenv("FREQTRADE__EXCHANGE__PASSWORD", "789")
    monkeypatch.setenv("FREQTRADE__ALTSEASON__DOMINANCE__COINMARKETCAP_KEY", "a-b")
    config = load("okx")
    check(config)
    assert config["telegram"] == {"enabled": True, "token": "123:abc", "chat_id": "456"}
    assert config["coingecko"] == {"api_key": "CG-abc", "is_demo": True}
    assert config["exchange"].items() >= {"password": "789"}.items()
    assert load_settings(config).dominance.coinmarketcap_key == "a-b"


OVERLAID = ["-c", str(EXAMPLE), "-c", str(ROOT / "user_data" / "overlays" / "frequi.json")]


@pytest.mark.parametrize("words", [["dominance", "status"], ["why", "ETH/USDT"]])
def test_command_that_needs_no_api_server_asks_for_none_of_its_variables(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    for name in ("PASSWORD", "JWT_SECRET_KEY"):
        monkeypatch.delenv(f"FREQTRADE__API_SERVER__{name}", raising=False)
    main([*words, *OVERLAID, "--datadir", str(tmp_path)])
    assert "api_server" not in capsys.readouterr().err


def test_asking_a_running_bot_names_the_variable_that_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("FREQTRADE__API_SERVER__PASSWORD", raising=False)
    assert main(["why", "--live", *OVERLAID, "--datadir", str(tmp_path)]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line == (
        "altseason: api_server.password: unset: set the environment variable "
        "FREQTRADE__API_SERVER__PASSWORD"
    )
