"""From market caps to dominance by day; every expected share is worked out by hand."""

import pandas as pd
import pytest

from altseason.dominance.importer import import_readings
from altseason.dominance.store import DominanceStore
from altseason.history.shares import (
    calculate_share_of_coins,
    calculate_share_of_total,
    find_daily_closes,
    make_readings,
)
from altseason.sources.coingecko_history import Coin
from altseason.sources.errors import ResponseError

LATEST = pd.Timestamp("2026-05-27", tz="UTC")
NOW = pd.Timestamp("2026-05-27 10:40", tz="UTC")
# In thousands of millions: Bitcoin is half of it all.
COINS = [Coin("bitcoin", 500.0), Coin("ethereum", 400.0), Coin("dogecoin", 100.0)]


def daily(*caps: float | None) -> "pd.Series[float]":
    """Caps at midnights up to the latest one, and a current one that must never count."""
    days = pd.date_range(end=LATEST, periods=len(caps), freq="1D")
    return pd.Series([*caps, 99_999.0], index=[*days, NOW], dtype="float64")


def as_dict(percent: "pd.Series[float]") -> dict[str, float]:
    return {f"{end:%m-%d}": value for end, value in percent.items()}


def test_share_of_three_coins_is_scaled_to_the_dominance_of_now():
    series = {
        "bitcoin": daily(600, 500, 450, 400),
        "ethereum": daily(300, 300, 300, 400),
        "dogecoin": daily(100, 200, 250, 200),
    }
    history = calculate_share_of_coins(series, COINS, 55.0, LATEST)
    # Shares 60, 50, 45, 40; the current share is 50, by CoinGecko 55.
    assert history.factor == pytest.approx(1.1)
    assert as_dict(history.percent) == pytest.approx(
        {"05-24": 66.0, "05-25": 55.0, "05-26": 49.5, "05-27": 44.0}
    )
    assert history.left_out == []


def test_readings_close_the_day_before_their_midnight(tmp_path):
    series = {
        "bitcoin": daily(600, 500, 450, 400),
        "ethereum": daily(300, 300, 300, 400),
        "dogecoin": daily(100, 200, 250, 200),
    }
    history = calculate_share_of_coins(series, COINS, 55.0, LATEST)
    store = DominanceStore(tmp_path)
    [part] = import_readings(make_readings(history, 3, LATEST), store, NOW)
    assert part.timeframe == "1d"
    candles = store.load("1d")
    assert [f"{date:%m-%d}" for date in candles["date"]] == ["05-24", "05-25", "05-26"]
    assert candles["close"].tolist() == pytest.approx([55.0, 49.5, 44.0])
    assert candles["volume"].tolist() == [1.0, 1.0, 1.0]
    assert (candles["open"] == candles["close"]).all()


def test_coin_counts_nothing_before_its_first_market_cap():
    series = {
        "bitcoin": daily(600, 600),
        "ethereum": daily(300, 300),
        "dogecoin": daily(None, 100),
    }
    history = calculate_share_of_coins(series, COINS, 50.0, LATEST)
    assert as_dict(history.percent) == pytest.approx({"05-26": 100 * 600 / 900, "05-27": 60.0})


def test_small_hole_takes_the_last_market_cap():
    series = {
        "bitcoin": daily(600, 594),
        "ethereum": daily(392, 398),
        "dogecoin": daily(8, None),
    }
    history = calculate_share_of_coins(series, COINS, 50.0, LATEST)
    assert as_dict(history.percent) == pytest.approx({"05-26": 60.0, "05-27": 59.4})
    assert history.left_out == []


@pytest.mark.parametrize("coin", ["bitcoin", "ethereum"])
def test_day_with_a_large_hole_is_left_out(coin: str):
    series = {
        "bitcoin": daily(600, 600, 600),
        "ethereum": daily(300, 300, 300),
        "dogecoin": daily(100, 100, 100),
    }
    series[coin].iloc[1] = None
    history = calculate_share_of_coins(series, COINS, 50.0, LATEST)
    assert as_dict(history.percent) == pytest.approx({"05-25": 60.0, "05-27": 60.0})
    assert history.left_out == [pd.Timestamp("2026-05-26", tz="UTC")]


def test_large_coin_without_any_market_cap_is_refused():
    nothing = pd.Series([400.0], index=[NOW])
    series = {"bitcoin": daily(600), "ethereum": nothing, "dogecoin": daily(100)}
    with pytest.raises(ResponseError, match="expected market caps of ethereum at 00:00 UTC"):
        calculate_share_of_coins(series, COINS, 50.0, LATEST)


