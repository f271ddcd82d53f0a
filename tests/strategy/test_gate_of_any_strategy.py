"""Any strategy is gated, whatever it does; and nothing else of it changes."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from freqtrade.exceptions import OperationalException
from freqtrade.resolvers import StrategyResolver
from freqtrade.strategy import IStrategy
from freqtrade.strategy.strategy_wrapper import strategy_safe_wrapper

from altseason.strategy import AltSeasonGate
from tests.conftest import coin_candles
from tests.strategy.gated import (
    ENTERS,
    FIRST_OPEN,
    HEAD,
    LAST_OPEN,
    NEVER_EXITS,
    OPEN_ROWS,
    PAIR,
    PLAIN,
    define,
    rows_with,
    signals,
)

Load = Callable[..., IStrategy]
OPENED, SHUT = datetime(2021, 1, 15, tzinfo=UTC), datetime(2021, 1, 25, tzinfo=UTC)
STALE = datetime(2021, 3, 1, tzinfo=UTC)


OWN_ENTRIES = ENTERS.replace("] = 1", '] = 1\n        dataframe["enter_tag"] = "mine"')
INDEXED = ENTERS.replace("return dataframe", 'return dataframe.set_index("date", drop=False)')
FORGES = """
    def populate_indicators(self, dataframe, metadata):
        dataframe["alt_season"] = True
        dataframe["close_btcd"] = 1.5
        dataframe["date_btcd"] = dataframe["date"].iloc[-1]
        return dataframe
"""
KINDS = {
    "plain": (PLAIN, define()),
    "interface 2": (
        PLAIN.replace("IStrategy):", "IStrategy):\n    INTERFACE_VERSION = 2").replace(
            'dataframe["enter_long"] = 1',
            'dataframe["buy"] = 1\n        dataframe["buy_tag"] = "x"',
        ),
        define(),
    ),
    "bases in the wrong order": (PLAIN, define(bases="Parent, AltSeasonGate")),
    "own entries": (PLAIN, define(body=OWN_ENTRIES)),
    "of true and false": (PLAIN.replace("] = 1", "] = True"), define()),
    "of fractions": (PLAIN.replace("] = 1", "] = 1.0"), define()),
    "indexed by date": (HEAD + INDEXED + NEVER_EXITS, define()),
    "forges columns": (PLAIN + FORGES, define()),
    "adds entries in exits": (
        HEAD + ENTERS + NEVER_EXITS,
        define(body=ENTERS.replace("return", 'dataframe["alt_season"] = True\n        return')),
    ),
    "only the gate": (
        PLAIN,
        PLAIN.replace("class Parent(IStrategy)", "class MyGated(AltSeasonGate)"),
    ),
}


@pytest.mark.parametrize(("parent", "gated"), KINDS.values(), ids=KINDS)
def test_no_entry_is_left_while_the_gate_is_closed(gate: Load, parent: str, gated: str):
    entered = rows_with(signals(gate(parent, gated)), "enter_long")
    assert (entered[0], entered[-1], len(entered)) == (FIRST_OPEN, LAST_OPEN, OPEN_ROWS)


@pytest.mark.parametrize("bases", ["AltSeasonGate, Once", "Once, AltSeasonGate"])
def test_strategy_that_is_gated_already_is_gated_once(gate: Load, bases: str):
    once = define('mode="falling"').replace("MyGated", "Once")
    strategy = gate(gated=once + "\n\n" + define('mode="level"', bases=bases))
    assert strategy.gate_rule.mode == "level"
    entered = rows_with(signals(strategy), "enter_long")
    assert (entered[0], entered[-1], len(entered)) == (FIRST_OPEN, LAST_OPEN, OPEN_ROWS)


def test_keywords_set_the_rule(gate: Load):
    gated = define('mode="level_and_falling", threshold=48, band=1.5, sma_days=7')
    rule = gate(gated=gated).gate_rule
    assert (rule.mode, rule.threshold, rule.band, rule.sma_days) == (
        "level_and_falling",
        48,
        1.5,
        7,
    )
    assert {gate().gate_rule.mode} == {"level"}


def test_gate_that_is_off_takes_no_entry_away_and_needs_no_dominance(gate: Load, tmp_path: Path):
    strategy = gate(gated=define('mode="off"'))
    for file in tmp_path.glob("BTCD_USD-*"):
        file.unlink()
    assert len(rows_with(signals(strategy), "enter_long")) == 720
    # No optimizer tries it, nor takes it back.
    assert "off" not in strategy.gate_mode.opt_range
    assert not strategy.gate_mode.optimize


def test_backtest_without_dominance_is_refused(gate: Load, tmp_path: Path):
    strategy = gate()
    (tmp_path / "BTCD_USD-1d.feather").unlink()
    with pytest.raises(OperationalException, match="no dominance is stored"):
        signals(strategy)


SHORTS = """
    can_short = False

    def populate_entry_trend(self, dataframe, metadata):
        hour = dataframe["date"].dt.hour
        dataframe["enter_long"] = hour.isin([6, 12]).astype(int)
        dataframe["enter_short"] = hour.isin([12, 18]).astype(int)
        return dataframe
