"""An error that closes the gate is notified at once, and then once a day while it lasts."""

import logging
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from freqtrade.enums import RunMode

from altseason.dominance.store import DominanceStore
from altseason.errors import InputError
from altseason.gate.columns import GateColumns
from altseason.gate.reader import DominanceReader
from altseason.gate.rule import GateRule
from altseason.notifications import Notifier
from altseason.settings import DominanceSettings
from tests.conftest import dominance_candles

START = pd.Timestamp("2026-03-01 12:00", tz="UTC")
SETTINGS = DominanceSettings()


class Bot:
    """The gate of a bot whose rule fails or works, at a time."""

    def __init__(self, folder: Path) -> None:
        self.sent: list[str] = []
        self.now = START
        self.error: Exception | None = None
        reader = DominanceReader({"datadir": folder, "runmode": RunMode.DRY_RUN}, SETTINGS)
        notifier = Notifier(logging.getLogger(__name__), self.sent.append)
        self.gate = GateColumns(reader, SETTINGS, notifier, self.find_rule, lambda: self.now)

    def find_rule(self) -> GateRule:
        if self.error is not None:
            raise self.error
        return GateRule(mode="off")

    def ask(self, error: Exception | None, hours: float) -> list[str]:
        """Ask the gate some hours after the start, and return what is sent."""
        self.now, self.error = START + timedelta(hours=hours), error
        self.sent.clear()
        assert self.gate.is_open(self.now.to_pydatetime()) is (error is None)
        return list(self.sent)


@pytest.fixture
def bot(tmp_path: Path) -> Bot:
    return Bot(tmp_path)


@pytest.mark.parametrize(
    ("runmode", "opens"),
    [(RunMode.BACKTEST, False), (RunMode.HYPEROPT, False), (RunMode.LIVE, True)],
)
def test_bot_alone_looks_for_new_candles_at_each_entry(
    tmp_path: Path, runmode: RunMode, opens: bool
):
    reader = DominanceReader({"datadir": tmp_path, "runmode": runmode}, SETTINGS)
    gate = GateColumns(reader, SETTINGS, Notifier(logging.getLogger(__name__)), GateRule)
    time = pd.Timestamp("2026-03-02 01:00", tz="UTC").to_pydatetime()
    assert not gate.is_open(time)
    DominanceStore(tmp_path).append(dominance_candles([50.0], "2026-03-01"), "1d")
    assert gate.is_open(time) is opens


def test_error_that_lasts_is_notified_once_a_day(bot: Bot):
    sent = {hour for hour in range(73) if bot.ask(ValueError("broken"), hour)}
    assert sent == {0, 24, 48, 72}


def test_error_that_comes_again_days_later_is_notified_again(bot: Bot):
    [first] = bot.ask(ValueError("broken"), 0)
    assert first.startswith("The gate is closed: reading dominance failed with ValueError (broken)")
    assert bot.ask(None, 1) == []
    assert bot.ask(ValueError("broken"), 100) == [first]


def test_each_kind_of_error_has_its_own_day(bot: Bot):
    assert len(bot.ask(ValueError("broken"), 0)) == 1
    [other] = bot.ask(InputError("parameters.json: wrong"), 23)
    assert other.startswith("The gate is closed: parameters.json: wrong. Exits continue; ")
    assert len(bot.ask(ValueError("broken"), 24)) == 1
    assert bot.ask(InputError("parameters.json: wrong"), 25) == []


def test_clock_that_is_put_back_silences_nothing(bot: Bot):
    assert len(bot.ask(ValueError("broken"), 0)) == 1
    assert len(bot.ask(ValueError("broken"), -100)) == 1
