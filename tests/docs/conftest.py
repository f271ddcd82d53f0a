"""A folder in which a docker user works."""

from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as a docker user has it after the first line of the README."""
    userdir = tmp_path / "user_data"
    userdir.mkdir()
    for name in ("strategies", "overlays"):
        (userdir / name).symlink_to(ROOT / "user_data" / name)
    (userdir / "config.json").write_text((ROOT / "config.json.example").read_text())
    (tmp_path / "docker-compose.yml").write_text((ROOT / "docker-compose.yml").read_text())
    monkeypatch.chdir(tmp_path)
    return tmp_path
