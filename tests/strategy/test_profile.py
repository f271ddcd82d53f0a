"""The signals and sizes of AltSeasonProfile, against its rule in plain Python."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from freqtrade.data.dataprovider import DataProvider
from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType, RunMode
from freqtrade.strategy import IStrategy

from altseason.dominance.store import DominanceStore
from altseason.errors import CandlesMissingError, InputError, SettingsError
from tests.conftest import coin_candles, dominance_candles
from tests.recorder.simulation import dominance_config
from tests.strategy.trend_rule import find_shares, find_volatility

Load = Callable[..., IStrategy]
DAYS = 330
START = "2021-01-01"
PAIR = {"pair": "ETH/USDT"}
CONFIG = {
    "strategy": "AltSeasonProfile",
    "stake_currency": "USDT",
    "stake_amount": 100,
    "candle_type_def": CandleType.SPOT,
    "dataformat_ohlcv": "feather",
}


def daily_walk(seed: int) -> pd.DataFrame:
    """A coin that moves as much in an hour as altcoins do, so that a month contains trends."""
    return coin_candles(24 * DAYS, seed=seed)


def find_days(candles: pd.DataFrame) -> dict[datetime, float]:
    """Closes by the midnight that ends the day."""
    rows = zip(candles["date"], candles["close"], strict=True)
    ends = {date.to_pydatetime() + timedelta(hours=1): close for date, close in rows}
    return {end: close for end, close in ends.items() if end.hour == 0}


def store_bitcoin(folder: Path, candles: pd.DataFrame) -> None:
    get_datahandler(folder, "feather").ohlcv_store("BTC/USDT", "1h", candles, CandleType.SPOT)


@pytest.fixture
def load(load_strategy: Load, tmp_path: Path) -> Load:
    """Load the profile, with dominance that falls all the time, and Bitcoin's candles."""
    DominanceStore(tmp_path).append(
        dominance_candles([80 - day / 10 for day in range(DAYS + 1)], "2020-12-31"), "1d"
    )
    store_bitcoin(tmp_path, daily_walk(2))

    def load(**config: Any) -> IStrategy:
        return load_strategy(**{**CONFIG, **config})

    return load


def analyze(strategy: IStrategy, candles: pd.DataFrame) -> pd.DataFrame:
    dataframe = strategy.advise_indicators(candles, PAIR)
    return strategy.ft_advise_signals(dataframe, PAIR)


def test_signals_are_those_of_the_rule(load: Load):
    candles = daily_walk(1)
    found = analyze(load(), candles)
    days, bitcoin = find_days(candles), find_days(daily_walk(2))
    closes = list(days.values())
    shares = dict(zip(days, find_shares(closes), strict=True))
    bitcoin_shares = dict(zip(bitcoin, find_shares(list(bitcoin.values())), strict=True))
    entries = [
        midnight
        for number, midnight in enumerate(days)
        # Ninety returns, and dominance has a mean of twenty days by then.
        if number >= 90 and shares[midnight] >= 4 / 7 and bitcoin_shares[midnight] >= 4 / 7
    ]
    ends = found["date"] + pd.Timedelta(hours=1)
    assert list(ends[found["enter_long"] == 1]) == entries
    assert len(entries) >= 20
    # From the midnight on at which no channel is up, in every candle of that day.
    over = [shares.get(end.floor("D").to_pydatetime()) == 0 for end in ends]
    assert list(found["exit_long"] == 1) == over
    assert 0 < sum(over) < len(over) / 2
    assert set(found.loc[over, "exit_tag"]) == {"no_channel_up"}
    last = found.iloc[-1]
    assert last["weight"] == pytest.approx(
        shares[max(days)] * min(1, 0.25 / find_volatility(closes))
    )


def test_no_row_changes_when_later_candles_come(load: Load, tmp_path: Path):
    candles = daily_walk(1)
    whole = analyze(load(), candles.copy())
    for rows in (24 * 200 + 5, 24 * 260 - 1, 24 * 260):
        store_bitcoin(tmp_path, daily_walk(2)[:rows])
        cut = analyze(load(), candles[:rows].copy())
        pd.testing.assert_frame_equal(cut, whole[:rows])