"""


@pytest.mark.parametrize(
    ("keywords", "shorts"),
    # Thirty days; the gate is open on ten. A row with both loses both, else the short would enter.
    [("", 30 + 10), ("gate_shorts=True", 10 + 10)],
)
def test_shorts_are_left_alone_unless_they_are_gated(gate: Load, keywords: str, shorts: int):
    analyzed = signals(gate(HEAD + SHORTS + NEVER_EXITS, define(keywords)))
    assert len(rows_with(analyzed, "enter_long")) == 20
    assert len(rows_with(analyzed, "enter_short")) == shorts
    both = rows_with(analyzed, "enter_short").intersection(rows_with(analyzed, "enter_long"))
    assert len(both) == 10


def confirm(strategy: IStrategy, time: datetime, side: str = "long") -> bool:
    """Ask as Freqtrade does, where any error would be a yes."""
    return strategy_safe_wrapper(strategy.confirm_trade_entry, default_retval=True)(
        pair="ETH/USDT",
        order_type="limit",
        amount=1.0,
        rate=100.0,
        time_in_force="GTC",
        current_time=time,
        entry_tag="",
        side=side,
    )


CONFIRM = """
    def confirm_trade_entry(self, pair, order_type, amount, rate, time_in_force, current_time,
                            entry_tag, side, **kwargs):
        {body}
"""
BY_POSITION = (
    "return super().confirm_trade_entry(pair, order_type, amount, rate, time_in_force, "
    "current_time, entry_tag, side)"
)


@pytest.mark.parametrize("body", ["return True", BY_POSITION])
@pytest.mark.parametrize("bases", ["AltSeasonGate, Parent", "Parent, AltSeasonGate"])
def test_full_gate_is_asked_before_an_entry(gate: Load, body: str, bases: str):
    strategy = gate(PLAIN + CONFIRM.format(body=body), define(bases=bases))
    assert [confirm(strategy, time) for time in (OPENED, SHUT, STALE)] == [True, False, False]


@pytest.mark.parametrize(
    ("keywords", "answers"), [("", [True] * 3), ("gate_shorts=True", [True, False, False])]
)
def test_gate_is_asked_before_a_short_only_where_shorts_are_gated(
    gate: Load, keywords: str, answers: list[bool]
):
    strategy = gate(gated=define(keywords))
    assert [confirm(strategy, time, "short") for time in (OPENED, SHUT, STALE)] == answers


def test_check_of_a_strategy_that_fails_refuses(gate: Load):
    strategy = gate(PLAIN + CONFIRM.format(body="raise KeyError(pair)"))
    assert confirm(strategy, OPENED) is False


def test_callback_that_a_constructor_sets_last_is_guarded(gate: Load):
    parent = """
    def __init__(self, config):
        super().__init__(config)
        self.confirm_trade_entry = lambda *args, **kwargs: True
"""
    strategy = gate(PLAIN + parent, define(bases="Parent, AltSeasonGate"))
    assert [confirm(strategy, time) for time in (OPENED, SHUT)] == [True, False]


EXITS = """
    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = dataframe["date"].dt.hour.isin([6, 12]).astype(int)
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe["exit_long"] = dataframe["date"].dt.hour.isin([12, 18]).astype(int)
        return dataframe
