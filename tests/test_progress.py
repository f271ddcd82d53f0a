"""Progress on a terminal and in a pipe, by what a person would see."""

import io

import pytest
from rich.console import Console

from altseason import progress
from altseason.progress import show_progress


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """A terminal of 80 columns in the place of stderr."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=80)
    monkeypatch.setattr(progress, "error_console", console)
    monkeypatch.setattr("freqtrade.loggers.error_console", console)
    return written


def test_bar_shows_done_total_and_time_left(screen: io.StringIO):
    with show_progress("coins", "Nothing.") as advance:
        advance(0, 4)
        advance(3, 4)
    shown = screen.getvalue()
    assert "Coins" in shown
    assert "3/4" in shown
    assert "75%" in shown
    # Time elapsed and time left.
    assert shown.count("0:00:0") >= 1


@pytest.mark.parametrize(
    ("at_once", "lines"), [(True, ["0 of 4 coins", "4 of 4 coins"]), (False, [])]
)
def test_pipe_gets_lines_and_no_bar(
    capsys: pytest.CaptureFixture[str], at_once: bool, lines: list[str]
):
    with show_progress("coins", "Nothing.", at_once=at_once) as advance:
        for done in range(5):
            advance(done, 4)
    assert capsys.readouterr().err.splitlines() == lines


def test_interrupt_says_what_is_kept(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(KeyboardInterrupt), show_progress("coins", "All is kept."):
        raise KeyboardInterrupt
    assert capsys.readouterr().err == "Stopped. All is kept.\n"
