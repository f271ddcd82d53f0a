"""What `altseason dominance import` changes in stored candles, and what it leaves alone."""

import json
from pathlib import Path

import pandas as pd
import pytest

from altseason.cli import main
from altseason.dominance.store import DominanceStore
from altseason.dominance.synthetic import is_synthetic, save_marker
from altseason.errors import DominanceMissingError
from altseason.gate.reader import DominanceReader
from altseason.recorder.log import MAX_BYTES
from altseason.settings import DominanceSettings
from tests.conftest import ROOT, dominance_candles
from tests.recorder.simulation import SimulatedClock, make_recording, record


def write(path: Path, closes: list[float], first: str = "2023-03-13") -> Path:
    days = pd.date_range(first, periods=len(closes))
    rows = [f"{day:%Y-%m-%d},{close}\n" for day, close in zip(days, closes, strict=True)]
    path.parent.mkdir(exist_ok=True)
    path.write_text("date,dominance\n" + "".join(rows))
    return path


def run(file: Path, datadir: Path, *words: str) -> int:
    paths = ("--datadir", str(datadir), "--userdir", str(ROOT / "user_data"))
    return main(["dominance", "import", str(file), *paths, *words])


def closes(datadir: Path) -> list[float]:
    return DominanceStore(datadir).load("1d")["close"].tolist()


def test_replacing_spares_recorded_candles_unless_all_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture
):
    datadir, clock = tmp_path / "data", SimulatedClock()
    datadir.mkdir()
    # The 14th has a reading in the log, and its candle; the 13th was imported.
    recording = make_recording(datadir, clock)
    record(recording, clock, "2023-03-14 23:30", 57.5)
    DominanceStore(datadir).append(dominance_candles([58.0, 57.5], "2023-03-13"), "1d")
    file = write(tmp_path / "new.csv", [58.5, 56.0])
    assert run(file, datadir) == 0
    assert closes(datadir) == [58.0, 57.5]
    assert run(file, datadir, "--replace") == 0
    assert closes(datadir) == [58.5, 57.5]
    assert "1 replace" not in capsys.readouterr().out.split("Stored in")[-1]
    assert run(file, datadir, "--replace", "all", "--json") == 0
    [change] = json.loads(capsys.readouterr().out)["timeframes"][0]["changes"]
    assert (change["stored"], change["new"], change["replaced"]) == (57.5, 56.0, True)
    assert closes(datadir) == [58.5, 56.0]


def test_replacing_spares_candles_that_were_recorded_long_ago(tmp_path: Path):
    """They are before the last megabyte of the log, which is all that a bot reads."""
    datadir, clock = tmp_path / "data", SimulatedClock()
    datadir.mkdir()
    recording = make_recording(datadir, clock)
    record(recording, clock, "2023-03-14 23:30", 57.5)
    record(recording, clock, "2023-03-16 00:00", 56.5)
    first, last = recording.log.path.read_bytes().splitlines(keepends=True)
    recording.log.path.write_bytes(first + last * (MAX_BYTES // len(last) + 1))
    DominanceStore(datadir).append(dominance_candles([58.0, 57.5], "2023-03-13"), "1d")
    assert run(write(tmp_path / "new.csv", [58.5, 56.0]), datadir, "--replace") == 0
    assert closes(datadir) == [58.5, 57.5]


def test_second_import_says_that_nothing_is_new(tmp_path: Path, capsys: pytest.CaptureFixture):
    datadir = tmp_path / "data"
    file = write(tmp_path / "a.csv", [58.0, 57.5])
    run(file, datadir)
    assert "Nothing new" not in capsys.readouterr().out
    run(file, datadir)
    assert "Nothing new: all of it is stored already." in capsys.readouterr().out
    run(write(tmp_path / "b.csv", [58.0, 57.0]), datadir)
    output = capsys.readouterr().out
    assert "2023-03-14 00:00: stored 57.5000, new 57.0000" in output
    assert "Nothing new: stored candles stay as they are." in output


@pytest.mark.parametrize(
    ("middle", "jumps"),
    [
        ([58.0, 62.5, 58.2], ["2023-03-14T00:00:00+00:00"]),
        ([58.0, 53.5, 58.2], ["2023-03-14T00:00:00+00:00"]),
        ([58.0, 62.5, 62.4], []),
        ([58.0, 61.9, 58.2], []),
        ([58.0, 62.5, 67.2], []),
    ],
)
def test_days_that_jump_and_come_back_are_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture, middle: list[float], jumps: list[str]
):
    assert run(write(tmp_path / "a.csv", [*middle, middle[-1] + 0.1]), tmp_path, "--json") == 0
    assert json.loads(capsys.readouterr().out)["timeframes"][0]["jumps"] == jumps


def test_outliers_are_reported_with_their_values_and_stored(
    tmp_path: Path, capsys: pytest.CaptureFixture
):
    file, datadir = write(tmp_path / "a.csv", [58.0, 62.5, 58.2, 58.3]), tmp_path / "data"
    assert run(file, datadir) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Outliers (1): days that jump by more than 4 points and come back on the next" in told
    assert "2023-03-14: 62.50 %, after 58.00 % and before 58.20 %" in told
    assert "left out of the mean once the next day has ended" in told
    assert closes(datadir) == [58.0, 62.5, 58.2, 58.3]
    assert not DominanceStore(datadir).keeps_outliers
    assert run(file, datadir, "--json") == 0
    facts = json.loads(capsys.readouterr().out)["timeframes"][0]
    day = {"date": "2023-03-14T00:00:00+00:00", "before": 58.0, "close": 62.5, "after": 58.2}
    assert (facts["outliers"], facts["outliers_kept"]) == ([day], False)


def test_outliers_are_counted_from_the_import_on_that_keeps_them(
    tmp_path: Path, capsys: pytest.CaptureFixture
):
    file, datadir = write(tmp_path / "a.csv", [58.0, 62.5, 58.2, 58.3]), tmp_path / "data"
    store = DominanceStore(datadir)
    assert run(file, datadir, "--keep-outliers", "--dry-run") == 0
    assert "counted in the mean" in " ".join(capsys.readouterr().out.split())
    assert not datadir.exists()
    assert run(file, datadir, "--keep-outliers") == 0
    assert store.keeps_outliers
    # The choice belongs to the stored series, so it also holds for later imports.
    assert run(file, datadir, "--json") == 0
    output = capsys.readouterr().out
    assert str(store.outliers_file) in output.replace("\n", "").replace(" ", "")
    assert json.loads(output.splitlines()[-1])["timeframes"][0]["outliers_kept"] is True


def test_refused_import_changes_no_choice(tmp_path: Path):
    datadir = tmp_path / "data"
    datadir.mkdir()
    DominanceStore(datadir).path("1d").write_bytes(b"damaged")
    file = write(tmp_path / "a.csv", [58.0, 62.5, 58.2, 58.3])
    assert run(file, datadir, "--keep-outliers") == 2
    assert not DominanceStore(datadir).keeps_outliers


def test_value_that_stands_still_for_days_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture
):
    values = [58.25, *[57.12] * 9]
    assert run(write(tmp_path / "a.csv", values), tmp_path / "data") == 0
    # It counts for three days after the 14th, when it was first read.
    told = "Frozen: 5 candles repeat one value for days, the first 2023-03-18 00:00."
    assert told in capsys.readouterr().out
    assert run(write(tmp_path / "a.csv", [*values[:5], 57.13]), tmp_path / "other") == 0
    assert "Frozen" not in capsys.readouterr().out


