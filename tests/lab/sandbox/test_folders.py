"""Which folder is served and which is written; made-up candles never lie among real ones."""

import json
from argparse import Namespace
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import requests

from altseason.cli import main
from altseason_lab.emulator.in_thread import in_thread
from altseason_lab.emulator.market import Market
from altseason_lab.emulator.server import run_emulator
from altseason_lab.host.command import additional_arguments
from altseason_lab.sandbox import (
    load_command_configuration,
    load_served_configuration,
    parse_freqtrade_command,
)
from tests.conftest import STRATEGIES
from tests.lab.emulator.candle_files import make_candles, store_candles

MARKER = "SYNTHETIC.txt"
DOWNLOAD = ("freqtrade", "download-data", "--pairs", "ETH/USDT", "--timeframes", "1h")
PERIOD = ("--timerange", "20210101-20210201")
OWN = "user_data/data/binance"


@pytest.fixture
def synthetic(write_candles: Callable[[str], Path]) -> Path:
    datadir = write_candles("synthetic")
    (datadir / MARKER).write_text("SYNTHETIC: made up")
    return datadir


def served_folder(home: Path, *before: str, command: list[str]) -> Path:
    """Which folder the sandbox serves, relative to the working folder."""
    options = Namespace(config=None, user_data_dir=None, datadir=None)
    for name, value in zip(before[::2], before[1::2], strict=True):
        setattr(options, name, [value] if name == "config" else value)
    parsed = parse_freqtrade_command(["freqtrade", *command])
    config = load_command_configuration(parsed, options.datadir)
    served = load_served_configuration(parsed, config, options)
    return Path(served["datadir"]).resolve().relative_to(home)


