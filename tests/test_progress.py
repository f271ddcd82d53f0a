"""Progress on a terminal and in a pipe, as a person would see it."""

import io

import pytest
from rich.console import Console

from altseason import progress
from altseason.progress import show_progress


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """A terminal of 80 columns instead of stderr."""
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


def test_lines_of_a_pipe_say_how_long_the_rest_takes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with show_progress("coins", "Nothing.") as advance:
        # 100 were done before: 10 in 40 seconds are 4 seconds each.
        for seconds, done in [(0, 100), (40, 110), (80, 190), (120, 195), (3720, 196), (7200, 200)]:
            now[0] = float(seconds)
            advance(done, 200)
    assert capsys.readouterr().err.splitlines() == [
        "110 of 200 coins, about 6 min left",
        "190 of 200 coins, less than a minute left",
        "195 of 200 coins, less than a minute left",
        "196 of 200 coins, about 3 min left",
        "200 of 200 coins",
    ]


def test_interrupt_says_what_is_kept(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(KeyboardInterrupt), show_progress("coins", "All is kept."):
        raise KeyboardInterrupt
    assert capsys.readouterr().err == "Stopped. All is kept.\n"
