"""An import into the pair without stablecoins needs a confirmation, since no name tells it."""

from pathlib import Path

import pytest

from altseason.cli import main

NAMES = {
    "btc_dominance": "expected dominance without stablecoins for BTCDX/USD",
    "btc_dominance_ex_stablecoins": "has 'ex' in its name",
}


@pytest.mark.parametrize(("column", "reason"), NAMES.items(), ids=NAMES)
def test_file_is_read_into_the_pair_without_stablecoins_only_where_the_user_insists(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], column: str, reason: str
):
    file, datadir = tmp_path / "mine.csv", tmp_path / "data"
    rows = "".join(f"2024-01-{day:02},6{day % 10}.5\n" for day in range(1, 20))
    file.write_text(f"date,{column}\n{rows}")
    words = ["dominance", "import", str(file), "--pair", "BTCDX/USD", "-d", str(datadir)]
    assert main(words) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert reason in line
    assert "--insist" in line
    assert not datadir.exists()
    assert main([*words, "--insist"]) == 0
    assert [path.name for path in datadir.glob("*.feather")] == ["BTCDX_USD-1d.feather"]