"""


def exits_that_freqtrade_takes(analyzed: pd.DataFrame) -> int:
    """Count them by its rule: an exit signal beside one of entry is none."""
    return int((analyzed["exit_long"].eq(1) & ~analyzed["enter_long"].eq(1)).sum())


def test_exits_are_the_same_whatever_the_gate_says(gate: Load):
    open_always = signals(gate(HEAD + EXITS, define('mode="off"')))
    gated = signals(gate(HEAD + EXITS))
    assert exits_that_freqtrade_takes(open_always) == 30
    assert exits_that_freqtrade_takes(gated) == 30
    assert len(rows_with(gated, "enter_long")) == 20


def test_exits_forget_what_an_earlier_epoch_took_away(gate: Load):
    """Hyperopt changes the parameters by which a strategy enters, and those of the gate."""
    parent = HEAD + EXITS.replace("[6, 12]", "[self.hour.value]").replace("[12, 18]", "[12]")
    hour = '\n    hour = IntParameter(0, 23, default=12, space="buy")\n'
    strategy = gate(parent + hour)
    assert exits_that_freqtrade_takes(signals(strategy)) == 0
    strategy.hour.value, strategy.dominance_threshold.value = 6, 70
    assert exits_that_freqtrade_takes(signals(strategy)) == 30


def test_return_on_investment_waits_where_an_entry_signal_was_taken_away(gate: Load):
    parent = HEAD.replace('{"0": 10.0}', '{"0": 0.01}\n    ignore_roi_if_entry_signal = True')
    entries = EXITS.split("    def populate_exit_trend")[0].replace("[6, 12]", "[6]")
    strategy = gate(parent + entries + NEVER_EXITS)
    signals(strategy)
    trade = SimpleNamespace(pair="ETH/USDT", is_short=False)
    asked = []

    def should_exit(trade: Any, rate: float, time: datetime, *, enter: bool, **words: Any) -> list:
        asked.append(enter)
        return []

    # The gate's own wrapper, around a stand-in for the callback that it wraps.
    wrapped = strategy.should_exit
    for hour in (6, 7, 8):
        wrapped.func(
            should_exit,
            *wrapped.args[1:],
            trade,
            100.0,
            datetime(2021, 1, 25, hour, 30, tzinfo=UTC),
            enter=False,
            exit_=False,
        )
    # The candle of 6:00 is the newest from 7:00 to 8:00.
    assert asked == [False, True, False]


ADJUST = """
    position_adjustment_enable = True

    def adjust_trade_position(self, trade, current_time, current_rate, current_profit, min_stake,
                              max_stake, current_entry_rate, current_exit_rate,
                              current_entry_profit, current_exit_profit, **kwargs):
        return 20.0
"""
REPLACE = """
    def adjust_entry_price(self, trade, order, pair, current_time, proposed_rate,
                           current_order_rate, entry_tag, side, **kwargs):
        return 101.0
