"""The card of a study, by numbers counted by hand."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from altseason.errors import InputError
from altseason.evidence import load_card
from altseason_lab.study.card import (
    build_card,
    count_by_week,
    describe,
    describe_card,
    describe_missing_dominance,
    refuse_other_file,
    refuse_several,
    save_card,
)
from altseason_lab.study.cell import CellResult, ClosedTrade
from altseason_lab.study.grid import Cell, Scope, build_cells
from altseason_lab.study.run import Study
from tests.lab.study.test_command import RESULT, START

DAY = timedelta(days=1)
OFF, FALLING = (Cell(Scope("", ()), mode) for mode in ("off", "falling"))


def trading(*days: float, profit: float = 0.02) -> CellResult:
    trades = tuple(ClosedTrade(START.to_pydatetime() + day * DAY, profit) for day in days)
    return replace(RESULT, rule="dominance below its 20-day SMA", trades=trades)


def test_trades_are_counted_in_whole_weeks():
    """A month has four of them, and three days that are left out."""
    assert count_by_week(trading(0, 6.9, 7, 27.9, 28.1)) == [2, 1, 0, 1]
    assert count_by_week(replace(trading(0), end=START + 3 * DAY)) == [1]


def test_card_is_of_the_gated_trades_of_all_windows(tmp_path: Path):
    winning, losing = trading(*range(20)), trading(*range(10), profit=-0.01)
    cells = {OFF: trading(0, profit=9), FALLING: winning}
    cells |= {replace(FALLING, scope=Scope("2022", ())): losing}
    card = build_card(Study("Any", "USDT", cells))
    assert (card.strategy, card.rule) == ("Any", "dominance below its 20-day SMA")
    assert card.pairs == ("ETH/USDT", "SOL/USDT")
    assert card.windows == ("2022-01-01 to 2022-02-01",) * 2
    assert card.wins.mean == pytest.approx(2 / 3)
    assert card.wins.count == card.profits.count == 30
    assert card.profits.mean == pytest.approx(0.01)
    # 7, 7, 6, 0 and 7, 3, 0, 0.
    assert card.weekly_trades.mean == pytest.approx(30 / 8)
    assert card.weekly_trades.count == 8
    assert describe_card(card) == "with 30 trades, counted per week in 8 whole weeks"
    save_card(card, tmp_path / "card.json")
    assert load_card(tmp_path / "card.json") == card


def test_card_of_windows_without_dominance_says_so():
    """Two windows of the same length, one of them half without: a quarter of both."""
    half = replace(trading(1), missing_share=0.5)
    cells = {OFF: trading(1), FALLING: half, replace(FALLING, scope=Scope("2022", ())): trading(2)}
    said = describe_missing_dominance(Study("Any", "USDT", cells))
    assert said.startswith("Dominance was missing or stale at 25% of the card's windows: ")
    assert describe_missing_dominance(Study("Any", "USDT", {FALLING: trading(1)})) == ""


def test_card_has_the_pairs_of_all_windows():
    """A coin that was listed later has trades in it, too."""
    early = replace(trading(*range(20)), pairs=("ETH/USDT",))
    late = replace(trading(*range(20)), pairs=("ETH/USDT", "SOL/USDT"))
    cells = {FALLING: early, replace(FALLING, scope=Scope("2022", ())): late}
    assert build_card(Study("Any", "USDT", cells)).pairs == ("ETH/USDT", "SOL/USDT")


def test_numbers_that_are_like_their_neighbors_count_for_fewer():
    random = np.random.default_rng(1)
    alone = random.poisson(3, 400)
    assert describe(alone).deviation == pytest.approx(alone.std(), rel=0.15)
    assert describe(np.repeat(alone[:100], 4)).deviation > 1.4 * alone[:100].std()
    assert describe([True] * 50).deviation == 0


def test_rule_that_never_lost_may_lose_one_of_ten_trades():
    """By the rule of succession the next one of 50 is lost once in 52: no interval of no width."""
    wins = build_card(Study("Any", "USDT", {FALLING: trading(*[1] * 50)})).wins
    assert wins.mean == 1
    assert wins.deviation == pytest.approx((51 * 1) ** 0.5 / 52)
    assert wins.find_interval(10)[0] < 0.9
    # Where every second one is lost nothing changes.
    mixed = replace(
        trading(*range(50)), trades=(*trading(1).trades, *trading(2, profit=-1).trades) * 25
    )
    assert build_card(Study("Any", "USDT", {FALLING: mixed})).wins.deviation == pytest.approx(0.5)


def test_few_trades_make_no_card():
    with pytest.raises(InputError, match="expected 30 trades or more for an evidence card, found"):
        build_card(Study("Any", "USDT", {FALLING: trading(1, 2, 3)}))


def test_card_is_of_one_rule():
    refuse_several(build_cells(["falling"], ["2020", "2021"], [()]))
    for modes, groups, settings in (
        (["falling", "level"], [()], {}),
        (["falling"], [("ETH/USDT",), ("SOL/USDT",)], {}),
        (["falling"], [()], {"gate_sma_days": [10, 20]}),
        (["off"], [()], {}),
    ):
        with pytest.raises(InputError, match="expected one gate on one group of pairs for --card"):
            refuse_several(build_cells(modes, ["2020"], groups, settings))


def test_card_takes_the_place_of_another_card_alone(tmp_path: Path):
    file = tmp_path / "config.json"
    refuse_other_file(file)
    file.write_text("{}")
    with pytest.raises(InputError, match="--card: expected an evidence card or a new file"):
        refuse_other_file(file)
    assert file.read_text() == "{}"
    trades = trading(*range(30))
    save_card(build_card(Study("Any", "USDT", {OFF: trades, FALLING: trades})), file)
    refuse_other_file(file)
