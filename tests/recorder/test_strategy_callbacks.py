"""The strategy's callbacks in trading, loaded as Freqtrade loads it."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from freqtrade.enums import RunMode
from freqtrade.persistence import Order, Trade, init_db
from freqtrade.strategy import IStrategy
from freqtrade.strategy.strategy_wrapper import strategy_safe_wrapper
from pyarrow import feather

from altseason.dominance.store import DominanceStore
from altseason.errors import StoredDataError
from tests.conftest import coin_candles, dominance_candles
from tests.integration.freqtrade_runs import write_subclass
from tests.providers.serving import Provider, Reply, serving
from tests.providers.world import Market
from tests.recorder.simulation import dominance_config

ENTRY = {
    "pair": "ETH/USDT",
    "order_type": "limit",
    "amount": 1.0,
    "rate": 100.0,
    "time_in_force": "GTC",
    "entry_tag": "alt_season_momentum",
    "side": "long",
}
Load = Callable[..., IStrategy]


@pytest.fixture
def load_live(load_strategy: Load, tmp_path: Path, registry: None) -> Load:
    """The strategy of a dry run with Freqtrade's own data provider; it records nothing itself."""

    def load(parameters: dict[str, Any] | None = None, **config: Any) -> IStrategy:
        defaults = {**dominance_config(tmp_path, {}, record=False), "runmode": RunMode.DRY_RUN}
        return load_strategy(parameters, **{**defaults, **config})

    return load


def store_days(folder: Path, closes: list[float], end: datetime) -> None:
    """Store days, of which the last ends at a midnight."""
    begin = end - timedelta(days=len(closes))
    DominanceStore(folder).append(dominance_candles(closes, f"{begin:%Y-%m-%d}"), "1d")


def confirm(strategy: IStrategy, now: datetime) -> bool:
    """Ask as Freqtrade does, where any error would be a yes."""
    return strategy_safe_wrapper(strategy.confirm_trade_entry, default_retval=True)(
        current_time=now, **ENTRY
    )


def messages(strategy: IStrategy) -> list[str]:
    """What waits for Telegram, taken out of the queue."""
    waiting = list(strategy.dp._msg_queue)
    strategy.dp._msg_queue.clear()
    return waiting


MIDNIGHT = datetime(2026, 5, 27, tzinfo=UTC)


def test_entry_is_allowed_while_dominance_is_fresh(load_live: Load, tmp_path: Path):
    store_days(tmp_path, [50.0] * 3, MIDNIGHT)
    strategy = load_live()
    # By the default a day's candle may be 36 hours old.
    assert confirm(strategy, MIDNIGHT)
    assert confirm(strategy, MIDNIGHT + timedelta(hours=36))
    assert not confirm(strategy, MIDNIGHT + timedelta(hours=36, milliseconds=1))


def test_entry_is_refused_without_any_dominance_unless_the_gate_is_off(load_live: Load):
    assert not confirm(load_live(), MIDNIGHT)
    assert confirm(load_live({"gate_mode": "off"}), MIDNIGHT)


def test_entry_is_refused_on_damaged_candles(load_live: Load, tmp_path: Path):
    store_days(tmp_path, [50.0] * 3, MIDNIGHT)
    strategy = load_live()
    assert confirm(strategy, MIDNIGHT)
    stored = tmp_path / "BTCD_USD-1d.feather"
    content = stored.read_bytes()
    stored.write_bytes(b"garbage")
    assert not confirm(strategy, MIDNIGHT)
    stored.write_bytes(content)
    assert confirm(strategy, MIDNIGHT)


def test_indicators_do_not_raise_on_damaged_candles(load_live: Load, tmp_path: Path):
    (tmp_path / "BTCD_USD-1d.feather").write_bytes(b"garbage")
    strategy = load_live()
    dataframe = strategy.advise_indicators(coin_candles(500), {"pair": "ETH/USDT"})
    dataframe = strategy.ft_advise_signals(dataframe, {"pair": "ETH/USDT"})
    assert dataframe["enter_long"].sum() == 0
    assert dataframe["exit_long"].sum() > 0


class UnforeseenError(Exception):
    """What nobody has thought of; its text cannot be formatted either."""

    def __str__(self) -> str:
        raise ValueError("year 30828 is out of range")


