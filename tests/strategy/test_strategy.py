import logging
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from freqtrade.enums import RunMode
from freqtrade.ft_types.plot_annotation_type import AnnotationTypeTA
from freqtrade.strategy import IStrategy

import altseason
from altseason.dominance.store import DominanceStore
from altseason.errors import DominanceMissingError, InputError, SettingsError
from altseason.gate import keeper
from tests.conftest import coin_candles, dominance_candles

Load = Callable[..., IStrategy]
DEFAULTS = {
    "gate_mode": "level",
    "dominance_threshold": 55,
    "gate_band": 0,
    "gate_sma_days": 20,
    "breadth_min": 75,
    "breadth_days": 90,
    "macd_trigger": "cross",
    "rsi_entry_max": 70,
    "rsi_exit_min": 80,
}


def store_days(folder: Path, closes: list[float], start: str = "2021-01-01") -> None:
    DominanceStore(folder).append(dominance_candles(closes, start), "1d")


def analyze(strategy: IStrategy, rows: int = 24 * 60, pair: str = "ETH/USDT") -> pd.DataFrame:
    dataframe = strategy.advise_indicators(coin_candles(rows), {"pair": pair})
    return strategy.ft_advise_signals(dataframe, {"pair": pair})


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The messages of the strategy itself."""
    return [record.message for record in caplog.records if record.name == "AltSeasonStrategy"]


def test_defaults_are_the_seed_rules(load_strategy: Load):
    strategy = load_strategy()
    assert {name: getattr(strategy, name).value for name in DEFAULTS} == DEFAULTS
    assert (strategy.stoploss, strategy.minimal_roi, strategy.trailing_stop) == (
        -0.05,
        {0: 0.10},
        False,
    )
    assert (strategy.timeframe, strategy.startup_candle_count) == ("1h", 400)


def test_parameters_are_in_the_spaces_that_freqtrade_optimizes(load_strategy: Load):
    strategy = load_strategy()
    spaces = {name: parameter.space for name, parameter in strategy.enumerate_parameters()}
    protections = ("cooldown_candles", "stops_allowed", "drawdown_allowed")
    assert spaces == {
        **{name: "sell" if name == "rsi_exit_min" else "buy" for name in DEFAULTS},
        **dict.fromkeys(protections, "protection"),
    }


def test_columns_are_there_under_their_names(load_strategy: Load, tmp_path: Path):
    store_days(tmp_path, [50.0] * 60)
    dataframe = analyze(load_strategy())
    expected = "sma50 sma200 rsi macd macdsignal macdhist close_btcd sma_btcd alt_season".split()
    assert set(expected) <= set(dataframe.columns)
    assert dataframe["alt_season"].dtype == bool
    assert set(dataframe.loc[dataframe["enter_long"] == 1, "enter_tag"]) == {"alt_season_momentum"}
    assert set(dataframe.loc[dataframe["enter_long"] == 0, "enter_tag"]) == {""}


def test_closed_gate_stops_every_entry_and_no_exit(load_strategy: Load, tmp_path: Path):
    store_days(tmp_path, [60.0] * 60)
    closed = analyze(load_strategy())
    ungated = analyze(load_strategy({"gate_mode": "off"}))
    assert closed["enter_long"].sum() == 0
    assert ungated["enter_long"].sum() > 0
    pd.testing.assert_frame_equal(
        closed[["exit_long", "exit_tag"]], ungated[["exit_long", "exit_tag"]]
    )


@pytest.mark.parametrize(("volume", "share"), [(0.0, 0), (0.01, 1)])
def test_candles_without_volume_are_not_entered(
    load_strategy: Load, tmp_path: Path, volume: float, share: int
):
    """In some hours less than one coin is traded of an expensive one."""
    store_days(tmp_path, [50.0] * 60)
    strategy = load_strategy({"macd_trigger": "above"})
    dataframe = strategy.advise_indicators(coin_candles(24 * 60), {"pair": "ETH/USDT"})
    entered = strategy.ft_advise_signals(dataframe.copy(), {"pair": "ETH/USDT"})["enter_long"] == 1
    assert entered.any()
    dataframe.loc[entered, "volume"] = volume
    found = strategy.ft_advise_signals(dataframe, {"pair": "ETH/USDT"})["enter_long"]
    assert found.sum() == share * entered.sum()


@pytest.mark.parametrize("pair", ["BTC/USDT", "USDC/USDT"])
def test_pairs_that_are_no_altcoins_are_never_entered_and_reported_once(
    load_strategy: Load, tmp_path: Path, caplog: pytest.LogCaptureFixture, pair: str
):
    store_days(tmp_path, [50.0] * 60)
    strategy = load_strategy({"macd_trigger": "above"})
    caplog.set_level(logging.WARNING)
    for _ in range(2):
        assert analyze(strategy, pair=pair)["enter_long"].sum() == 0
    assert [pair in message for message in told(caplog)] == [True]


def test_missing_pair_is_an_error_that_names_the_command(load_strategy: Load):
    with pytest.raises(DominanceMissingError, match="run `altseason dominance import FILE`"):
        analyze(load_strategy())


@pytest.mark.parametrize("runmode", [RunMode.DRY_RUN, RunMode.LIVE])
def test_missing_pair_closes_the_gate_in_trading(load_strategy: Load, runmode: RunMode):
    assert analyze(load_strategy(runmode=runmode))["enter_long"].sum() == 0


def test_missing_pair_does_not_matter_where_the_gate_is_off(load_strategy: Load):
    dataframe = analyze(load_strategy({"gate_mode": "off"}))
    assert dataframe["alt_season"].all()
    assert dataframe["enter_long"].sum() > 0


def test_partly_covered_history_is_reported_once_with_its_share(
    load_strategy: Load, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    # 60 days of candles: the first ten days are not known, and the day 11 is known at its end.
    store_days(tmp_path, [50.0] * 50, "2021-01-11")
    strategy = load_strategy()
    caplog.set_level(logging.WARNING)
    dataframe = analyze(strategy)
    analyze(strategy, pair="ADA/USDT")
    assert dataframe.loc[: 24 * 11 - 2, "enter_long"].sum() == 0
    assert dataframe.loc[: 24 * 11 - 2, "alt_season"].sum() == 0
    assert dataframe.loc[24 * 11 - 1 :, "alt_season"].all()
    # 263 of 1440 candles.
    [message] = told(caplog)
    assert "18.3%" in message
    assert "Dominance is stored from 2021-01-11 to 2021-03-01." in message


def test_gate_parameters_are_read_again_for_every_epoch(load_strategy: Load, tmp_path: Path):
    store_days(tmp_path, [52.0] * 60)
    strategy = load_strategy()
    dataframe = strategy.advise_indicators(coin_candles(24 * 60), {"pair": "ETH/USDT"})
    for threshold, is_open in [(55, True), (51, False), (53, True)]:
        strategy.dominance_threshold.value = threshold
        found = strategy.ft_advise_signals(dataframe.copy(), {"pair": "ETH/USDT"})
        assert found["alt_season"].iloc[-1] == is_open


def test_gate_mode_that_does_not_exist_is_refused(load_strategy: Load, tmp_path: Path):
    store_days(tmp_path, [50.0] * 60)
    with pytest.raises(InputError, match="gate_mode: expected one of"):
        analyze(load_strategy({"gate_mode": "sideways"}))


@pytest.mark.parametrize(
    "config",
    [
        {"altseason": {"dominance": {"timeframe": "1h"}}, "timeframe": "4h"},
        {"timeframe": "3d"},
        {"altseason": {"gate": {}}},
    ],
)
def test_settings_that_are_wrong_stop_the_strategy_from_loading(load_strategy: Load, config: dict):
    with pytest.raises(SettingsError):
        load_strategy(**config)


def test_informatives_of_a_subclass_do_not_clash(load_strategy: Load, tmp_path: Path):
    store_days(tmp_path, [50.0] * 60)
    dataframe = coin_candles(24 * 60).assign(close_1d=1.0, date_1d=pd.Timestamp("2021-01-01"))
    found = load_strategy().advise_indicators(dataframe, {"pair": "ETH/USDT"})
    assert found["close_1d"].eq(1.0).all()
    assert found["close_btcd"].iloc[-1] == 50.0


def test_plot_config_names_columns_that_exist(load_strategy: Load, tmp_path: Path):
    store_days(tmp_path, [50.0] * 60)
    strategy = load_strategy()
    dataframe = strategy.analyze_ticker(coin_candles(24 * 60), {"pair": "ETH/USDT"})
    lines = [*strategy.plot_config["main_plot"]]
    lines += [line for plot in strategy.plot_config["subplots"].values() for line in plot]
    assert set(lines) <= set(dataframe.columns)


def test_plot_annotations_shade_each_season(load_strategy: Load, tmp_path: Path):
    store_days(tmp_path, [50.0, 60.0, 60.0, 50.0, *[50.0] * 6])
    strategy = load_strategy()
    areas = strategy.ft_plot_annotations("ETH/USDT", analyze(strategy, rows=24 * 7))
    spans = [(f"{area['start']:%d %H:%M}", f"{area['end']:%d %H:%M}") for area in areas]
    # 01-01 is known at the close of its row 23:00, 01-02 a day later; the candles end with 01-07.
    assert spans == [("01 23:00", "02 23:00"), ("04 23:00", "08 00:00")]
    for area in areas:
        AnnotationTypeTA.validate_python(area, extra="forbid")


def test_charts_mark_the_first_candle_of_each_exit_and_leave_the_newest(
    load_strategy: Load, tmp_path: Path
):
    store_days(tmp_path, [50.0] * 60)
    strategy = load_strategy()
    states = analyze(strategy)["exit_long"].tolist()
    # It ends within a state, as if an exit was not filled and must be tried again.
    last = max(row for row in range(1, len(states)) if states[row - 1] == states[row] == 1)
    shown = strategy.analyze_ticker(coin_candles(24 * 60)[: last + 1], {"pair": "ETH/USDT"})
    marks = shown["exit_long"].tolist()
    expected = [int(states[row] == 1 and states[row - 1] == 0) for row in range(1, last)]
    assert marks[1:] == [*expected, 1]
    assert sum(marks) < sum(states) / 2


@pytest.mark.parametrize("telling_fails", [False, True])
def test_charts_that_cannot_be_made_leave_every_signal(
    load_strategy: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, telling_fails: bool
):
    def fail(*args: object) -> None:
        raise RuntimeError("broken")

    store_days(tmp_path, [50.0] * 60)
    strategy = load_strategy()
    states = analyze(strategy)["exit_long"].tolist()
    # A rule that cannot be read, as if by a subclass, and exits that cannot be thinned.
    analyzed = analyze(strategy)
    monkeypatch.setattr(IStrategy, "analyze_ticker", lambda *args: analyzed)
    monkeypatch.setattr(type(strategy), "gate_rule", property(fail))
    monkeypatch.setattr(keeper, "thin_exits", fail)
    if telling_fails:
        monkeypatch.setattr(strategy.notifier, "warn", fail)
    shown = strategy.analyze_ticker(coin_candles(24 * 60), {"pair": "ETH/USDT"})
    assert shown["exit_long"].tolist() == states
    assert 0 < sum(states) < len(states)


@pytest.mark.parametrize(
    ("buy", "opens", "closes", "has_mean"),
    [
        ({"gate_mode": "level"}, 55, None, False),
        ({"gate_mode": "level", "gate_band": 2.5}, 55, 57.5, False),
        ({"gate_mode": "falling"}, None, None, True),
        ({"gate_mode": "level_and_falling"}, 55, None, True),
    ],
)
def test_charts_show_the_line_that_decides(
    load_strategy: Load, tmp_path: Path, buy, opens, closes, has_mean
):
    store_days(tmp_path, [50.0] * 60)
    strategy = load_strategy()
    for name, value in buy.items():
        getattr(strategy, name).value = value
    row = strategy.analyze_ticker(coin_candles(24 * 60), {"pair": "ETH/USDT"}).iloc[-1]
    found = [row["BTC.D %"], row["opens below %"], row["closes from %"], row["mean %"]]
    expected = [50, opens, closes, 50 if has_mean else None]
    assert [None if pd.isna(value) else value for value in found] == expected


def test_only_areas_that_have_room_are_labelled(load_strategy: Load, tmp_path: Path):
    store_days(tmp_path, [50.0, *[60.0] * 20, *[50.0] * 39])
    areas = load_strategy().ft_plot_annotations("ETH/USDT", analyze(load_strategy()))
    assert [area.get("label") for area in areas] == [None, "alt season"]


def test_charts_of_candles_without_a_season_have_no_area(load_strategy: Load, tmp_path: Path):
    store_days(tmp_path, [60.0] * 10)
    strategy = load_strategy()
    assert strategy.ft_plot_annotations("ETH/USDT", analyze(strategy, rows=24 * 7)) == []


@pytest.mark.parametrize("timeframe", ["5m", "15m", "4h", "1d"])
def test_strategy_works_at_any_timeframe_up_to_a_day(
    load_strategy: Load, tmp_path: Path, timeframe: str
):
    rows = 500
    store_days(tmp_path, [60.0, *[50.0] * rows], "2020-12-30")
    strategy = load_strategy({"macd_trigger": "above"}, timeframe=timeframe)
    dataframe = strategy.advise_indicators(
        coin_candles(rows, timeframe=timeframe), {"pair": "ETH/USDT"}
    )
    found = strategy.ft_advise_signals(dataframe, {"pair": "ETH/USDT"})
    assert found["enter_long"].sum() > 0
    assert found["exit_long"].sum() > 0
    # The 31st is the first day below the level, and is known when it ends.
    assert found.loc[found["alt_season"], "date"].iloc[0] == pd.Timestamp("2021-01-01", tz="UTC")


@pytest.mark.parametrize("data_format", ["json", "parquet"])
def test_strategy_reads_dominance_in_the_configured_format(
    load_strategy: Load, tmp_path: Path, data_format: str
):
    candles = dominance_candles([50.0] * 60, "2021-01-01")
    DominanceStore(tmp_path, data_format).append(candles, "1d")
    assert analyze(load_strategy(dataformat_ohlcv=data_format))["alt_season"].iloc[-1]


def test_version_is_that_of_the_package(load_strategy):
    assert load_strategy().version() == altseason.__version__
