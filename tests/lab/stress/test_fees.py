"""The count of backtests while they run, and the question about fees before."""

import argparse
import io

import pytest

from altseason.errors import InputError
from altseason_lab.commands.stress import confirm_fees
from altseason_lab.stress.run import BacktestCounter


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_tally_knows_how_many_are_done_and_expected():
    shown: list[tuple[int, int]] = []
    counter = BacktestCounter(lambda done, total: shown.append((done, total)))
    counter.expect(3)
    for _ in range(2):
        counter.count()
    # A search ended early, and then another one late.
    counter.expect(1)
    counter.count()
    counter.count()
    counter.expect(0)
    assert shown == [(0, 3), (1, 3), (2, 3), (2, 3), (3, 3), (4, 4), (4, 4)]


@pytest.mark.parametrize(
    ("fees", "yes", "answer", "goes_on"),
    [
        ([0.001, 0.0099], False, "", True),
        ([0.001, 0.1], False, "y\n", True),
        ([0.01], False, "yes\n", True),
        ([0.001, 0.1], False, "n\n", False),
        ([0.001, 0.1], False, "\n", False),
        ([0.001, 0.1], True, "", True),
    ],
)
def test_fees_of_a_percent_or_more_are_asked_about(
    monkeypatch: pytest.MonkeyPatch, fees: list[float], yes: bool, answer: str, goes_on: bool
):
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    options = argparse.Namespace(fees=fees, yes=yes)
    if goes_on:
        confirm_fees(options)
        return
    with pytest.raises(InputError, match=r"0\.1 is 10 % per side; for 0\.1 % use --fees 0\.001"):
        confirm_fees(options)