def test_dry_run_writes_nothing_and_marks_nothing(tmp_path: Path):
    source, datadir = tmp_path / "synthetic", tmp_path / "data"
    file = write(source / "a.csv", [58.0, 57.5])
    save_marker(source, seed=1, version=1)
    assert run(file, datadir, "--dry-run") == 0
    assert list(datadir.rglob("*")) == []
    assert run(file, datadir) == 0
    assert is_synthetic(datadir)
    assert closes(datadir) == [58.0, 57.5]


def test_dry_run_over_stored_candles_leaves_every_byte(tmp_path: Path):
    datadir = tmp_path / "data"
    run(write(tmp_path / "a.csv", [58.0, 57.5]), datadir)
    stored = DominanceStore(datadir).path("1d")
    before = (stored.read_bytes(), stored.stat().st_mtime_ns, sorted(datadir.iterdir()))
    assert run(write(tmp_path / "b.csv", [58.0, 56.5, 57]), datadir, "--replace", "--dry-run") == 0
    assert (stored.read_bytes(), stored.stat().st_mtime_ns, sorted(datadir.iterdir())) == before


def test_synthetic_file_is_refused_among_real_candles(tmp_path: Path):
    source, datadir = tmp_path / "synthetic", tmp_path / "data"
    file = write(source / "a.csv", [58.0, 57.5])
    save_marker(source, seed=1, version=1)
    run(write(tmp_path / "real.csv", [61.0]), datadir)
    assert run(file, datadir) == 2
    assert closes(datadir) == [61.0]
    assert not is_synthetic(datadir)


@pytest.mark.parametrize("content", ["", "date,dominance\n2023-03-13,0.58\n", "<html></html>"])
def test_refused_file_leaves_not_even_a_folder(tmp_path: Path, content: str):
    file = tmp_path / "a.csv"
    file.write_text(content)
    assert run(file, tmp_path / "data") == 2
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("other", ["json", "parquet"])
def test_missing_dominance_names_the_file_in_another_format_beside_it(tmp_path: Path, other: str):
    DominanceStore(tmp_path, other).append(dominance_candles([58.0], "2023-03-13"), "1d")
    reader = DominanceReader({"datadir": tmp_path}, DominanceSettings(timeframe="1d"))
    with pytest.raises(DominanceMissingError, match=rf"\(BTCD_USD-1d\.{other} beside it is of"):
        reader.require()


