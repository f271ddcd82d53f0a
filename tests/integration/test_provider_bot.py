"""A real bot whose provider is CoinMarketCap, from a folder without dominance on."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from altseason.dominance.convention import load_convention
from altseason.dominance.store import DominanceStore
from altseason_lab.emulator.dominance import ReplayedDominance, load_dominance
from altseason_lab.emulator.providers import ProviderFaults
from reliability.soak.runs import load_live, prepare
from tests.clock.replay import replaying, to_milliseconds

HOUR = timedelta(hours=1)
# The sample's dominance is below 55 % by then, by half a point more at CoinMarketCap.
START = datetime(2022, 3, 29, 0, 30, tzinfo=UTC)
END = START + 8 * HOUR
OUTAGE = (START + 3 * HOUR, START + 6 * HOUR)
LEVEL = -0.5
# Of what Bitcoin leaves, in percent.
STABLECOINS = 0.2
SETTINGS: dict[str, Any] = {
    "exchange": {
        "pair_whitelist": ["ETH/USDT", "BNB/USDT"],
        "_ft_has_params": {"ohlcv_candle_limit": 450},
    },
    "soak_step_seconds": 600,
}


@pytest.mark.parametrize("pair", ["BTCD/USD", pytest.param("BTCDX/USD", marks=pytest.mark.slow)])
def test_bot_begins_a_series_of_its_own_and_keeps_it_through_an_outage(tmp_path: Path, pair: str):
    folders = prepare(tmp_path)
    outage = (to_milliseconds(OUTAGE[0]), to_milliseconds(OUTAGE[1]))
    with replaying(
        folders.bot,
        folders.stored,
        START,
        is_empty=True,
        faults=ProviderFaults(outages={"coinmarketcap": outage}),
        **folders.settings(
            "live",
            altseason={"dominance": {"provider": "coinmarketcap", "pair": pair}},
            **SETTINGS,
        ),
    ) as replay:
        output = replay.trade_until(END)
    assert "Traceback" not in output, output[-5000:]

    truth = load_dominance(folders.stored, "feather", 0)
    data = folders.bot / "data"
    assert load_convention(data, pair) == "coinmarketcap"
    store = DominanceStore(data, pair=pair, provider="coinmarketcap")
    check_days(store, truth)
    check_readings(data / f"{pair.replace('/', '_')}-readings.jsonl", truth)
    check_hours(store, truth)
    candles = load_live(folders).candles
    known = candles[candles["date"] + HOUR > START]
    assert len(known) == 2 * 8
    # Without stablecoins it is above the threshold.
    assert (known["alt_season"] == (pair == "BTCD/USD")).all()


def find_expected(truth: ReplayedDominance, pair: str, time: datetime) -> float:
    percent = truth.percent(to_milliseconds(time)) + LEVEL
    if pair == "BTCD/USD":
        return percent
    return percent / (1 - STABLECOINS * (100 - percent) / 100)


def check_days(store: DominanceStore, truth: ReplayedDominance) -> None:
    """The days before the start are those of CoinMarketCap's history."""
    days = store.load("1d")
    # 90 of them at the start, and the newest when it was known.
    assert len(days) == 91
    expected = [find_expected(truth, store.pair, date + 24 * HOUR) for date in days["date"]]
    # DefiLlama's stablecoins, of yesterday, are scaled to CoinMarketCap's.
    tolerance = 0.2 if store.pair == "BTCDX/USD" else 1e-6
    assert days["close"].tolist() == pytest.approx(expected, abs=tolerance)


def check_readings(log: Path, truth: ReplayedDominance) -> None:
    """CoinGecko counts during the outage, half an hour after its beginning, at the same level."""
    readings = [json.loads(line) for line in log.read_text().splitlines()]
    pair = log.name.partition("-")[0].replace("_", "/")
    assert {one["convention"] for one in readings} == {"coinmarketcap"}
    counted = [one for one in readings if one["dominance"] is not None]
    others = [one for one in counted if one["provider"] != "CoinMarketCap"]
    assert {one["provider"] for one in others} == {"CoinGecko"}
    times = pd.to_datetime([one["known"] for one in others], utc=True)
    assert OUTAGE[0] + timedelta(minutes=29) < times[0] < OUTAGE[0] + timedelta(minutes=51)
    assert OUTAGE[1] - timedelta(minutes=21) < times[-1] < OUTAGE[1] + timedelta(minutes=1)
    for one in counted:
        expected = find_expected(truth, pair, datetime.fromisoformat(one["known"]))
        # CoinGecko renews its value every ten minutes.
        assert one["dominance"] == pytest.approx(expected, abs=0.05)


def check_hours(store: DominanceStore, truth: ReplayedDominance) -> None:
    """No hour is missing, and all are of one level."""
    hours = store.load("1h")
    assert (hours["date"].diff().dropna() == HOUR).all()
    assert len(hours) >= 7
    expected = [find_expected(truth, store.pair, date + HOUR) for date in hours["date"]]
    # The last reading is up to ten minutes old then.
    assert hours["close"].tolist() == pytest.approx(expected, abs=0.08)
