import fcntl
import multiprocessing
from pathlib import Path

import pandas as pd
import pytest
from freqtrade.data.history import load_pair_history
from pandas.testing import assert_frame_equal

from altseason.dominance.store import DominanceStore
from altseason.errors import BusyError, StoredDataError
from tests.conftest import dominance_candles

FORMATS = ["feather", "parquet", "json", "jsongz"]


@pytest.mark.parametrize("data_format", FORMATS)
def test_append_writes_what_freqtrade_reads(tmp_path: Path, data_format: str):
    candles = dominance_candles([60.0, 61.5, 62.25], "2021-03-01")
    DominanceStore(tmp_path, data_format).append(candles, "1d")
    by_freqtrade = load_pair_history("BTCD/USD", "1d", tmp_path, data_format=data_format)
    assert_frame_equal(by_freqtrade, candles, check_dtype=False)


@pytest.mark.parametrize("data_format", FORMATS)
def test_load_gives_back_what_was_appended(tmp_path: Path, data_format: str):
    candles = dominance_candles([60.0, 61.5], "2021-03-01", "1h")
    DominanceStore(tmp_path, data_format).append(candles, "1h")
    assert_frame_equal(DominanceStore(tmp_path, data_format).load("1h"), candles, check_dtype=False)


def test_load_of_nothing_is_empty(tmp_path: Path):
    assert DominanceStore(tmp_path).load("1d").empty


def test_load_sees_what_another_process_appended(tmp_path: Path):
    reader = DominanceStore(tmp_path)
    DominanceStore(tmp_path).append(dominance_candles([60.0], "2021-03-01"), "1d")
    first = reader.load("1d")
    assert reader.load("1d") is first
    DominanceStore(tmp_path).append(dominance_candles([61.0], "2021-03-02"), "1d")
    assert reader.load("1d")["close"].tolist() == [60.0, 61.0]