@pytest.mark.parametrize("where", ["_read_stored", "read", "require"])
@pytest.mark.parametrize("error", [RuntimeError("x"), MemoryError(), OverflowError(), KeyError(1)])
def test_whatever_dominance_raises_closes_the_gate_and_stops_no_exit(
    load_live: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, error: Exception
):
    store_days(tmp_path, [50.0] * 100, MIDNIGHT)
    settings = {"dominance": {"record": False}, "risk": {"regime_exit": True}}
    strategy = load_live(altseason=settings)
    messages(strategy)  # of the start

    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(strategy.alt_season_gate._reader, where, fail)
    for _ in range(2):
        dataframe = strategy.advise_indicators(coin_candles(500), {"pair": "ETH/USDT"})
        dataframe = strategy.ft_advise_signals(dataframe, {"pair": "ETH/USDT"})
        assert dataframe["enter_long"].sum() == 0
        assert dataframe["exit_long"].sum() > 0
        assert (dataframe["exit_tag"] == "gate_closed").sum() == 0
        # Only a backtest requires it.
        assert confirm(strategy, MIDNIGHT) == (where == "require")
    # The reader logs what it cannot read, and a bot needs no `require`.
    told = [f"reading dominance failed with {type(error).__name__} ("] if where == "read" else []
    found = messages(strategy)
    assert [part in message for part, message in zip(told, found, strict=True)] == [True] * len(
        told
    )


def test_bot_starts_and_its_exits_go_on_where_dominance_cannot_be_read(
    load_live: Load, monkeypatch: pytest.MonkeyPatch
):
    def fail(_: Any) -> None:
        raise RuntimeError("x")

    monkeypatch.setattr("altseason.gate.reader.DominanceReader._read_stored", fail)
    strategy = load_live()
    strategy.bot_loop_start(current_time=MIDNIGHT)
    assert not confirm(strategy, MIDNIGHT)
    dataframe = strategy.advise_indicators(coin_candles(500), {"pair": "ETH/USDT"})
    assert strategy.ft_advise_signals(dataframe, {"pair": "ETH/USDT"})["exit_long"].sum() > 0


def test_error_that_cannot_even_be_written_stops_no_exit(
    load_live: Load, monkeypatch: pytest.MonkeyPatch
):
    strategy = load_live()

    def fail() -> None:
        raise UnforeseenError

    monkeypatch.setattr(strategy.alt_season_gate._reader, "_read_stored", fail)
    dataframe = strategy.advise_indicators(coin_candles(500), {"pair": "ETH/USDT"})
    dataframe = strategy.ft_advise_signals(dataframe, {"pair": "ETH/USDT"})
    assert dataframe["enter_long"].sum() == 0
    assert dataframe["exit_long"].sum() > 0
    assert not confirm(strategy, MIDNIGHT)


@pytest.mark.parametrize("day", [-(2**62), 2**62, 10**14])
def test_impossible_date_in_the_candles_closes_the_gate_and_stops_no_exit(
    load_live: Load, load_strategy: Load, tmp_path: Path, day: int
):
    store_days(tmp_path, [50.0] * 100, MIDNIGHT)
    stored = tmp_path / "BTCD_USD-1d.feather"
    table = feather.read_table(stored)
    dates = table["date"].cast("int64").to_pylist()
    column = pa.array([*dates[:-1], day], "int64").cast(table["date"].type)
    feather.write_feather(table.set_column(0, "date", column), str(stored))
    strategy = load_live()
    dataframe = strategy.advise_indicators(coin_candles(500), {"pair": "ETH/USDT"})
    dataframe = strategy.ft_advise_signals(dataframe, {"pair": "ETH/USDT"})
    assert dataframe["enter_long"].sum() == 0
    assert dataframe["exit_long"].sum() > 0
    assert not confirm(strategy, MIDNIGHT)
    # A backtest ends in one line that names the file.
    with pytest.raises(StoredDataError, match=r"BTCD_USD-1d\.feather"):
        load_strategy().advise_indicators(coin_candles(500), {"pair": "ETH/USDT"})


def test_entry_is_refused_on_an_internal_error_which_is_told_once(load_live: Load):
    strategy = load_live()
    messages(strategy)  # of the start
    del strategy.alt_season_gate.columns
    assert not confirm(strategy, MIDNIGHT)
    assert not confirm(strategy, MIDNIGHT)
    [message] = messages(strategy)
    assert "Refusing entries: the check before an entry failed with" in message


