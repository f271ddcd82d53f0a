"""Every command in the README and in docs/ is run, in order, as a reader would."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType

from altseason_lab.sample.model import SampleMarket, generate_market
from altseason_lab.sample.store import save_market
from tests.conftest import ROOT
from tests.docs import compose
from tests.integration.freqtrade_runs import run_well
from tests.providers.serving import COINGECKO_VARIABLE, serving
from tests.providers.world import three_coins
from tests.strategy.gated import PLAIN

DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))),
]
# The emulator, with candles that nothing marks as synthetic, stands in for the exchange; Freqtrade
# reads its own data directory. A download of dominance asks a small world of coins instead of
# CoinGecko. A line for docker that the document also has without docker is not run twice.
# `make test` runs this test.
PRELUDE = f"""
set -eu
PATH="{ROOT}/.venv/bin:$(dirname {sys.executable}):$PATH"
freqtrade() {{
    case "$*" in *--datadir*) ;; *) set -- "$@" --datadir {compose.OWN_DATADIR} ;; esac
    command altseason sandbox --datadir my_candles -- freqtrade "$@"
}}
docker() {{
    if [ "$2" != run ] || ! grep -qxF "$(shift 3; echo "$*")" "$DOCUMENT"; then
        python "{ROOT}/tests/docs/compose.py" "$@"
    fi
}}
make() {{ if [ "$1" != test ]; then command make "$@"; fi; }}
"""


def read_blocks(document: str, language: str, section: str = "") -> list[str]:
    text = (ROOT / document).read_text()
    if section:
        text = text.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.S | re.M)


def sections() -> list[tuple[str, str]]:
    """The parts of the documents that have commands; each can be read on its own."""
    titles = {name: re.findall(r"^## (.*)", (ROOT / name).read_text(), re.M) for name in DOCUMENTS}
    titles = {name: found if name == "README.md" else [""] for name, found in titles.items()}
    parts = [(name, title) for name, found in titles.items() for title in found]
    return [(name, title) for name, title in parts if read_blocks(name, "sh", title)]


def write_inputs(folder: Path, market: SampleMarket) -> None:
    """Write what a reader would bring: candles, and dominance in the formats that are shown."""
    save_market(market, folder / "user_data" / "data" / "synthetic")
    own = PLAIN.replace("Parent", "MyStrategy")
    (folder / "user_data" / "strategies" / "MyStrategy.py").write_text(own)
    (folder / "my_candles").mkdir()
    for pair, candles in market.candles.items():
        handler = get_datahandler(folder / "my_candles", "feather")
        handler.ohlcv_store(pair, "1h", candles, CandleType.SPOT)
    days = market.dominance["1d"]
    dates, closes = days["date"].dt.strftime("%Y-%m-%d"), days["close"]
    for name, header in [("my_dominance.csv", "date,dominance"), ("my_table.csv", "day,share")]:
        rows = "".join(f"{date},{close}\n" for date, close in zip(dates, closes, strict=True))
        (folder / name).write_text(f"{header}\n{rows}")
    shutil.copy(folder / "my_dominance.csv", folder / "user_data")
    for name, caps in [
        ("btc-usd-max.csv", closes * 1e9),
        ("total-market-cap.csv", closes * 0 + 1e11),
    ]:
        rows = "".join(
            f"{date} 00:00:00 UTC,{cap},1\n" for date, cap in zip(dates, caps, strict=True)
        )
        (folder / name).write_text(f"snapped_at,market_cap,total_volume\n{rows}")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The project's files as git has them, and an install that is already done."""
    listed = subprocess.check_output(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, text=True
    )
    for name in filter(None, listed.split("\0")):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    return tmp_path


@pytest.mark.parametrize(("document", "section"), sections())
def test_every_command_of_the_documents_runs(clone: Path, document: str, section: str):
    if not (ROOT / ".venv" / ".installed").exists():
        pytest.skip("the documents speak of an install by make")
    write_inputs(clone, generate_market())
    if document != "README.md":
        shutil.copy(clone / "config.json.example", clone / "user_data" / "config.json")
    before = list_untracked(clone)
    script = PRELUDE + "\n".join(read_blocks(document, "sh", section))
    with serving(three_coins().answer) as provider:
        environment = {**os.environ, COINGECKO_VARIABLE: provider.url, "DOCUMENT": document}
        output = run_well(["bash", "-c", script], clone, environment)
    # What a reader's own runs leave in a clone is none of git's; a strategy, as `altseason gate`
    # writes it, is.
    left = list_untracked(clone) - before
    assert {name for name in left if not name.startswith("user_data/strategies/")} == set()
    if "make backtest\n" in script:
        check_backtest(clone, output)
    if (clone / ".env").exists():  # it holds passwords
        assert (clone / ".env").stat().st_mode & 0o777 == 0o600


def list_untracked(clone: Path) -> set[str]:
    """Return the files that git would show in a clone without any commit."""
    subprocess.run(["git", "init", "--quiet"], cwd=clone, check=True)
    command = ["git", "ls-files", "-z", "--others", "--exclude-standard"]
    return set(subprocess.check_output(command, cwd=clone, text=True).split("\0"))


def check_backtest(clone: Path, output: str) -> None:
    """It ends with its result, stored where Freqtrade looks for results, and the next step."""
    results = clone / "user_data" / "backtest_results"
    found = re.findall(r"^(?:SYNTHETIC market, result|Result): (.*)$", output, re.M)
    assert {(clone / name).resolve() for name in found} == set(results.glob("*.zip"))
    assert len(found) == 2
    first = output.partition("SYNTHETIC market, result")[2].partition("Backtesting on")[0]
    steps = [line for line in first.splitlines() if re.match(r"  \S", line)]
    assert len(steps) >= 3
    assert "INFO" not in output
    assert "freqtrade" in (clone / "user_data" / "logs" / "make-backtest.log").read_text()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_of_the_documents_lead_somewhere(document: str):
    text = (ROOT / document).read_text()
    links = re.findall(r"\]\((?!https?://)([^)#]+)", text)
    missing = [link for link in links if not (ROOT / document).parent.joinpath(link).exists()]
    assert missing == []


def test_json_of_the_documents_is_what_the_settings_accept():
    from altseason.settings import load_settings

    for document in DOCUMENTS:
        for block in read_blocks(document, "json"):
            load_settings(json.loads("{" + block + "}"))


def test_ci_runs_what_the_readme_says():
    commands = (ROOT / ".ci" / "run").read_text().splitlines()
    assert "make test" in "".join(read_blocks("README.md", "sh"))
    assert commands[-2:] == ["make check", "make test"]