def test_downloaded_candles_of_a_synthetic_folder_are_marked(
    home: Path, synthetic: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["sandbox", "-d", "synthetic", "--", *DOWNLOAD, *PERIOD, "--datadir", "copy"]
    assert main(words) == 0, capfd.readouterr().err
    assert {path.name for path in (home / "copy").iterdir()} == {"ETH_USDT-1h.feather", MARKER}
    capfd.readouterr()
    # What shows results says so there, too.
    words = ["--json", "--datadir", "copy", "--strategy-path", str(STRATEGIES)]
    assert main(["dominance", "status", *words]) == 0
    assert json.loads(capfd.readouterr().out)["synthetic"] is True


@pytest.mark.parametrize("target", ["user_data/data/binance", "real"])
def test_candles_of_a_synthetic_folder_are_not_downloaded_among_real_ones(
    home: Path, synthetic: Path, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    store_candles(home / "real", "ETH/USDT", make_candles(50, seed=9))
    before = (home / "real" / "ETH_USDT-1h.feather").read_bytes()
    words = [] if target.endswith("binance") else ["--datadir", target]
    words += [] if words else ["--exchange", "binance"]
    assert main(["sandbox", "-d", "synthetic", "--", *DOWNLOAD, *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(home / target) in line
    assert "nothing was written" in line
    assert (home / "real" / "ETH_USDT-1h.feather").read_bytes() == before
    assert [path for path in home.rglob("*") if path.name == MARKER] == [synthetic / MARKER]
    assert not list(home.glob("user_data/data/binance/*"))


def test_real_candles_are_not_downloaded_among_synthetic_ones(
    home: Path, synthetic: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store_candles(home / "real", "ETH/USDT", make_candles(50, seed=9))
    words = ["sandbox", "-d", "real", "--", *DOWNLOAD, "--datadir", "synthetic"]
    assert main(words) == 2
    assert "found synthetic candles" in capsys.readouterr().err


def test_a_page_that_downloads_gets_no_synthetic_candles(synthetic: Path) -> None:
    asked = {"symbol": "ETHUSDT", "interval": "1h", "limit": 1}
    for has_candles, status in ((True, 200), (False, 404)):
        with in_thread(run_emulator(Market(synthetic), has_candles=has_candles)) as url:
            answer = requests.get(f"{url}/api/v3/klines", params=asked, timeout=10)
            assert answer.status_code == status
            assert requests.get(f"{url}/api/v3/exchangeInfo", timeout=10).status_code == 200


def test_dominance_is_not_imported_from_a_synthetic_folder_among_real_candles(
    home: Path, synthetic: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = synthetic / "dominance.csv"
    table.write_text("date,dominance\n2021-01-01,60.5\n2021-01-02,59.5\n")
    store_candles(home / "real", "ETH/USDT", make_candles(50, seed=9))
    assert main(["dominance", "import", str(table), "--datadir", "real"]) == 2
    assert "expected a new or empty folder, or one with SYNTHETIC.txt" in capsys.readouterr().err
    assert [path.name for path in (home / "real").iterdir()] == ["ETH_USDT-1h.feather"]
    (home / "empty").mkdir()
    assert main(["dominance", "import", str(table), "--datadir", "empty"]) == 0
    assert (home / "empty" / MARKER).read_text() == "SYNTHETIC: made up"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (["user_data_dir", "mine"], ["--datadir", "theirs"], "theirs"),
        (["user_data_dir", "mine"], [], "mine/data/kraken"),
        (["datadir", "theirs"], ["--userdir", "mine"], "theirs"),
        (["datadir", "theirs"], ["--datadir", "other"], "theirs"),
        (["config", "okx.json"], ["--userdir", "mine"], "mine/data/okx"),
        (["config", "okx.json"], ["--userdir", "mine", "--datadir", "theirs"], "theirs"),
    ],
)
def test_the_folder_that_is_served(
    home: Path,
    write_config: Callable[..., str],
    before: list[str],
    after: list[str],
    expected: str,
) -> None:
    for name in ("mine", "theirs", "other"):
        (home / name).mkdir()
    for name, exchange in (("mine/config.json", "kraken"), ("okx.json", "okx")):
        write_config(name, exchange={"name": exchange, "pair_whitelist": []})
    write_config()
    assert served_folder(home, *before, command=["list-pairs", *after]) == Path(expected)


@pytest.mark.parametrize(
    ("command", "after", "expected"),
    [
        ("backtesting", [], "theirs"),
        ("hyperopt", [], "theirs"),
        ("list-data", [], "theirs"),
        ("backtesting", ["--datadir", "other"], None),
        # What is served is never written to.
        ("download-data", [], "user_data/data/binance"),
        (
            "convert-data",
            ["--format-from", "json", "--format-to", "feather"],
            "user_data/data/binance",
        ),
    ],
)
def test_command_reads_the_folder_that_is_served_unless_it_names_its_own(
    home: Path,
    write_config: Callable[..., str],
    command: str,
    after: list[str],
    expected: str | None,
) -> None:
    write_config()
    parsed = parse_freqtrade_command(["freqtrade", command, *after])
    config = load_command_configuration(parsed, "theirs")
    words = additional_arguments(parsed, config, Path("emulator.json"))
    found = [Path(word).resolve() for name, word in pairwise(words) if name == "--datadir"]
    assert found == ([] if expected is None else [home / expected])


def test_the_commands_own_user_data_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without a ./user_data."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    store_candles(tmp_path / "candles", "ADA/EUR", make_candles(50))
    words = ["freqtrade", "list-pairs", "--exchange", "binance", "--userdir", "mine", "-1"]
    assert main(["sandbox", "--datadir", "candles", "--", *words]) == 0
    assert capfd.readouterr().out.split() == ["ADA/EUR"]


@pytest.mark.parametrize(
    ("pairlist", "needs"),
    [
        ({"method": "MarketCapPairList", "number_assets": 3, "max_rank": 50}, "market caps"),
        ({"method": "RemotePairList", "pairlist_url": "https://example.org/x"}, "a server"),
        ({"method": "ProducerPairList", "producer_name": "x"}, "another bot"),
    ],
)
@pytest.mark.parametrize("command", ["backtesting", "trade", "test-pairlist"])
def test_pairlists_that_need_more_than_candles_are_refused(
    write_config: Callable[..., str],
    write_candles: Callable[[str], Path],
    capsys: pytest.CaptureFixture[str],
    pairlist: dict[str, object],
    needs: str,
    command: str,
) -> None:
    write_config(pairlists=[pairlist])
    write_candles("user_data/data/binance")
    assert main(["sandbox", "--", "freqtrade", command]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(pairlist["method"]) in line
    assert needs in line
    assert "StaticPairList" in line