"""
GUARDED = [("", [20.0] * 3), ("gate_position_adjustment=True", [20.0, None, None])]


@pytest.mark.parametrize(("keywords", "answers"), GUARDED)
def test_position_grows_while_closed_unless_that_is_gated(
    gate: Load, keywords: str, answers: list[float | None]
):
    strategy = gate(PLAIN + ADJUST, define(keywords))
    trade = SimpleNamespace(pair="ETH/USDT", is_short=False, nr_of_successful_entries=1)
    found = [
        strategy._adjust_trade_position_internal(
            trade, time, 100.0, 0.0, 5.0, 99.0, 100.0, 100.0, 0.0, 0.0
        )[0]
        for time in (OPENED, SHUT, STALE)
    ]
    assert found == answers


@pytest.mark.parametrize(
    ("entries", "keywords", "prices"),
    [
        (0, "", [101.0, 100.0]),
        # A further order of an open trade is position adjustment.
        (1, "", [101.0, 101.0]),
        (1, "gate_position_adjustment=True", [101.0, 100.0]),
    ],
)
def test_entry_order_is_replaced_only_while_open(
    gate: Load, entries: int, keywords: str, prices: list[float]
):
    strategy = gate(PLAIN + REPLACE, define(keywords))
    trade = SimpleNamespace(pair="ETH/USDT", is_short=False, nr_of_successful_entries=entries)
    found = [
        strategy.adjust_order_price(
            trade=trade,
            order=None,
            pair="ETH/USDT",
            current_time=time,
            proposed_rate=102.0,
            current_order_rate=100.0,
            entry_tag="",
            side="long",
            is_entry=True,
        )
        for time in (OPENED, SHUT)
    ]
    assert found == prices


REFUSED = {
    "unknown mode": ('mode="falls"', "gate_mode: expected one of level, falling"),
    "no number": ('threshold="55"', "dominance_threshold: expected a number, found '55'"),
    "fraction": ("threshold=0.5", "dominance_threshold: expected percent"),
    "rounded": ("threshold=0.55", "dominance_threshold: expected a number with at most 1 decimal"),
    "no days": ("sma_days=0", "gate_sma_days: expected a number of days"),
    "no percent": ("breadth_min=101", "breadth_min: expected percent above 0 and up to 100"),
    "part of a day": ("breadth_days=1.5", "breadth_days: expected a whole number, found 1.5"),
    "no days of breadth": ("breadth_days=0", "breadth_days: expected a number of days"),
    "unknown keyword": ('mod="falling"', "expected keywords of space, mode, threshold"),
    "no flag": ('gate_shorts="yes"', "gate_shorts: expected True or False, found 'yes'"),
}


@pytest.mark.parametrize(("keywords", "reason"), REFUSED.values(), ids=REFUSED)
def test_wrong_keyword_is_refused_in_a_line_when_the_class_is_used(
    gate: Load, tmp_path: Path, keywords: str, reason: str
):
    with pytest.raises(OperationalException, match=reason) as refused:
        gate(gated=define(keywords))
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith("MyGated: ")
    # One bad file stops no other strategy from being listed.
    config = {"user_data_dir": tmp_path, "strategy": "MyGated"}
    found = StrategyResolver.search_all_objects(config, enum_failed=False)
    assert {one["name"] for one in found} == {"MyGated", "Parent"}


@pytest.mark.parametrize("bases", ["AltSeasonGate, Parent", "Parent, AltSeasonGate"])
def test_constructor_that_leaves_out_freqtrade_s_is_refused(gate: Load, bases: str):
    parent = "    def __init__(self, config):\n        self.config = config\n"
    with pytest.raises(OperationalException, match=r"MyGated: .* `super\(\).__init__\(config\)`"):
        gate(PLAIN + "\n" + parent, define(bases=bases))


@pytest.mark.parametrize(
    "taken",
    ['gate_mode = "mine"', "dominance_threshold = IntParameter(1, 9, default=2, space='buy')"],
)
def test_parent_that_has_what_the_gate_needs_is_refused(gate: Load, taken: str):
    name = taken.split()[0]
    with pytest.raises(OperationalException, match=f"MyGated: expected no {name} in Parent"):
        gate(PLAIN + f"\n    {taken}\n")


def test_parameters_have_a_space_of_their_own(gate: Load):
    strategy = gate()
    names = [name for name, _ in strategy.enumerate_parameters("gate")]
    assert sorted(names) == [
        "breadth_days",
        "breadth_min",
        "dominance_threshold",
        "gate_band",
        "gate_mode",
        "gate_sma_days",
    ]
    strategy = gate(gated=define('space="buy"'))
    assert [*strategy.enumerate_parameters("gate")] == []


OLD = ("level", "falling", "level_and_falling")
ALL = (*OLD, "breadth", "breadth_and_falling")
OWN = """
    from freqtrade.strategy import CategoricalParameter

    gate_mode = CategoricalParameter(["falling", "breadth"], default="falling", space="gate")
