"""Evidence cards, and a bot's trades compared with one: intervals by hand, Freqtrade's trades."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from altseason.errors import StoredDataError
from altseason.evidence import (
    EvidenceCard,
    EvidenceWatch,
    Sample,
    compare,
    find_trades,
    load_card,
)
from tests.risk.traders import open_trade

NOW = datetime(2022, 3, 1, tzinfo=UTC)
RULE = "dominance below 55 %"

CARD = EvidenceCard(
    strategy="Any",
    rule=RULE,
    timeframe="1h",
    pairs=("ETH/USDT", "SOL/USDT"),
    windows=("2021-01-01 to 2022-01-01",),
    weekly_trades=Sample(2.0, 1.0, 52),
    wins=Sample(0.5, 0.5, 100),
    profits=Sample(0.01, 0.04, 100),
)


def test_interval_has_the_errors_of_both_means():
    # Of 25 more, each error is 0.5 / 5; of the 100 before, 0.5 / 10.
    error = (0.1**2 + 0.05**2) ** 0.5
    assert CARD.wins.find_interval(25) == pytest.approx((0.5 - 3 * error, 0.5 + 3 * error))


def test_card_is_read_as_it_was_written(tmp_path: Path):
    path = tmp_path / "card.json"
    path.write_text(json.dumps(asdict(CARD)))
    assert load_card(path) == CARD


@pytest.mark.parametrize("text", ["", "{}", "[1]", "\x00", '{"strategy": "Any"}'])
def test_what_is_no_card_is_one_line(tmp_path: Path, text: str):
    path = tmp_path / "card.json"
    path.write_text(text)
    with pytest.raises(StoredDataError, match="expected an evidence card") as refused:
        load_card(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("count", 0),
        ("count", -1),
        ("deviation", -0.5),
        ("deviation", 1e999),
        ("mean", float("nan")),
    ],
)
def test_numbers_of_which_no_interval_follows_make_no_card(tmp_path: Path, name: str, value: float):
    path = tmp_path / "card.json"
    card = asdict(CARD)
    card["wins"][name] = value
    path.write_text(json.dumps(card))
    with pytest.raises(StoredDataError, match="expected an evidence card"):
        load_card(path)


def test_missing_card_is_one_line(tmp_path: Path):
    with pytest.raises(StoredDataError, match="cannot read the evidence card: No such file"):
        load_card(tmp_path / "card.json")


class Told:
    """Collect the notifications."""

    def __init__(self) -> None:
        self.raised: dict[str, str] = {}
        self.cleared: list[str] = []
        self.warned: list[str] = []

    def raise_alert(self, topic: str, message: str) -> None:
        self.raised.setdefault(topic, message)

    def clear(self, topic: str, message: str) -> None:
        if self.raised.pop(topic, None):
            self.cleared.append(message)

    def warn(self, message: str, topic: str) -> None:
        self.warned.append(message)


def add_trade(
    profit: float | None, weeks_ago: float, pair: str = "ETH/USDT", name: str = "Any"
) -> None:
    open_trade(
        pair=pair,
        strategy=name,
        is_open=False,
        close_profit=profit,
        open_date=(NOW - timedelta(weeks=weeks_ago)).replace(tzinfo=None),
    )


def watch(tmp_path: Path, told: Told, **changes: str) -> EvidenceWatch:
    path = tmp_path / "card.json"
    path.write_text(json.dumps(asdict(replace(CARD, **changes))))
    strategy = SimpleNamespace(timeframe="1h", get_strategy_name=lambda: "Any")
    return EvidenceWatch(path, strategy, told, lambda: RULE)


@pytest.mark.usefixtures("database")
def test_closed_trades_of_the_card_alone_are_compared():
    for number in range(17):
        add_trade(0.05 if number % 2 else -0.03, weeks_ago=8 - number / 2)
    add_trade(9.0, weeks_ago=1, name="Another")
    add_trade(9.0, weeks_ago=1, pair="XRP/USDT")
    trades = find_trades(CARD, "Any")
    assert len(trades) == 17
    found = {one.name: one for one in compare(CARD, trades, NOW)}
    assert found["Share of trades with a profit"].found == pytest.approx(8 / 17)
    assert found["Profit of a trade"].found == pytest.approx((8 * 0.05 - 9 * 0.03) / 17)
    # 16 more in the 8 weeks since the first.
    assert found["Trades a week"].found == pytest.approx(2.0)
    assert all(one.is_within for one in found.values())
    assert str(found["Trades a week"]) == "Trades a week: 2.0, expected 0.9 to 3.1"


@pytest.mark.usefixtures("database")
def test_trade_whose_profit_is_not_known_is_left_out():
    for profit in (0.05, None, -0.03):
        add_trade(profit, weeks_ago=1)
    assert [trade.close_profit for trade in find_trades(CARD, "Any")] == [0.05, -0.03]


@pytest.mark.usefixtures("database")
def test_what_leaves_its_interval_is_reported_once_and_when_it_is_back(tmp_path: Path):
    told = Told()
    watched = watch(tmp_path, told)
    for number in range(30):
        add_trade(-0.05, weeks_ago=8 - number / 4)
    for hour in range(3):
        watched.check(NOW + timedelta(hours=hour))
    assert set(told.raised) == {
        "evidence Share of trades with a profit",
        "evidence Profit of a trade",
        "evidence Trades a week",
    }
    profit = told.raised["evidence Profit of a trade"]
    assert "Profit of a trade: -5.00%, expected -1.50% to 3.50%" in profit
    for _ in range(30):
        add_trade(0.07, weeks_ago=0.1)
    watched.check(NOW + timedelta(hours=4))
    assert len(told.cleared) == 2
    assert told.warned == []


@pytest.mark.usefixtures("database")
def test_nothing_is_reported_of_few_trades_or_a_short_time(tmp_path: Path):
    told = Told()
    for _ in range(9):
        add_trade(-0.9, weeks_ago=1)
    watch(tmp_path, told).check(NOW)
    assert told.raised == {}
    add_trade(-0.9, weeks_ago=1)
    watch(tmp_path, told).check(NOW)
    assert "evidence Trades a week" not in told.raised
    assert len(told.raised) == 2


@pytest.mark.usefixtures("database")
def test_trades_are_checked_once_an_hour(tmp_path: Path):
    told = Told()
    watched = watch(tmp_path, told)
    watched.check(NOW)
    for _ in range(10):
        add_trade(-0.9, weeks_ago=1)
    watched.check(NOW + timedelta(minutes=59))
    assert told.raised == {}
    watched.check(NOW + timedelta(minutes=60))
    assert told.raised


@pytest.mark.parametrize(
    "changes", [{"rule": "off, always open"}, {"strategy": "Another"}, {"timeframe": "4h"}]
)
def test_card_of_something_else_is_not_compared(tmp_path: Path, changes: dict[str, str]):
    told = Told()
    watch(tmp_path, told, **changes).check(NOW)
    assert len(told.warned) == 1
    assert "its trades are not compared" in told.warned[0]


def test_missing_card_is_reported_and_stops_nothing(tmp_path: Path):
    told = Told()
    watched = watch(tmp_path, told)
    (tmp_path / "card.json").unlink()
    watched.check(NOW)
    assert "cannot read the evidence card" in told.warned[0]
