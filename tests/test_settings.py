from typing import Any

import pandas as pd
import pytest

from altseason.errors import SettingsError
from altseason.settings import load_settings, validate_timeframes


def test_load_settings_without_a_section_gives_the_defaults():
    settings = load_settings({})
    assert settings.dominance.timeframe == "1d"
    assert settings.dominance.max_age == pd.Timedelta(hours=36)
    assert settings.risk.sizing is True


def test_load_settings_allows_hourly_dominance_to_be_three_hours_old():
    settings = load_settings({"altseason": {"dominance": {"timeframe": "1h"}}})
    assert settings.dominance.max_age == pd.Timedelta(hours=3)


@pytest.mark.parametrize("hours", [48, 0.5])
def test_load_settings_takes_any_number_of_hours(hours: float):
    settings = load_settings({"altseason": {"dominance": {"max_age_hours": hours}}})
    assert settings.dominance.max_age == pd.Timedelta(hours=hours)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ([], "altseason: Input should be a valid dictionary, found "),
        (
            {"dominanse": {}},
            "altseason.dominanse is not known; allowed here: breadth, dominance, evidence_card",
        ),
        (
            {"dominance": {"threshold": 55}},
            "dominance.threshold is not known; allowed here: backfill, coinmarketcap_key, max_age_",
        ),
        ({"dominance": {"timeframe": "4h"}}, "timeframe: Input should be '1d' or '1h', found '4h'"),
        ({"dominance": {"max_age_hours": "36"}}, "max_age_hours: Input should be a valid number"),
        ({"dominance": {"max_age_hours": True}}, "max_age_hours: Input should be a valid number"),
        ({"dominance": {"max_age_hours": 0}}, "should be greater than 0, found 0"),
        ({"dominance": {"max_age_hours": float("nan")}}, "max_age_hours: "),
        ({"dominance": {"max_age_hours": float("inf")}}, "max_age_hours: "),
        ({"dominance": {"record": 1}}, "altseason.dominance.record: Input should be a valid bool"),
        ({"dominance": {"urls": {"coinlore": "http://a.b"}}}, "begins with https://, found"),
        ({"dominance": {"urls": {"coinlore": "a.b"}}}, "urls.coinlore: "),
        ({"dominance": {"urls": {"kraken": ""}}}, "urls.kraken is not known; allowed here: coin"),
        ({"risk": {"sizing": "yes"}}, "altseason.risk.sizing: Input should be a valid boolean"),
        ({"risk": {"sizing": 1}}, "altseason.risk.sizing: Input should be a valid boolean"),
    ],
)
def test_load_settings_says_in_one_line_what_is_allowed(section: Any, message: str):
    with pytest.raises(SettingsError) as error:
        load_settings({"altseason": section})
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_load_settings_takes_a_key_of_digits_which_freqtrade_reads_as_a_number():
    settings = load_settings({"altseason": {"dominance": {"coinmarketcap_key": 123456}}})
    assert settings.dominance.coinmarketcap_key == "123456"
    assert "123456" not in repr(settings)


@pytest.mark.parametrize(
    "dominance",
    [
        {"coinmarketcap_key": 1234.5},
        {"coinmarketcap_key": True},
        {"coinmarketcap_key": ["secret-1"]},
        {"coinmarketcap_key": "secret-\N{SNOWMAN}"},
        {"coinmarketcap_key": "secret-ü"},
        {"coinmarketcap_key": "secret\r\nHost: x"},
        [{"coinmarketcap_key": "secret-1"}],
    ],
)
def test_load_settings_never_shows_a_key(dominance: Any):
    with pytest.raises(SettingsError) as error:
        load_settings({"altseason": {"dominance": dominance}})
    shown = f"{error.value} {error.value.__cause__}"
    assert not [part for part in ("secret", "1234", "True") if part in shown]


@pytest.mark.parametrize(
    ("dominance", "timeframe"), [("1d", "5m"), ("1d", "1d"), ("1h", "15m"), ("1h", "1h")]
)
def test_validate_timeframes_accepts_what_can_be_merged(dominance: str, timeframe: str):
    validate_timeframes(
        load_settings({"altseason": {"dominance": {"timeframe": dominance}}}), timeframe
    )


@pytest.mark.parametrize(("dominance", "timeframe"), [("1h", "2h"), ("1h", "1d"), ("1d", "1w")])
def test_validate_timeframes_refuses_longer_candles_than_dominance_has(
    dominance: str, timeframe: str
):
    settings = load_settings({"altseason": {"dominance": {"timeframe": dominance}}})
    with pytest.raises(SettingsError, match=f"expected {dominance} or shorter.*{timeframe}"):
        validate_timeframes(settings, timeframe)