def test_small_coin_without_any_market_cap_counts_nothing():
    coins = [Coin("bitcoin", 500.0), Coin("ethereum", 500.0), Coin("new", 5.0)]
    series = {
        "bitcoin": daily(600),
        "ethereum": daily(400),
        "new": pd.Series([5.0], index=[NOW]),
    }
    history = calculate_share_of_coins(series, coins, 50.0, LATEST)
    assert as_dict(history.percent) == pytest.approx({"05-27": 60.0})


def test_share_that_the_factor_lifts_above_all_is_refused():
    series = {"bitcoin": daily(990), "ethereum": daily(10), "dogecoin": daily(1)}
    with pytest.raises(ResponseError, match="between 1 and 100 percent"):
        calculate_share_of_coins(series, COINS, 60.0, LATEST)


def test_share_of_the_total_is_joined_by_day():
    bitcoin, total = daily(300, 400, 500), daily(600, 640, 1000)
    total = total.drop(pd.Timestamp("2026-05-26", tz="UTC"))
    history = calculate_share_of_total(bitcoin, total, LATEST)
    assert as_dict(history.percent) == {"05-25": 50.0, "05-27": 50.0}
    assert history.factor == 1


def test_total_below_bitcoin_is_refused():
    with pytest.raises(ResponseError, match=r"found 200\.00"):
        calculate_share_of_total(daily(2, 2), daily(1, 1), LATEST)


def test_no_common_day_is_refused():
    with pytest.raises(ResponseError, match="found none"):
        calculate_share_of_total(daily(5), daily(None), LATEST)


def test_close_is_the_last_reading_up_to_midnight():
    times = [
        "2026-05-25 20:59",  # too far from the end of its day
        "2026-05-26 00:00:01",  # already the next day
        "2026-05-26 22:00",
        "2026-05-26 23:58",
        "2026-05-27 00:04",  # a day that is not over
        "2026-05-27 10:40",
    ]
    caps = pd.Series(range(6), index=pd.DatetimeIndex(times, tz="UTC"), dtype="float64")
    assert as_dict(find_daily_closes(caps, LATEST)) == {"05-27": 3.0}


def test_last_point_is_that_of_now_even_at_midnight():
    caps = pd.Series([1.0, 2.0], index=[LATEST - pd.Timedelta(days=1), LATEST])
    assert as_dict(find_daily_closes(caps, LATEST)) == {"05-26": 1.0}


def test_days_asked_for_that_are_not_there_are_refused():
    history = calculate_share_of_total(daily(300), daily(600), LATEST)
    tomorrow = LATEST + pd.Timedelta(days=1)
    with pytest.raises(ResponseError, match="found none of these 1 days"):
        make_readings(history, 1, tomorrow)


def test_coins_of_just_a_hundredth_may_have_no_market_cap():
    coins = [Coin("bitcoin", 500.0), Coin("ethereum", 490.0), Coin("new", 10.0)]
    series = {
        "bitcoin": daily(600),
        "ethereum": daily(400),
        "new": pd.Series([10.0], index=[NOW]),
    }
    history = calculate_share_of_coins(series, coins, 50.0, LATEST)
    # Shares: 60 then, 500 of 990 now.
    assert as_dict(history.percent) == pytest.approx({"05-27": 59.4})


def test_hole_of_just_a_hundredth_takes_the_last_market_cap():
    series = {
        "bitcoin": daily(600, 600),
        "ethereum": daily(390, 390),
        "dogecoin": daily(10, None),
    }
    history = calculate_share_of_coins(series, COINS, 50.0, LATEST)
    assert as_dict(history.percent) == pytest.approx({"05-26": 60.0, "05-27": 60.0})
    assert history.left_out == []


def test_reading_just_three_hours_before_midnight_closes_its_day():
    times = pd.DatetimeIndex(["2026-05-26 21:00", "2026-05-27 10:40"], tz="UTC")
    caps = pd.Series([1.0, 2.0], index=times)
    assert as_dict(find_daily_closes(caps, LATEST)) == {"05-27": 1.0}


def test_days_asked_for_begin_with_the_first_of_them():
    history = calculate_share_of_total(daily(300, 400, 500), daily(1000, 1000, 1000), LATEST)
    rows = make_readings(history, 2, LATEST).rows
    assert [f"{stamp:%m-%d}" for stamp in rows["stamp"]] == ["05-26", "05-27"]
