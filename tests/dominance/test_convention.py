"""A folder holds one provider's dominance, remembers whose, and takes no other."""

from pathlib import Path

import pytest

from altseason.dominance.convention import convention_file, load_convention
from altseason.dominance.store import DominanceStore
from altseason.errors import StoredDataError
from tests.conftest import dominance_candles

DAYS = dominance_candles([60.0, 61.0], "2021-03-01")
HOURS = dominance_candles([60.0, 61.0], "2021-03-01", "1h")
LATER = dominance_candles([62.0], "2021-03-03")


def coinmarketcap(folder: Path, data_format: str = "feather") -> DominanceStore:
    return DominanceStore(folder, data_format, provider="coinmarketcap")


def test_folder_of_the_default_is_as_before(tmp_path: Path):
    DominanceStore(tmp_path).append(DAYS, "1d")
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        ".altseason.lock",
        "BTCD_USD-1d.feather",
    ]
    assert load_convention(tmp_path) == "coingecko"


def test_other_provider_is_remembered(tmp_path: Path):
    coinmarketcap(tmp_path).append(DAYS, "1d")
    assert load_convention(tmp_path) == "coinmarketcap"
    assert coinmarketcap(tmp_path).append(LATER, "1d").added == 1
    coinmarketcap(tmp_path).append(HOURS, "1h")


@pytest.mark.parametrize(
    ("first", "second"), [("coingecko", "coinmarketcap"), ("coinmarketcap", "coingecko")]
)
@pytest.mark.parametrize("timeframe", ["1d", "1h"])
def test_two_providers_are_never_mixed(tmp_path: Path, first: str, second: str, timeframe: str):
    candles = {"1d": LATER, "1h": HOURS}[timeframe]
    DominanceStore(tmp_path, provider=first).append(DAYS, "1d")
    before = (tmp_path / "BTCD_USD-1d.feather").read_bytes()
    other = DominanceStore(tmp_path, provider=second)
    for dry_run in (True, False):
        with pytest.raises(StoredDataError) as error:
            other.append(candles, timeframe, dry_run=dry_run)
        assert f"set altseason.dominance.provider to {first}, or move" in str(error.value)
        assert "\n" not in str(error.value)
    with pytest.raises(StoredDataError, match="never mixed"):
        other.load("1d")
    with pytest.raises(StoredDataError, match="never mixed"):
        other.validate_provider()
    assert (tmp_path / "BTCD_USD-1d.feather").read_bytes() == before
    assert not (tmp_path / "BTCD_USD-1h.feather").exists()
    assert DominanceStore(tmp_path, provider=first).load("1d")["close"].tolist() == [60.0, 61.0]


def test_another_format_of_the_candles_is_the_same_folder(tmp_path: Path):
    DominanceStore(tmp_path, "json").append(DAYS, "1d")
    with pytest.raises(StoredDataError, match=r"BTCD_USD-1d\.json away"):
        coinmarketcap(tmp_path, "feather").append(LATER, "1d")


def test_folder_whose_candles_were_moved_away_is_free(tmp_path: Path):
    coinmarketcap(tmp_path).append(DAYS, "1d")
    (tmp_path / "BTCD_USD-1d.feather").rename(tmp_path / "old.feather")
    DominanceStore(tmp_path).append(LATER, "1d")
    assert load_convention(tmp_path) == "coingecko"
    with pytest.raises(StoredDataError, match="never mixed"):
        coinmarketcap(tmp_path).load("1d")


def test_change_of_what_is_remembered_is_seen_by_who_has_read(tmp_path: Path):
    store = coinmarketcap(tmp_path)
    store.append(DAYS, "1d")
    assert len(store.load("1d")) == 2
    convention_file(tmp_path).unlink()
    with pytest.raises(StoredDataError, match="coingecko's dominance"):
        store.load("1d")


def test_candles_that_several_folders_share_are_of_one_provider(tmp_path: Path):
    shared, other = tmp_path / "shared", tmp_path / "other"
    coinmarketcap(shared).append(DAYS, "1d")
    other.mkdir()
    (other / "BTCD_USD-1d.feather").symlink_to(shared / "BTCD_USD-1d.feather")
    assert coinmarketcap(other).append(LATER, "1d").added == 1
    with pytest.raises(StoredDataError, match="never mixed"):
        DominanceStore(other).load("1d")


def test_synthetic_candles_are_nobody_s(tmp_path: Path):
    (tmp_path / "SYNTHETIC.txt").write_text("made up")
    DominanceStore(tmp_path).append(DAYS, "1d")
    assert coinmarketcap(tmp_path).append(LATER, "1d").added == 1
    assert not convention_file(tmp_path).exists()


@pytest.mark.parametrize("text", [b"", b"tradingview\n", b"\xff\xfe\x00", b"coingecko-pro\n"])
def test_damaged_file_is_told(tmp_path: Path, text: bytes):
    coinmarketcap(tmp_path).append(DAYS, "1d")
    convention_file(tmp_path).write_bytes(text)
    for store in (coinmarketcap(tmp_path), DominanceStore(tmp_path)):
        with pytest.raises(StoredDataError, match="expected coingecko or coinmarketcap"):
            store.load("1d")


@pytest.mark.parametrize("text", ["coinmarketcap", "coinmarketcap\r\nwhatever"])
def test_first_line_is_what_counts(tmp_path: Path, text: str):
    coinmarketcap(tmp_path).append(DAYS, "1d")
    convention_file(tmp_path).write_text(text)
    assert len(coinmarketcap(tmp_path).load("1d")) == 2


def test_process_that_dies_before_the_candles_leaves_a_free_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def die(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(DominanceStore, "_write", die)
        with pytest.raises(OSError, match="no space"):
            coinmarketcap(tmp_path).append(DAYS, "1d")
    assert convention_file(tmp_path).exists()
    DominanceStore(tmp_path).append(DAYS, "1d")
    assert load_convention(tmp_path) == "coingecko"
