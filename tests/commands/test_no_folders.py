"""Commands that only read create no folder: neither a misspelled one, nor those of Freqtrade."""

import json
from pathlib import Path

import pytest

from altseason.cli import main
from tests.conftest import STRATEGIES

READING = {
    "status": ["dominance", "status"],
    "rebuild": ["dominance", "rebuild"],
    "why": ["why"],
    "live": ["why", "--live", "--url", "http://127.0.0.1:9"],
    "dry run": ["dominance", "import", "dominance.csv", "--dry-run"],
    "stress": ["stress", "--offline"],
    "study": ["study", "--offline"],
    "walk-forward": ["walk-forward", "--offline"],
    "sandbox": ["sandbox"],
}
FREQTRADE = {"sandbox": ["--", "freqtrade", "backtesting"]}
CONFIG = {
    "stake_currency": "USDT",
    "stake_amount": 10,
    "exchange": {"name": "kraken", "pair_whitelist": ["ETH/USDT"]},
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "user_data").mkdir()
    (tmp_path / "user_data" / "strategies").symlink_to(STRATEGIES)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "dominance.csv").write_text("date,dominance\n2021-01-01,60.5\n2021-01-02,60\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("options", [["-c", "config.json"], ["-c", "config.json", "-d", "typo"]])
@pytest.mark.parametrize("name", READING)
def test_command_that_only_reads_makes_no_folder(home: Path, name: str, options: list[str]):
    before = sorted(home.rglob("*"))
    behind = [] if options[-1] == "typo" else ["-c", "config.json"]
    following = [*FREQTRADE[name], *behind] if name in FREQTRADE else []
    code = main([*READING[name], *options, *following])
    # That nothing is stored yet in the folder of the exchange is no error.
    assert code == (0 if name == "dry run" or (name == "status" and behind) else 2)
    assert sorted(home.rglob("*")) == before


@pytest.mark.parametrize("name", ["status", "rebuild", "why"])
def test_folder_that_is_named_but_not_there_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str], name: str
):
    assert main([*READING[name], "--datadir", "typo"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line == "altseason: typo: expected a folder with candle files, found no folder"


@pytest.mark.parametrize("name", ["import", "record"])
def test_command_that_writes_makes_the_folder(home: Path, name: str):
    words = {"import": ["import", "dominance.csv"], "record": ["record", "--once"]}[name]
    config = {**CONFIG, "altseason": {"dominance": {"urls": {"coingecko": "http://127.0.0.1:9"}}}}
    Path("config.json").write_text(json.dumps(config))
    main(["dominance", *words, "-c", "config.json", "-d", "new/folder"])
    assert Path("new/folder").is_dir()
