"""All that a backtest depends on changes the key of its cache, through the configuration."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from freqtrade.optimize.backtest_caching import get_strategy_run_id
from freqtrade.strategy import IStrategy

from altseason.host import digest
from altseason.host.digest import CONFIG_KEY, calculate_digest


class Parent: ...


class Child(Parent): ...


def test_digest_is_the_same_for_the_same_content(tmp_path: Path):
    data = tmp_path / "data"
    data.write_bytes(b"candles")
    assert calculate_digest(Child, [data]) == calculate_digest(Child, [data])


def test_digest_changes_with_data_and_with_their_absence(tmp_path: Path):
    data = tmp_path / "data"
    digests = [calculate_digest(Child, [data])]
    for content in (b"", b"candles", b"other candles"):
        data.write_bytes(content)
        digests.append(calculate_digest(Child, [data]))
    # Neither an empty file nor a missing one holds candles.
    assert len(set(digests)) == 3


def test_digest_tells_which_file_holds_what(tmp_path: Path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(b"ab")
    second.write_bytes(b"c")
    before = calculate_digest(Child, [first, second])
    first.write_bytes(b"a")
    second.write_bytes(b"bc")
    assert calculate_digest(Child, [first, second]) != before


def test_digest_changes_with_a_helper_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(digest, "_PACKAGE", tmp_path)
    (tmp_path / "gate.py").write_text("THRESHOLD = 55")
    before = calculate_digest(Child, [])
    (tmp_path / "gate.py").write_text("THRESHOLD = 56")
    assert calculate_digest(Child, []) != before


def test_digest_changes_with_a_parent_class_in_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = tmp_path / "parent.py"
    module = ModuleType("parent_of_a_strategy")
    module.__file__ = str(file)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(Parent, "__module__", module.__name__)
    file.write_text("stoploss = -0.05")
    before = calculate_digest(Child, [])
    file.write_text("stoploss = -0.10")
    assert calculate_digest(Child, []) != before


def test_freqtrade_s_cache_looks_at_the_digest(load_strategy: Callable[..., IStrategy]):
    """It also hashes settings that it does not know."""
    strategy = load_strategy()
    before = get_strategy_run_id(strategy)
    assert get_strategy_run_id(strategy) == before
    strategy.config[CONFIG_KEY] = f"{strategy.config[CONFIG_KEY]}x"
    assert get_strategy_run_id(strategy) != before
