"""An import notes if the file's format belongs to another provider than the stored pair."""

from pathlib import Path

import pytest

from altseason.cli import main
from altseason.dominance.convention import load_convention
from altseason.dominance.store import DominanceStore

ROWS = "timestamp,btc_dominance,eth_dominance\n" + "".join(
    f"2024-09-{day:02}T00:00:00.000Z,56.{day:02}49,13.1\n" for day in range(1, 11)
)
NOTE = "By its format this file is from CoinMarketCap"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "series.csv"
    path.write_text(ROWS)
    return path


def import_file(file: Path, datadir: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["dominance", "import", str(file), "--datadir", str(datadir)]) == 0
    return " ".join(capsys.readouterr().out.split())


def test_format_of_another_provider_is_noted(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    output = import_file(file, tmp_path / "data", capsys)
    assert NOTE in output
    assert "set it to coinmarketcap and use an empty folder" in output


def test_import_is_of_the_provider_of_the_settings(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FREQTRADE__ALTSEASON__DOMINANCE__PROVIDER", "coinmarketcap")
    assert NOTE not in import_file(file, tmp_path / "data", capsys)
    assert load_convention(tmp_path / "data") == "coinmarketcap"
    assert len(DominanceStore(tmp_path / "data", provider="coinmarketcap").load("1d")) == 10
