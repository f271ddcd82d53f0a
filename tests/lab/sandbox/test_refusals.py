"""What the sandbox refuses: one line, exit code 2, and nothing is run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from altseason.cli import main
from tests.lab.emulator.candle_files import make_candles, store_candles


@pytest.fixture
def refuse(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the command; gives its one line."""

    def refuse(*words: str) -> str:
        assert main(["sandbox", *words]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        (line,) = captured.err.splitlines()
        return line

    return refuse


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--"],
        ["--", "python", "-m", "freqtrade"],
        ["--", "backtesting"],
        ["--datadir", "data"],
        ["--", "--", "freqtrade", "list-pairs"],
    ],
)
def test_anything_but_freqtrade_is_refused(refuse: Callable[..., str], words: list[str]) -> None:
    assert "-- freqtrade COMMAND" in refuse(*words)


def test_trading_without_candles_of_the_whitelist_is_refused(
    home: Path,
    refuse: Callable[..., str],
    write_config: Callable[..., str],
    write_candles: Callable[[str], Path],
) -> None:
    write_config(exchange={"name": "binance", "pair_whitelist": ["ADA/USDT", "BNB/USDT"]})
    write_candles("data")
    line = refuse("--datadir", "data", "--", "freqtrade", "trade", "--strategy", "ClockStrategy")
    assert "pair of the whitelist (ADA/USDT, BNB/USDT), found ETH/USDT, SOL/USDT" in line


def test_trading_on_a_day_of_candles_is_refused(
    home: Path, refuse: Callable[..., str], write_config: Callable[..., str]
) -> None:
    write_config()
    store_candles(home / "data", "ETH/USDT", make_candles(24))
    line = refuse("--datadir", "data", "--", "freqtrade", "trade")
    assert "candles of 2 days or more to trade on, found 1.0 days" in line


def test_a_configuration_on_standard_input_is_refused(
    home: Path, refuse: Callable[..., str]
) -> None:
    assert "`-c -`" in refuse("--", "freqtrade", "list-pairs", "-c", "-")


def test_a_missing_configuration_is_refused(home: Path, refuse: Callable[..., str]) -> None:
    assert 'Config file "config.json" not found' in refuse("--", "freqtrade", "backtesting")


def test_a_configuration_without_an_exchange_is_refused(
    home: Path, refuse: Callable[..., str]
) -> None:
    (home / "a.json").write_text("{}")
    line = refuse("--", "freqtrade", "list-pairs", "-c", "a.json")
    assert "a.json: expected a section 'exchange'" in line


@pytest.mark.parametrize(
    "words",
    [
        ["--datadir", "nowhere", "--", "freqtrade", "list-pairs"],
        ["--", "freqtrade", "list-pairs", "--datadir", "nowhere"],
        ["--", "freqtrade", "download-data", "--pairs", "ETH/USDT", "--datadir", "nowhere"],
    ],
)
def test_a_missing_folder_is_refused_and_not_made(
    home: Path, refuse: Callable[..., str], write_config: Callable[..., str], words: list[str]
) -> None:
    write_config()
    line = refuse(*words)
    assert "nowhere: expected a folder with candle files" in line
    assert "altseason sample" in line
    assert not (home / "nowhere").exists()


def test_a_folder_without_candles_is_refused(
    home: Path, refuse: Callable[..., str], write_config: Callable[..., str]
) -> None:
    write_config()
    (home / "empty").mkdir()
    for words in (
        ["--datadir", "empty", "--", "freqtrade", "list-pairs"],
        ["--", "freqtrade", "list-pairs", "--datadir", "empty"],
    ):
        assert "empty: expected candle files (feather), found none" in refuse(*words)
    # The default folder of the configured exchange.
    line = refuse("--", "freqtrade", "list-pairs")
    assert f"{Path('user_data/data/binance')}: expected candle files" in line


def test_the_stored_format_is_the_configured_one(
    home: Path,
    refuse: Callable[..., str],
    write_config: Callable[..., str],
    write_candles: Callable[[str], Path],
) -> None:
    write_candles("data")
    write_config("json.json", dataformat_ohlcv="json")
    freqtrade = ["--", "freqtrade", "list-pairs", "-c", "json.json"]
    assert "(json), found none" in refuse(*freqtrade, "--datadir", "data")
    assert "(json), found none" in refuse("-c", "json.json", "-d", "data", *freqtrade)


@pytest.mark.parametrize("changes", [{"trading_mode": "futures", "margin_mode": "isolated"}])
def test_futures_are_refused(
    refuse: Callable[..., str], write_config: Callable[..., str], changes: dict[str, str]
) -> None:
    write_config(**changes)
    assert "expected trading mode spot, found futures" in refuse("--", "freqtrade", "list-pairs")


def test_what_freqtrades_parser_refuses_ends_as_it_does_there(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["sandbox", "--", "freqtrade", "backtesting", "--no-such-option"])
    assert stopped.value.code == 2
    assert "freqtrade" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--", "freqtrade", "backtesting", "--help"], "usage: freqtrade backtesting"),
        (["--", "freqtrade", "--help"], "usage: freqtrade"),
        (["--datadir", "x", "--", "freqtrade", "trade", "-h"], "usage: freqtrade trade"),
        (["freqtrade", "list-data", "--help"], "usage: freqtrade list-data"),
        (["--help"], "usage: altseason sandbox"),
    ],
)
def test_help_is_that_of_whom_it_asks(
    home: Path, capsys: pytest.CaptureFixture[str], words: list[str], expected: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["sandbox", *words])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith(expected)