def test_append_does_not_wait_for_ever_for_another_process(tmp_path: Path):
    store = DominanceStore(tmp_path, timeout=0.05)
    candles = dominance_candles([60.0], "2021-03-01")
    with (tmp_path / ".altseason.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(BusyError, match="lock"):
            store.append(candles, "1d")
    assert store.append(candles, "1d").added == 1


def test_load_leaves_out_candles_that_were_only_filled_in(tmp_path: Path):
    store = DominanceStore(tmp_path)
    store.append(dominance_candles([60.0], "2021-03-01"), "1d")
    store.append(dominance_candles([63.0], "2021-03-04"), "1d")
    # Freqtrade fills the two missing days when it loads and stores them again.
    filled = load_pair_history("BTCD/USD", "1d", tmp_path)
    assert len(filled) == 4
    filled.to_feather(store.path("1d"), compression="lz4")
    assert DominanceStore(tmp_path).load("1d")["close"].tolist() == [60.0, 63.0]


def test_append_of_older_or_shorter_candles_loses_nothing(tmp_path: Path):
    store = DominanceStore(tmp_path)
    store.append(dominance_candles([62.0, 63.0, 64.0], "2021-03-03"), "1d")
    older = store.append(dominance_candles([60.0, 61.0], "2021-03-01"), "1d")
    shorter = store.append(dominance_candles([63.0], "2021-03-04"), "1d")
    assert store.load("1d")["close"].tolist() == [60.0, 61.0, 62.0, 63.0, 64.0]
    assert (older.added, shorter.added) == (2, 0)
    assert older.disagreements.empty
    assert shorter.disagreements.empty


def test_append_keeps_the_stored_candle_and_reports_the_other(tmp_path: Path):
    store = DominanceStore(tmp_path)
    store.append(dominance_candles([60.0, 61.0], "2021-03-01"), "1d")
    result = store.append(dominance_candles([50.0, 62.0], "2021-03-02"), "1d")
    assert store.load("1d")["close"].tolist() == [60.0, 61.0, 62.0]
    assert result.disagreements[["stored", "offered", "replaced"]].to_numpy().tolist() == [
        [61.0, 50.0, False]
    ]


def test_append_takes_the_candle_with_more_readings(tmp_path: Path):
    store = DominanceStore(tmp_path)
    store.append(dominance_candles([60.0, 61.0], "2021-03-01"), "1d")
    fuller = dominance_candles([61.5], "2021-03-02").assign(volume=24.0)
    result = store.append(fuller, "1d")
    assert store.load("1d")["close"].tolist() == [60.0, 61.5]
    assert store.load("1d")["volume"].tolist() == [1.0, 24.0]
    assert result.disagreements["replaced"].tolist() == [True]


def test_what_was_added_and_what_was_replaced_are_both_changes(tmp_path: Path):
    store = DominanceStore(tmp_path)
    store.append(dominance_candles([60.0, 61.0, 62.0], "2021-03-01"), "1d")
    better = dominance_candles([60.5, 61.5, 62.0, 63.0], "2021-03-01")
    better["volume"] = 9.0
    result = store.append(better, "1d")
    assert (result.added, result.changes) == (1, 3)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux has /proc/self/fd")
def test_append_leaves_no_file_open(tmp_path: Path):
    """A bot appends every ten minutes, for months."""
    store = DominanceStore(tmp_path)
    counts = []
    for day in range(1, 5):
        store.append(dominance_candles([60.0], f"2021-03-0{day}"), "1d")
        counts.append(len(list(Path("/proc/self/fd").iterdir())))
    assert counts[1:] == [counts[1]] * 3


def test_append_of_the_same_candles_does_not_touch_the_file(tmp_path: Path):
    store = DominanceStore(tmp_path)
    store.append(dominance_candles([60.0, 61.0], "2021-03-01"), "1d")
    before = store.path("1d").stat()
    store.append(dominance_candles([60.0, 61.0], "2021-03-01"), "1d")
    assert store.path("1d").stat() == before


def test_append_of_invalid_candles_leaves_the_file_as_it_was(tmp_path: Path):
    store = DominanceStore(tmp_path)
    store.append(dominance_candles([60.0], "2021-03-01"), "1d")
    before = store.path("1d").read_bytes()
    with pytest.raises(StoredDataError, match="percent"):
        store.append(dominance_candles([0.61], "2021-03-02"), "1d")
    assert store.path("1d").read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"not a feather file", b"ARROW1" + b"\0" * 50])
def test_append_to_a_damaged_file_refuses_and_leaves_it(tmp_path: Path, content: bytes):
    store = DominanceStore(tmp_path)
    store.path("1d").write_bytes(content)
    with pytest.raises(StoredDataError, match=r"move .* away"):
        store.append(dominance_candles([60.0], "2021-03-01"), "1d")
    assert store.path("1d").read_bytes() == content


def test_load_of_another_pair_s_candles_is_refused(tmp_path: Path):
    store = DominanceStore(tmp_path)
    store.append(dominance_candles([60.0], "2021-03-01"), "1d")
    prices = store.load("1d").assign(close=30_000.0)
    prices.to_feather(store.path("1d"), compression="lz4")
    with pytest.raises(StoredDataError, match="found 30000"):
        DominanceStore(tmp_path).load("1d")


def test_append_leaves_nothing_but_the_candles_and_the_lock(tmp_path: Path):
    store = DominanceStore(tmp_path)
    store.append(dominance_candles([60.0], "2021-03-01"), "1d")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".altseason.lock",
        "BTCD_USD-1d.feather",
    ]


def _append_day(arguments: tuple[Path, int]) -> None:
    folder, day = arguments
    candles = dominance_candles(
        [50.0 + day], str(pd.Timestamp("2021-03-01") + pd.Timedelta(days=day))
    )
    DominanceStore(folder).append(candles, "1d")


