"""Every use of Freqtrade internals has a test and a row in the documentation."""

import re
from pathlib import Path

from tests.conftest import ROOT, STRATEGIES


def test_every_contact_has_a_test_and_a_row_in_the_table():
    modules = {path.stem for path in (STRATEGIES / "altseason" / "host").glob("[a-z]*.py")}
    tests = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py")}
    text = (ROOT / "docs" / "ARCHITECTURE.md").read_text()
    section = text.split("## Contacts with Freqtrade")[1].split("\n## ")[0]
    assert modules <= tests
    assert modules == set(re.findall(r"^\| `(\w+)\.py` \|", section, re.M))