def test_entry_in_a_backtest_goes_by_the_candle_of_its_own_time(
    load_strategy: Load, tmp_path: Path
):
    # Known at the ends of the 1st, the 2nd and the 20th.
    for end in (2, 3, 21):
        store_days(tmp_path, [50.0], datetime(2021, 1, end, tzinfo=UTC))
    strategy = load_strategy()
    moments = ["01 23:59", "02 00:00", "04 12:00", "04 12:01", "20 23:59", "21 00:00", "22 12:00"]
    allowed = [
        confirm(strategy, pd.Timestamp(f"2021-01-{moment}", tz="UTC").to_pydatetime())
        for moment in moments
    ]
    assert allowed == [False, True, True, False, False, True, True]


def test_what_happens_twice_is_told_twice(load_live: Load):
    """Freqtrade leaves out by itself what it has sent in the same candle."""
    strategy = load_live()
    messages(strategy)  # of its start
    for _ in range(2):
        strategy.notifier.notify("CoinGecko is unreachable.")
    assert messages(strategy) == ["CoinGecko is unreachable."] * 2


def test_gate_is_told_of_on_telegram_once(load_live: Load, tmp_path: Path):
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    store_days(tmp_path, [60.0] * 100, today - timedelta(days=1))
    strategy = load_live(altseason={"dominance": {"record": False, "max_age_hours": 100}})
    now = datetime.now(UTC)
    strategy.bot_loop_start(current_time=now)
    messages(strategy)  # that a day is missing
    store_days(tmp_path, [50.0], today)
    strategy.bot_loop_start(current_time=now)
    [message] = messages(strategy)
    assert "Alt season has begun: dominance 50.00 %" in message
    strategy.bot_loop_start(current_time=now)
    assert messages(strategy) == []


def test_bot_says_at_its_start_by_what_it_trades(load_live: Load, tmp_path: Path):
    def start(body: str) -> list[str]:
        write_subclass(tmp_path, "Mine", body)
        strategy = load_live(strategy="Mine", strategy_path=str(tmp_path))
        strategy.bot_loop_start(current_time=datetime.now(UTC))
        return [message.strip("`") for message in messages(strategy)][1:]  # after what is missing

    level = '    buy_params = {"gate_mode": "level"}'
    rule, gate = start(level)
    assert rule.startswith(
        "Mine trades by the rule: dominance below 55 %. From the config: "
        "altseason.dominance.record = False"
    )
    assert "From the strategy's own code: gate_mode = level." in rule
    assert "dominance_threshold = 55, " in rule.split("Defaults: ")[1]
    assert gate.startswith("The gate is closed: no dominance is stored.")
    # /reload_config makes another object: what has not changed is not said again.
    assert start(level) == []
    warning, rule = start('    buy_params = {"gate_mode": "off"}')
    assert warning == "WARNING: the gate is off (gate_mode), so dominance holds back no entry."
    assert "From the strategy's own code: gate_mode = off." in rule


def test_backtest_starts_nothing_and_tells_nothing(load_strategy: Load, tmp_path: Path):
    store_days(tmp_path, [60.0] * 3, MIDNIGHT)
    strategy = load_strategy()
    strategy.bot_loop_start(current_time=MIDNIGHT + timedelta(days=100))
    assert messages(strategy) == []
    assert [path.name for path in tmp_path.iterdir() if "lock" in path.name] == [".altseason.lock"]


@pytest.fixture
def trade() -> Iterator[Trade]:
    """A trade with one filled entry, in a database of its own."""
    init_db("sqlite://")
    trade = Trade(
        pair="ETH/USDT",
        stake_amount=100.0,
        amount=1.0,
        open_rate=100.0,
        fee_open=0.001,
        fee_close=0.001,
        exchange="binance",
        open_date=MIDNIGHT,
        is_open=True,
    )
    trade.orders.append(filled_order("1", "buy"))
    Trade.session.add(trade)
    Trade.commit()
    yield trade
    Trade.session.remove()


def filled_order(number: str, side: str) -> Order:
    return Order(
        ft_order_side=side,
        ft_pair="ETH/USDT",
        ft_is_open=False,
        ft_amount=1.0,
        ft_price=100.0,
        order_id=number,
        status="closed",
        symbol="ETH/USDT",
        order_type="limit",
        side=side,
        price=100.0,
        average=100.0,
        amount=1.0,
        filled=1.0,
        remaining=0.0,
        order_date=MIDNIGHT + timedelta(hours=2),
    )


