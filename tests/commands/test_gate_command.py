"""`altseason gate` writes a gated version of a strategy, or nothing."""

import json
import sys
from pathlib import Path

import pytest
from freqtrade.resolvers import StrategyResolver

from altseason.cli import main
from altseason.strategy import AltSeasonGate
from tests.strategy.gated import PLAIN


@pytest.fixture
def strategies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder with one strategy, and no configuration."""
    folder = tmp_path / "user_data" / "strategies"
    folder.mkdir(parents=True)
    (folder / "Mine.py").write_text(PLAIN.replace("Parent", "MyStrategy"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "Mine", raising=False)
    return folder


def load(folder: Path, name: str) -> AltSeasonGate:
    config = {
        "strategy": name,
        "strategy_path": str(folder),
        "user_data_dir": folder.parent,
        "datadir": folder,
        "runmode": "backtest",
    }
    strategy = StrategyResolver.load_strategy(config)
    assert isinstance(strategy, AltSeasonGate)
    return strategy


def test_file_is_written_that_freqtrade_loads(strategies: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["gate", "MyStrategy"]) == 0
    strategy = load(strategies, "MyStrategyGated")
    assert strategy.gate_rule.mode == "falling"
    output = capsys.readouterr()
    assert "Wrote user_data/strategies/MyStrategyGated.py." in output.out
    assert "--strategy-list MyStrategy MyStrategyGated" in output.out
    assert "Copy the folder altseason beside MyStrategyGated.py" in output.err
    assert sorted(path.name for path in strategies.glob("*.py")) == [
        "Mine.py",
        "MyStrategyGated.py",
    ]


def test_mode_and_name_are_options(strategies: Path):
    assert main(["gate", "MyStrategy", "--mode", "level", "--name", "Another"]) == 0
    assert load(strategies, "Another").gate_rule.mode == "level"


def test_configuration_is_used_where_a_constructor_needs_it(strategies: Path, tmp_path: Path):
    file = strategies / "Mine.py"
    constructor = """
    def __init__(self, config):
        super().__init__(config)
        self.name = config["exchange"]["name"]
"""
    file.write_text(file.read_text() + constructor)
    config = {"exchange": {"name": "binance", "pair_whitelist": []}, "stake_currency": "USDT"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert main(["gate", "MyStrategy", "-c", "config.json"]) == 0


BAD = {
    "misspelt": ("MyStrategi", "", "", "found MyStrategy"),
    "gated already": ("Gated", "Gated.py", "GATED", "found one that has it"),
    "no module's name": ("Odd", "my-file.py", "PLAIN", "rename the file"),
    "does not run": (
        "Broken",
        "Broken.py",
        "class Broken(IStrategy):\n    pass\n",
        "nothing was written",
    ),
    "no call of super": (
        "Silent",
        "Silent.py",
        PLAIN.replace("Parent", "Silent") + "\n    def __init__(self, config):\n        pass\n",
        "nothing was written",
    ),
    "gate_mode of its own": (
        "Taken",
        "Taken.py",
        PLAIN.replace("Parent", "Taken") + '\n    gate_mode = "x"\n',
        "expected no gate_mode in Taken",
    ),
}


@pytest.mark.parametrize(("name", "file", "text", "reason"), BAD.values(), ids=BAD)
def test_what_cannot_be_gated_is_refused_in_a_line_and_nothing_is_written(
    strategies: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    file: str,
    text: str,
    reason: str,
):
    if text == "GATED":
        text = PLAIN.replace("class Parent(IStrategy)", "class Gated(AltSeasonGate)")
        text = f"from altseason.strategy import AltSeasonGate\n{text}"
    if text == "PLAIN":
        text = PLAIN.replace("Parent", name)
    if file:
        (strategies / file).write_text(text)
    before = sorted(strategies.glob("*.py"))
    assert main(["gate", name]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    [line] = output.err.splitlines()
    assert line.startswith("altseason: ")
    assert reason in line
    assert sorted(strategies.glob("*.py")) == before


def test_file_that_is_there_is_left_alone(strategies: Path, capsys: pytest.CaptureFixture[str]):
    (strategies / "MyStrategyGated.py").write_text("# mine\n")
    assert main(["gate", "MyStrategy"]) == 2
    assert "expected no such file" in capsys.readouterr().err
    assert (strategies / "MyStrategyGated.py").read_text() == "# mine\n"


def test_folder_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["gate", "MyStrategy", "--userdir", str(tmp_path)]) == 2
    assert "expected the folder of your strategies" in capsys.readouterr().err
