"""Evidence cards: intervals by hand, and files that are none."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from altseason.errors import StoredDataError
from altseason.evidence.card import EvidenceCard, Sample, load_card

CARD = EvidenceCard(
    strategy="Any",
    rule="dominance below 55 %",
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