def test_nothing_is_entered_while_dominance_rises_or_is_stale(load: Load, tmp_path: Path):
    candles = daily_walk(1)
    before = analyze(load(), candles.copy())
    changed_from = pd.Timestamp("2021-06-01", tz="UTC")
    for path in tmp_path.glob("BTCD_*"):
        path.unlink()
    days = [80 - day / 10 for day in range(152)]
    for later in ([65 + day for day in range(10)], []):
        DominanceStore(tmp_path).append(dominance_candles([*days, *later], "2020-12-31"), "1d")
        after = analyze(load(), candles.copy())
        is_late = after["date"] >= changed_from + pd.Timedelta(days=2)
        assert before.loc[is_late, "enter_long"].sum() >= 10
        assert after.loc[is_late, "enter_long"].sum() == 0
        assert after["exit_long"].equals(before["exit_long"])
        for path in tmp_path.glob("BTCD_*"):
            path.unlink()


@pytest.mark.parametrize(("timeframe", "startup"), [("1h", 4968), ("4h", 1242), ("1d", 207)])
def test_startup_candles_are_days_at_any_timeframe(load: Load, timeframe: str, startup: int):
    assert load(timeframe=timeframe).startup_candle_count == startup


def test_backtest_without_bitcoin_names_the_command(load: Load, tmp_path: Path):
    strategy = load()
    (tmp_path / "BTC_USDT-1h.feather").unlink()
    with pytest.raises(CandlesMissingError, match="download-data --pairs BTC/USDT --timeframes 1h"):
        analyze(strategy, daily_walk(1))


def test_bot_without_bitcoin_enters_nothing_and_exits(load: Load, tmp_path: Path):
    bot = dominance_config(tmp_path, {}, record=False)
    strategy = load(**bot, runmode=RunMode.DRY_RUN)
    # An exchange that has returned none of them.
    exchange = SimpleNamespace(klines=lambda *_, **__: pd.DataFrame())
    strategy.dp = DataProvider(strategy.config, exchange)
    found = analyze(strategy, daily_walk(1))
    assert found["enter_long"].sum() == 0
    assert found["exit_long"].sum() > 0


def test_stake_in_bitcoin_is_refused(load: Load):
    with pytest.raises(SettingsError, match="expected a currency other than Bitcoin"):
        load(stake_currency="BTC")


@pytest.mark.parametrize("pair", ["BTC/USDT", "USDC/USDT"])
def test_what_is_no_altcoin_is_never_entered(load: Load, pair: str):
    strategy = load()
    dataframe = strategy.advise_indicators(daily_walk(1), {"pair": pair})
    assert strategy.ft_advise_signals(dataframe, {"pair": pair})["enter_long"].sum() == 0


