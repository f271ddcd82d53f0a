"""Errors in a strategy's own code, called as by Freqtrade."""

import importlib.util
import json
import logging
from pathlib import Path
from types import ModuleType

import pytest
from freqtrade.exceptions import OperationalException
from freqtrade.strategy.strategy_wrapper import strategy_safe_wrapper

from altseason.errors import InputError
from altseason.host.callbacks import guard_stake
from altseason.host.strategy_errors import is_of_a_strategy, naming_strategy_errors
from altseason.notifications import Notifier

MINE = """
import json

def read(text):
    return json.loads(text)

def divide(number):
    return 1 / number

def refuse():
    raise OperationalException("as Freqtrade's own")
"""
READ, DIVIDE = 5, 8


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of a user."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "Mine.py"
    path.write_text(MINE)
    spec = importlib.util.spec_from_file_location("Mine", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    vars(module)["OperationalException"] = OperationalException
    spec.loader.exec_module(module)
    return module


def test_file_and_line_are_those_of_the_strategy_and_not_of_the_library_it_calls(mine: ModuleType):
    with pytest.raises(InputError) as named, naming_strategy_errors("the backtest of it"):
        mine.read("[1,\n two]")
    assert str(named.value) == (
        "the backtest of it failed because of an error in the strategy: "
        f"Mine.py, line {READ}: JSONDecodeError: Expecting value: line 2 column 2 (char 5)"
    )


@pytest.mark.parametrize(("name", "argument"), [("divide", 0), ("read", "two")])
def test_error_that_freqtrade_takes_for_consent_is_raised_and_its_stack_not_shown(
    mine: ModuleType, name: str, argument: object, caplog: pytest.LogCaptureFixture
):
    """Freqtrade logs a ValueError, such as one of JSON, differently from others."""
    line = {"divide": DIVIDE, "read": READ}[name]
    callback = strategy_safe_wrapper(getattr(mine, name), default_retval=True)
    after: list[bool] = []

    def run() -> None:
        with naming_strategy_errors("the backtest of it"):
            after.append(callback(argument))

    with pytest.raises(InputError, match=f"Mine.py, line {line}: "):
        run()
    assert after == [True]
    assert caplog.text == ""
    # Elsewhere, as in a bot, nothing has changed.
    assert callback(argument)
    assert "Mine.py" in caplog.text or "read" in caplog.text


def test_error_for_which_a_guard_refuses_entries_is_raised(mine: ModuleType):
    class Strategy:
        def custom_stake_amount(self) -> float:
            return float(mine.divide(0))

    strategy = Strategy()
    guard_stake(strategy, Notifier(logging.getLogger("Mine")))
    with (
        pytest.raises(InputError, match=f"Mine.py, line {DIVIDE}: ZeroDivisionError"),
        naming_strategy_errors("the backtest of it"),
    ):
        assert strategy.custom_stake_amount() == 0


def test_error_that_is_a_line_already_is_raised_as_it_is(mine: ModuleType):
    with pytest.raises(OperationalException) as refused, naming_strategy_errors("the backtest"):
        mine.refuse()
    assert str(refused.value) == "as Freqtrade's own"


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (json.__file__, False),
        (pytest.__file__, False),
        (logging.__file__, False),
        (is_of_a_strategy.__code__.co_filename, False),
        ("<string>", False),
        ("/home/me/altseason/user_data/strategies/Mine.py", True),
    ],
)
def test_code_of_python_of_libraries_and_of_this_project_is_no_strategys(file: str, expected: bool):
    assert is_of_a_strategy(file) is expected