def fill(strategy: IStrategy, trade: Trade, order: Order) -> None:
    strategy_safe_wrapper(strategy.order_filled, supress_error=True)(
        pair=trade.pair, trade=trade, order=order, current_time=MIDNIGHT + timedelta(hours=3)
    )


def kept(trade: Trade) -> dict[str, Any]:
    return {data.cd_key: data.value for data in trade.get_all_custom_data()}


def test_trade_keeps_the_dominance_that_it_was_entered_by(
    load_live: Load, tmp_path: Path, trade: Trade
):
    # The newest candle ends after the order.
    store_days(tmp_path, [60.0, 53.12351, 40.0], MIDNIGHT + timedelta(days=1))
    strategy = load_live({"gate_mode": "falling"})
    fill(strategy, trade, trade.orders[0])
    assert kept(trade) == {
        "dominance": 53.1235,
        "dominance_candle": "2026-05-26 00:00",
        "gate_rule": "dominance below its 20-day SMA",
    }
    # Neither a second entry nor an exit changes it.
    store_days(tmp_path, [41.0], MIDNIGHT + timedelta(days=2))
    trade.orders.append(filled_order("2", "sell"))
    fill(strategy, trade, trade.orders[1])
    trade.orders.append(filled_order("3", "buy"))
    fill(strategy, trade, trade.orders[2])
    assert kept(trade)["dominance_candle"] == "2026-05-26 00:00"


def test_trade_without_dominance_keeps_the_rule_alone(load_live: Load, trade: Trade):
    fill(load_live({"gate_mode": "off"}), trade, trade.orders[0])
    assert kept(trade) == {"gate_rule": "off, always open"}


def test_subclass_is_told_of_filled_orders_where_describing_dominance_fails(
    load_live: Load, tmp_path: Path, trade: Trade, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: Any) -> None:
        raise RuntimeError("broken")

    body = """
    def order_filled(self, pair, trade, order, current_time, **kwargs):
        trade.set_custom_data("mine", order.order_id)
"""
    write_subclass(tmp_path, "Mine", body)
    strategy = load_live({"gate_mode": "off"}, strategy="Mine", strategy_path=str(tmp_path))
    monkeypatch.setattr(strategy.alt_season_gate._service, "describe_entry", fail)
    fill(strategy, trade, trade.orders[0])
    assert kept(trade) == {"mine": "1"}


def test_subclass_is_told_of_filled_orders_too(load_live: Load, tmp_path: Path, trade: Trade):
    body = """
    def order_filled(self, pair, trade, order, current_time, **kwargs):
        trade.set_custom_data("mine", [pair, order.order_id, trade.get_custom_data("gate_rule")])
"""
    write_subclass(tmp_path, "Mine", body)
    strategy = load_live({"gate_mode": "off"}, strategy="Mine", strategy_path=str(tmp_path))
    fill(strategy, trade, trade.orders[0])
    assert kept(trade)["mine"] == ["ETH/USDT", "1", "off, always open"]


def test_provider_that_hangs_holds_up_neither_indicators_nor_the_loop(
    load_live: Load, tmp_path: Path, market: Market, wait_until: Callable[..., None]
):
    market.faults = dict.fromkeys(market.percent, Reply(b"", way="hang"))
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    store_days(tmp_path, [50.0] * 100, today)
    with serving(market.answer) as server:
        strategy = load_live(**dominance_config(tmp_path, market.urls(server.url)))
        wait_until(lambda: server.requests)
        begun = time.monotonic()
        strategy.bot_loop_start(current_time=datetime.now(UTC))
        dataframe = strategy.advise_indicators(coin_candles(500), {"pair": "ETH/USDT"})
        strategy.ft_advise_signals(dataframe, {"pair": "ETH/USDT"})
        assert confirm(strategy, datetime.now(UTC))
        # A hanging answer takes 5 seconds, and the call that waits for it is the first one still.
        assert time.monotonic() - begun < 4
        assert len(server.requests) == 1


def test_strategy_that_records_makes_its_own_candles(
    load_live: Load,
    tmp_path: Path,
    market: Market,
    server: Provider,
    wait_until: Callable[..., None],
):
    market.clock = lambda: datetime.now(UTC)
    load_live(**dominance_config(tmp_path, market.urls(server.url)))
    # Four lines: what the primary says, and three that are compared with it.
    log = tmp_path / "BTCD_USD-readings.jsonl"
    wait_until(lambda: log.exists() and log.read_text().count("\n") == 4)
    assert server.count("/coingecko/") == 1
