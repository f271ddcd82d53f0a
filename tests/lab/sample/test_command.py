"""The sample market on disk: the same bytes again, and never among real candles."""

import argparse
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType

from altseason.dominance.synthetic import SYNTHETIC_MARKER, is_synthetic
from altseason.errors import InputError
from altseason_lab.commands import sample
from altseason_lab.sample.model import generate_market
from altseason_lab.sample.store import save_market

FILES = {
    "BTC_USDT-1h.feather",
    "ETH_USDT-1h.feather",
    "BNB_USDT-1h.feather",
    "SOL_USDT-1h.feather",
    "ADA_USDT-1h.feather",
    "BTCD_USD-1h.feather",
    "BTCD_USD-1d.feather",
    SYNTHETIC_MARKER,
}


def run_sample(*arguments: str) -> int:
    """Run the command as the command line does, with the same common options."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("-c", "--config", dest="config", action="append")
    common.add_argument("--userdir", dest="user_data_dir")
    common.add_argument("--datadir", dest="datadir")
    parser = argparse.ArgumentParser()
    sample.add_parser(parser.add_subparsers(required=True), common)
    options = parser.parse_args(["sample", *arguments])
    return int(options.run(options))


def read_hashes(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    datadir = tmp_path_factory.mktemp("sample") / "synthetic"
    save_market(generate_market(), datadir)
    return datadir


def test_save_market_writes_pairs_dominance_and_marker_and_nothing_else(written: Path) -> None:
    assert {path.name for path in written.iterdir()} == FILES


def test_save_market_is_read_by_freqtrade(written: Path) -> None:
    market = generate_market()
    handler = get_datahandler(written, "feather")

    def load(pair: str, timeframe: str) -> pd.DataFrame:
        return handler.ohlcv_load(pair, timeframe, CandleType.SPOT, fill_missing=False)

    pd.testing.assert_frame_equal(load("ADA/USDT", "1h"), market.candles["ADA/USDT"])
    pd.testing.assert_frame_equal(load("BTCD/USD", "1d"), market.dominance["1d"])


def test_marker_says_in_plain_words_what_this_is(written: Path) -> None:
    text = (written / "SYNTHETIC.txt").read_text(encoding="utf-8")
    assert "SYNTHETIC" in text
    assert "seed 10" in text
    assert "version 1" in text
    assert "nothing about real markets" in text


def test_is_synthetic_knows_marked_folders_alone(written: Path, tmp_path: Path) -> None:
    assert is_synthetic(written)
    assert not is_synthetic(tmp_path)
    assert not is_synthetic(tmp_path / "missing")


def test_sample_writes_the_same_bytes_in_another_process(written: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; "
        "from altseason_lab.sample.model import generate_market; "
        "from altseason_lab.sample.store import save_market; "
        "save_market(generate_market(), Path(sys.argv[1]))"
    )
    package_folder = Path(sample.__file__).parents[2]
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "again")],
        cwd=package_folder,
        check=True,
        timeout=120,
    )
    assert read_hashes(tmp_path / "again") == read_hashes(written)


def test_sample_overwrites_with_the_same_bytes(
    written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert run_sample("--datadir", str(tmp_path / "data")) == 0
        assert read_hashes(tmp_path / "data") == read_hashes(written)
    output = capsys.readouterr().out
    assert "synthetic" in output.lower()
    wide = [line for line in output.splitlines() if len(line) > 80]
    assert [line for line in wide if str(tmp_path) not in line] == []


def test_sample_writes_other_bytes_for_another_seed(written: Path, tmp_path: Path) -> None:
    run_sample("--datadir", str(tmp_path), "--seed", "11")
    default, other = read_hashes(written), read_hashes(tmp_path)
    assert default.keys() == other.keys()
    assert all(default[name] != other[name] for name in default)


def test_sample_goes_beside_the_exchanges_in_the_user_folder(tmp_path: Path) -> None:
    run_sample("--userdir", str(tmp_path))
    assert {path.name for path in (tmp_path / "data" / "synthetic").iterdir()} == FILES


def test_sample_goes_to_user_data_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run_sample()
    assert is_synthetic(tmp_path / "user_data" / "data" / "synthetic")


# A path through a folder that is missing seems to lead nowhere until that folder is created.
@pytest.mark.parametrize("way", [".", "missing/..", "../exchange"])
def test_sample_refuses_a_folder_with_other_files(tmp_path: Path, way: str) -> None:
    exchange = tmp_path / "exchange"
    exchange.mkdir()
    candles = exchange / "BTC_USDT-1h.feather"
    candles.write_bytes(b"real candles")
    with pytest.raises(InputError) as refusal:
        run_sample("--datadir", str(exchange / way))
    assert "\n" not in str(refusal.value)
    assert str(exchange) in str(refusal.value)
    assert [path.name for path in exchange.iterdir()] == ["BTC_USDT-1h.feather"]
    assert candles.read_bytes() == b"real candles"


def test_sample_refuses_a_file_as_its_folder(tmp_path: Path) -> None:
    target = tmp_path / "data"
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="found a file"):
        run_sample("--datadir", str(target))
    with pytest.raises(InputError, match="Not a directory"):
        run_sample("--datadir", str(target / "below"))
    assert target.read_text(encoding="utf-8") == "mine"


def test_sample_stores_in_the_configured_format(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"dataformat_ohlcv": "parquet"}', encoding="utf-8")
    run_sample("-c", str(config), "--datadir", str(tmp_path / "data"))
    assert (tmp_path / "data" / "BTCD_USD-1d.parquet").is_file()


def test_sample_refuses_an_unknown_format_before_it_writes(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"dataformat_ohlcv": "csv"}', encoding="utf-8")
    with pytest.raises(InputError, match="'csv'"):
        run_sample("-c", str(config), "--datadir", str(tmp_path / "data"))
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("seed", ["-1", "1.5", "x", ""])
def test_sample_refuses_a_seed_that_is_no_whole_number(
    seed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ending:
        run_sample("--datadir", str(tmp_path / "data"), f"--seed={seed}")
    assert ending.value.code == 2
    assert "whole number" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_sample_prints_one_json_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_sample("--datadir", str(tmp_path), "--seed", "3", "--json")
    summary = json.loads(capsys.readouterr().out)
    assert summary["synthetic"] is True
    assert summary["seed"] == 3
    assert summary["datadir"] == str(tmp_path)
    assert summary["data_format"] == "feather"
    assert summary["first_candle"] == "2021-01-01T00:00:00+00:00"
    assert summary["last_candle"] == "2024-12-31T23:00:00+00:00"
    assert summary["dominance_candles"] == {"1h": 35064, "1d": 1461}
    assert 1 < summary["dominance_lowest"] < summary["dominance_highest"] < 100


@pytest.mark.parametrize("exchange", ["binance", "kraken"])
def test_sample_refuses_the_folder_of_an_exchange(tmp_path: Path, exchange: str) -> None:
    folder = tmp_path / "data" / exchange
    with pytest.raises(InputError, match="a folder of its own"):
        run_sample("--datadir", str(folder))
    assert not folder.exists()