def test_dry_run_makes_no_folder_either(tmp_path: Path):
    user_data = tmp_path / "user_data"
    file = write(tmp_path / "a.csv", [58.0, 57.5])
    user_data.mkdir()
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"exchange": {"name": "binance"}}))
    words = ["dominance", "import", str(file), "--userdir", str(user_data), "--dry-run"]
    before = sorted(tmp_path.rglob("*"))
    assert main([*words, "--datadir", str(tmp_path / "data")]) == 0
    assert main([*words, "-c", str(config), "--replace"]) == 0
    assert sorted(tmp_path.rglob("*")) == before
    assert main([*words[:-1], "-c", str(config)]) == 0
    assert closes(user_data / "data" / "binance") == [58.0, 57.5]
    assert main([*words, "-c", str(config), "--json"]) == 0


def test_dry_run_names_the_file_that_an_import_would_write(
    tmp_path: Path, capsys: pytest.CaptureFixture
):
    file = write(tmp_path / "a.csv", [58.0, 57.5])
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"exchange": {"name": "kraken"}}))
    words = ["dominance", "import", str(file), "--userdir", str(tmp_path), "-c", str(config)]
    files = []
    for more in (["--dry-run"], []):
        assert main([*words, *more, "--json"]) == 0
        files.append(json.loads(capsys.readouterr().out)["timeframes"][0]["file"])
    assert files[0] == files[1] == str(tmp_path / "data" / "kraken" / "BTCD_USD-1d.feather")


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_interrupted_reading_says_that_nothing_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    file = write(tmp_path / "a.csv", [58.0, 57.5])
    monkeypatch.setattr("altseason.sources.rows.parse_times", interrupt)
    assert run(file, tmp_path / "data") == 130
    assert capsys.readouterr().err == "Stopped. Nothing was written.\n"
    assert list(tmp_path.iterdir()) == [file]


def test_interrupted_writing_says_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    file = write(tmp_path / "a.csv", [58.0, 57.5])
    with monkeypatch.context() as patch:
        patch.setattr(DominanceStore, "_write", interrupt)
        assert run(file, tmp_path / "data") == 130
    assert "Stopped. Each stored file is complete" in capsys.readouterr().err
    assert run(file, tmp_path / "data") == 0
    assert closes(tmp_path / "data") == [58.0, 57.5]


def test_large_file_shows_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    monkeypatch.setattr("altseason.commands.importing.LARGE", 0)
    monkeypatch.setattr("altseason.commands.importing.MEBIBYTE", 1)
    monkeypatch.setattr("altseason.progress.LINE_INTERVAL_SECONDS", 0)
    file = write(tmp_path / "a.csv", [58.0, 57.5])
    assert run(file, tmp_path / "data") == 0
    size = file.stat().st_size
    told = [line.split(" of ") for line in capsys.readouterr().err.splitlines()]
    done = [int(words[0]) for words in told]
    # On a slow machine there is also an estimate of the time left.
    assert {words[1].split(",")[0] for words in told} == {f"{size} MiB read"}
    assert done == sorted(done)
    assert done[-1] == size


def test_data_directory_that_is_not_there_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture
):
    """A typo in `-d` must not go unnoticed; Freqtrade also creates the folder and reports it."""
    file, datadir = write(tmp_path / "a.csv", [58.0, 57.5]), tmp_path / "no" / "typo"
    assert run(file, datadir, "--dry-run") == 0
    text = " ".join(capsys.readouterr().out.split())
    assert f"Data directory {datadir} does not exist" in text
    assert not datadir.exists()
    assert run(file, datadir, "--json") == 0
    assert json.loads(capsys.readouterr().out)["created_datadir"] == str(datadir)
    assert run(file, tmp_path / "another") == 0
    assert "Created data directory:" in capsys.readouterr().out
    assert run(file, datadir) == 0
    assert "data directory" not in capsys.readouterr().out


def test_range_is_reported_from_the_first_open_to_the_last_close(
    tmp_path: Path, capsys: pytest.CaptureFixture
):
    """In the form of `altseason dominance status`."""
    assert run(write(tmp_path / "a.csv", [58.0, 57.5]), tmp_path) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "first opens 2023-03-13 00:00, last closes 2023-03-15 00:00 UTC" in text


def test_replacing_corrects_stored_candles_and_lists_them(
    tmp_path: Path, capsys: pytest.CaptureFixture
):
    file, datadir = write(tmp_path / "a.csv", [58.25, 57.5, 57.75, 56.25]), tmp_path / "data"
    assert run(file, datadir, "--dry-run") == 0
    assert list(datadir.glob("BTCD*")) == []
    assert run(file, datadir) == 0
    assert run(file, datadir) == 0
    assert "Nothing new" in capsys.readouterr().out
    write(file, [58.25, 57.5, 55.75, 56.25])
    assert run(file, datadir, "--json") == 0
    assert json.loads(capsys.readouterr().out)["timeframes"][0]["replaced"] == 0
    assert run(file, datadir, "--replace", "--json") == 0
    [change] = json.loads(capsys.readouterr().out)["timeframes"][0]["changes"]
    assert change == {
        "date": "2023-03-15T00:00:00+00:00",
        "stored": 57.75,
        "new": 55.75,
        "replaced": True,
    }
    assert closes(datadir)[2] == 55.75
