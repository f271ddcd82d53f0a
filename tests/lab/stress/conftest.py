"""The command as a person runs it."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from altseason.cli import main
from tests.integration.freqtrade_runs import Home


@dataclass(frozen=True)
class Found:
    """What the command printed, and its exit code."""

    code: int
    output: str
    messages: str


@pytest.fixture
def stress(home: Home, capsys: pytest.CaptureFixture[str]) -> Callable[..., Found]:
    """Run the command offline on the sample."""

    def run(*words: str) -> Found:
        code = main(["stress", "--offline", "-d", str(home.datadir), *words])
        captured = capsys.readouterr()
        return Found(code, captured.out, captured.err)

    return run