def test_parameters_that_a_subclass_has_checked_are_checked(load: Load, tmp_path: Path):
    (tmp_path / "Mine.py").write_text("""
from AltSeasonProfile import AltSeasonProfile
from freqtrade.strategy import IntParameter


class Mine(AltSeasonProfile):
    alt_season_parameters = ("channels",)
    channels = IntParameter(1, 7, default=4, space="buy")
""")
    content = {"strategy_name": "Mine", "params": {"buy": {"channels": "many"}}}
    (tmp_path / "Mine.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match="channels: expected a whole number, found 'many'"):
        load(strategy="Mine", strategy_path=str(tmp_path))


MIDNIGHT = datetime(2021, 11, 1, tzinfo=UTC)


@pytest.fixture
def bot(load: Load, tmp_path: Path) -> Callable[..., IStrategy]:
    """A dry run at a midnight of November, with a coin's close of 50 and Bitcoin's trend up."""

    def make(**last: float) -> IStrategy:
        config = dominance_config(tmp_path, {}, record=False)
        strategy = load(**config, runmode=RunMode.DRY_RUN)
        row = {"weight": 0.2, "close": 50.0, "bitcoin_trend": 1.0, **last}
        candles = pd.DataFrame([{"date": pd.Timestamp(MIDNIGHT - timedelta(hours=1)), **row}])
        strategy.dp._set_cached_df("ETH/USDT", "1h", candles, CandleType.SPOT)
        return strategy

    return make


def adjust(
    strategy: IStrategy, now: datetime, amount: float, *, has_open_orders: bool = False
) -> float | None:
    """Return the change of a position whose coins were bought at 40, called as by Freqtrade."""
    trade = SimpleNamespace(
        pair="ETH/USDT",
        is_short=False,
        amount=amount,
        stake_amount=40 * amount,
        has_open_orders=has_open_orders,
        nr_of_successful_entries=1,
    )
    change, _ = strategy._adjust_trade_position_internal(
        trade=trade,
        current_time=now,
        current_rate=51.0,
        current_profit=0.0,
        min_stake=5.0,
        max_stake=1000.0,
        current_entry_rate=51.0,
        current_exit_rate=51.0,
        current_entry_profit=0.0,
        current_exit_profit=0.0,
    )
    return change


def stake(strategy: IStrategy, now: datetime, **changes: float) -> float:
    asked = {"proposed_stake": 100.0, "min_stake": 5.0, "max_stake": 1000.0, **changes}
    return strategy.custom_stake_amount(
        pair="ETH/USDT",
        current_time=now,
        current_rate=51.0,
        leverage=1.0,
        entry_tag=None,
        side="long",
        **asked,
    )


def test_stake_is_the_weight_of_what_freqtrade_proposes(bot: Callable[..., IStrategy]):
    strategy = bot()
    assert stake(strategy, MIDNIGHT) == pytest.approx(20)
    assert stake(strategy, MIDNIGHT + timedelta(minutes=59), proposed_stake=60) == pytest.approx(12)
    assert stake(strategy, MIDNIGHT, max_stake=15) == 15
    # Freqtrade would raise it to the minimum; and unknown candles.
    assert stake(strategy, MIDNIGHT, min_stake=21) == 0
    assert stake(strategy, MIDNIGHT + timedelta(hours=1)) == 0
    assert stake(strategy, MIDNIGHT - timedelta(seconds=1)) == 0
    assert stake(strategy, MIDNIGHT + timedelta(days=1)) == 0
    assert stake(bot(weight=float("nan")), MIDNIGHT) == 0


def test_position_is_brought_to_its_size_once_a_day(bot: Callable[..., IStrategy]):
    """At a close of 50 a position of 20 USDT is 0.4 coins."""
    strategy = bot()
    assert adjust(strategy, MIDNIGHT, 0.2) == pytest.approx(10)
    # Half of 40 USDT is sold, in terms of what the coins had cost.
    assert adjust(strategy, MIDNIGHT, 0.8) == pytest.approx(-0.5 * 32)
    assert adjust(strategy, MIDNIGHT, 0.4) is None
    assert adjust(strategy, MIDNIGHT, 0.45) is None
    assert adjust(strategy, MIDNIGHT, 0.2, has_open_orders=True) is None
    assert adjust(strategy, MIDNIGHT + timedelta(minutes=59), 0.2) == pytest.approx(10)
    assert adjust(strategy, MIDNIGHT + timedelta(hours=1), 0.2) is None
    assert adjust(strategy, MIDNIGHT + timedelta(days=1), 0.2) is None


def test_position_grows_only_while_it_would_be_entered(
    bot: Callable[..., IStrategy], tmp_path: Path
):
    falling = bot(bitcoin_trend=3 / 7)
    assert adjust(falling, MIDNIGHT, 0.2) is None
    assert adjust(falling, MIDNIGHT, 0.8) == pytest.approx(-16)
    # Without dominance the gate is closed.
    for path in tmp_path.glob("BTCD_*"):
        path.unlink()
    closed = bot()
    assert adjust(closed, MIDNIGHT, 0.2) is None
    assert adjust(closed, MIDNIGHT, 0.8) == pytest.approx(-16)


def test_position_of_a_bot_that_may_open_no_trade_stays_as_it_is(bot: Callable[..., IStrategy]):
    strategy = bot()
    strategy.config.update(stake_amount="unlimited", max_open_trades=0)
    trade = SimpleNamespace(pair="ETH/USDT", amount=0.8, has_open_orders=False)
    assert strategy.adjust_trade_position(trade, MIDNIGHT, 51.0, 0.0, 5.0, 1000.0) is None