def test_append_from_several_processes_at_once_keeps_every_candle(tmp_path: Path):
    with multiprocessing.get_context("fork").Pool(4) as pool:
        pool.map(_append_day, [(tmp_path, day) for day in range(24)], chunksize=1)
    assert DominanceStore(tmp_path).load("1d")["close"].tolist() == [
        50.0 + day for day in range(24)
    ]


def test_append_removes_what_a_killed_process_left_and_nothing_else(tmp_path: Path):
    for name in (".altseason-part-x1", ".altseason-download"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("half")
    DominanceStore(tmp_path).append(dominance_candles([50.0], "2026-01-01"), "1d")
    assert not (tmp_path / ".altseason-part-x1").exists()
    assert (tmp_path / ".altseason-download" / "file").exists()


def test_what_was_appended_is_what_another_process_loads(tmp_path: Path):
    store = DominanceStore(tmp_path)
    store.append(dominance_candles([50.0, 51.0], "2026-01-01"), "1d")
    store.append(dominance_candles([49.5], "2025-12-31"), "1d")
    pd.testing.assert_frame_equal(store.load("1d"), DominanceStore(tmp_path).load("1d"))


@pytest.mark.parametrize("data_format", FORMATS)
def test_append_writes_through_a_link_to_the_candles_of_another_folder(
    tmp_path: Path, data_format: str
):
    ours, shared = tmp_path / "ours", tmp_path / "shared"
    ours.mkdir()
    there, here = DominanceStore(shared, data_format), DominanceStore(ours, data_format)
    there.append(dominance_candles([60.0], "2021-03-01"), "1d")
    target = there.path("1d").rename(shared / "of-any-name")
    here.path("1d").symlink_to("../shared/of-any-name")
    here.append(dominance_candles([61.0], "2021-03-02"), "1d")
    assert here.path("1d").is_symlink()
    there.path("1d").symlink_to(target)
    assert there.load("1d")["close"].tolist() == [60.0, 61.0]
    assert here.load("1d")["close"].tolist() == [60.0, 61.0]
    names = {path.name for path in (*ours.iterdir(), *shared.iterdir())}
    assert names == {".altseason.lock", "of-any-name", there.path("1d").name}


def test_two_folders_that_share_a_linked_file_wait_for_one_another(tmp_path: Path):
    here = DominanceStore(tmp_path / "ours", timeout=0.05)
    (tmp_path / "ours").mkdir()
    here.path("1d").symlink_to(DominanceStore(tmp_path).path("1d"))
    with (tmp_path / ".altseason.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(BusyError, match="lock"):
            here.append(dominance_candles([60.0], "2021-03-01"), "1d")
    assert here.append(dominance_candles([60.0], "2021-03-01"), "1d").added == 1


def test_append_does_not_touch_what_a_link_in_the_place_of_the_lock_leads_to(tmp_path: Path):
    (tmp_path / "wallet").write_text("precious")
    (tmp_path / ".altseason.lock").symlink_to("wallet")
    DominanceStore(tmp_path).append(dominance_candles([60.0], "2021-03-01"), "1d")
    assert (tmp_path / "wallet").read_text() == "precious"


def test_load_sees_a_change_that_keeps_the_size(tmp_path: Path):
    reader = DominanceStore(tmp_path, "json")
    reader.append(dominance_candles([60.0], "2021-03-01"), "1d")
    size = reader.path("1d").stat().st_size
    fuller = dominance_candles([61.0], "2021-03-01").assign(volume=2.0)
    DominanceStore(tmp_path, "json").append(fuller, "1d")
    assert reader.path("1d").stat().st_size == size
    assert reader.load("1d")["close"].tolist() == [61.0]


def test_append_reports_a_close_that_differs_by_little(tmp_path: Path):
    store = DominanceStore(tmp_path)
    store.append(dominance_candles([60.0, 61.0], "2021-03-01"), "1d")
    # 0.01 is what providers publish; a float's noise is none.
    result = store.append(dominance_candles([60.01, 61.0 + 1e-12], "2021-03-01"), "1d")
    assert result.disagreements["offered"].tolist() == [60.01]