"""


@pytest.mark.parametrize(
    ("keywords", "body", "choices", "tries_modes", "tries_breadth"),
    [
        ("", "    pass\n", OLD, True, False),
        ('mode="off"', "    pass\n", OLD, False, False),
        # One that needs no dominance gets no company that does.
        ('mode="breadth", breadth_min=60', "    pass\n", OLD, False, True),
        ('mode="breadth_and_falling"', "    pass\n", ALL, True, True),
        ("", OWN, ("falling", "breadth"), True, True),
    ],
)
def test_hyperopt_tries_breadth_where_a_class_asks_for_it(
    gate: Load,
    keywords: str,
    body: str,
    choices: tuple[str, ...],
    *,
    tries_modes: bool,
    tries_breadth: bool,
):
    strategy = gate(gated=define(keywords, body))
    assert tuple(strategy.gate_mode.opt_range) == choices
    assert strategy.gate_mode.optimize is tries_modes
    tried = (strategy.breadth_min.optimize, strategy.breadth_days.optimize)
    assert tried == (tries_breadth, tries_breadth)
    assert strategy.gate_rule.breadth_min == (60 if "60" in keywords else 75)
    # Nor does what one class asks for change another one.
    assert AltSeasonGate.gate_mode.opt_range == OLD
    assert AltSeasonGate.breadth_min.optimize is False


@pytest.mark.parametrize("mode", ["breadth", "breadth_and_falling"])
def test_parameter_file_may_set_a_mode_that_hyperopt_does_not_try(
    gate: Load, tmp_path: Path, mode: str
):
    gate()
    write_parameters(tmp_path, "MyGated", gate={"gate_mode": mode, "breadth_days": 30})
    strategy = gate()
    assert (strategy.gate_rule.mode, strategy.gate_rule.breadth_days) == (mode, 30)


def write_parameters(folder: Path, name: str, **params: Any) -> None:
    content = {"strategy_name": name, "params": params}
    (folder / "strategies" / f"{name}.json").write_text(json.dumps(content))


TUNED = PLAIN + '\n    days = IntParameter(1, 60, default=20, space="buy")\n'


def test_parameter_file_of_a_parent_holds_where_there_is_no_own(gate: Load, tmp_path: Path):
    gate(TUNED)
    write_parameters(tmp_path, "Parent", buy={"days": 9}, stoploss={"stoploss": -0.33})
    strategy = gate(TUNED)
    assert (strategy.days.value, strategy.stoploss) == (9, -0.33)
    assert signals(strategy)["enter_long"].sum() == OPEN_ROWS
    write_parameters(tmp_path, "MyGated", gate={"gate_sma_days": 31})
    strategy = gate(TUNED)
    assert (strategy.days.value, strategy.gate_rule.sma_days) == (20, 31)


def test_parameter_file_of_a_parent_that_is_of_another_strategy_is_refused(
    gate: Load, tmp_path: Path
):
    gate()
    write_parameters(tmp_path, "Parent")
    file = tmp_path / "strategies" / "Parent.json"
    file.write_text(file.read_text().replace("Parent", "Other"))
    with pytest.raises(OperationalException, match="expected parameters of a parent of MyGated"):
        gate()


def test_gate_is_taken_away_by_no_parameter_file(gate: Load, tmp_path: Path):
    gate()
    write_parameters(tmp_path, "MyGated", gate={"gate_mode": "off"})
    with pytest.raises(OperationalException, match="gate_mode: expected one of level, falling"):
        gate()


def test_strategies_of_one_process_leave_each_other_s_parameters_alone(gate: Load, tmp_path: Path):
    """An ungated class that shares a process, and a file, opens no gate of another."""
    gated = define('mode="falling"')
    two = "\n\nclass MyOther(AltSeasonGate, Parent):\n    days_of = 1\n"
    one = gate(TUNED, gated + two)
    other = gate(TUNED, gated + two, name="MyOther")
    other.gate_mode.value, other.days.value = "off", 1
    assert (one.gate_mode.value, one.days.value) == ("falling", 20)
    third = gate(TUNED, gated + two)
    assert (third.gate_mode.value, third.days.value) == ("falling", 20)


PLOTS = {
    "none": ("", {}),
    "own": ('    plot_config = {"main_plot": {"sma": {}}}\n', {"main_plot": {"sma": {}}}),
    "property": (
        """
    @property
    def plot_config(self):
        return {"subplots": {"A": {"a": {}}}}
""",
        {"subplots": {"A": {"a": {}}}},
    ),
}


@pytest.mark.parametrize(("body", "own"), PLOTS.values(), ids=PLOTS)
@pytest.mark.parametrize("is_parent", [True, False])
def test_charts_keep_what_a_strategy_draws_and_add_dominance(
    gate: Load, body: str, own: dict[str, Any], is_parent: bool
):
    gated = define(body=body or "    pass\n")
    strategy = gate(PLAIN + "\n" + body) if is_parent else gate(gated=gated)
    drawn = strategy.plot_config
    assert [*drawn["subplots"]] == ["BTC.D", *own.get("subplots", {})]
    assert drawn.get("main_plot", {}) == own.get("main_plot", {})
    shown = strategy.analyze_ticker(coin_candles(24 * 30, start="2021-01-03"), PAIR)
    assert set(drawn["subplots"]["BTC.D"]) <= set(shown)
    [area] = strategy.ft_plot_annotations("ETH/USDT", shown)
    assert (area["start"], area["type"]) == (FIRST_OPEN, "area")


DROPS = ENTERS.replace(
    "return dataframe", "return dataframe[['date', 'close', 'enter_long']].copy()"
)


def test_strategy_that_drops_our_columns_is_gated_and_charts_fail_alone(gate: Load):
    strategy = gate(gated=define(body=DROPS))
    shown = strategy.analyze_ticker(coin_candles(24 * 30, start="2021-01-03"), PAIR)
    assert shown["enter_long"].sum() == OPEN_ROWS
    assert strategy.ft_plot_annotations("ETH/USDT", shown) == []


def test_charts_show_the_gate_of_a_parent_that_keeps_few_columns(gate: Load):
    strategy = gate(HEAD + DROPS + NEVER_EXITS)
    shown = strategy.analyze_ticker(coin_candles(24 * 30, start="2021-01-03"), PAIR)
    assert shown["enter_long"].sum() == OPEN_ROWS
    assert len(strategy.ft_plot_annotations("ETH/USDT", shown)) == 1
