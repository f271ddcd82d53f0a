"""The check before an entry; no error with dominance stops an exit."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather

from altseason.errors import StoredDataError
from tests.conftest import coin_candles
from tests.strategy.trading import MIDNIGHT, Load, confirm, messages, store_days


def test_entry_is_allowed_while_dominance_is_fresh(load_live: Load, tmp_path: Path):
    store_days(tmp_path, [50.0] * 3, MIDNIGHT)
    strategy = load_live()
    # By default, a daily candle may be 36 hours old.
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
    """An unexpected error, whose text cannot be formatted either."""

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


def test_entry_is_refused_on_an_internal_error_which_is_notified_once(load_live: Load):
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
