"""What a cell's result depends on changes its key, and nothing else does."""

import json
import shutil
from collections.abc import Callable
from contextlib import contextmanager
from copy import deepcopy
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType

from altseason.host.configuration import Config, load_strategy
from altseason_lab.commands.study import STUDY
from altseason_lab.host.overlay import without_secrets
from altseason_lab.preparation import parse_backtesting_options, prepare
from altseason_lab.study.contents import (
    ContentReader,
    describe_differences,
    digest_variant,
    find_helpers,
    read_versions,
)
from altseason_lab.study.grid import Cell, Scope
from altseason_lab.study.origin import find_origin
from altseason_lab.walkforward.trials import open_variants
from altseason_lab.walkforward.windows import Span
from tests.integration.freqtrade_runs import Home, write_subclass
from tests.lab.study.conftest import PERIOD, configured

SCOPE = Scope(PERIOD, ("ETH/USDT", "SOL/USDT"))
END = pd.Timestamp("2022-02-15", tz="UTC")
LATER = END + pd.Timedelta(9, "D")
SPAN = Span(END.to_pydatetime(), LATER.to_pydatetime())
EAGER = '    buy_params = {"gate_mode": "level"}'


@pytest.fixture
def own_home(home: Home, tmp_path: Path) -> Home:
    """One whose candles may be changed."""
    shutil.copytree(home.datadir, tmp_path / "candles")
    write_subclass(home.strategies, "Eager", EAGER)
    return Home(home.folder, tmp_path / "candles")


@contextmanager
def read(home: Home, **changes: Any):
    with configured(home, "--strategy", "Eager") as config:
        yield ContentReader({**config, **changes}, offline=True).read(SCOPE)


def change_candles(home: Home, pair: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    handler = get_datahandler(home.datadir, "feather")
    timeframe = "1d" if pair == "BTCD/USD" else "1h"
    candles = handler.ohlcv_load(pair, timeframe, CandleType.SPOT, fill_missing=False)
    handler.ohlcv_store(pair, timeframe, change(candles), CandleType.SPOT)


def raise_last(end: pd.Timestamp) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Raise the last close that is known before a time."""

    def change(candles: pd.DataFrame) -> pd.DataFrame:
        candles.loc[candles[candles["date"] < end].index[-1], "close"] += 0.01
        return candles

    return change


def test_same_contents_have_the_same_key_and_every_cell_its_own(own_home: Home):
    with configured(own_home, "--strategy", "Eager") as config:
        one, two = (ContentReader(deepcopy(config), offline=True).read(SCOPE) for _ in range(2))
        other = ContentReader(config, offline=True).read(Scope("20220201-20220216", SCOPE.pairs))
    cells = [Cell(SCOPE, "level"), Cell(SCOPE, "falling"), Cell(Scope(PERIOD, ()), "level")]
    assert one == two
    assert len({one.key(cell) for cell in cells} | {other.key(cells[0])}) == 4
    assert one.key(cells[0]) == two.key(Cell(Scope(PERIOD, SCOPE.pairs), "level"))


@pytest.mark.parametrize("pair", ["ETH/USDT", "BTC/USDT", "BTCD/USD"])
def test_candles_count_until_the_windows_end(own_home: Home, pair: str):
    with configured(own_home, "--strategy", "Eager") as config:
        reader = ContentReader(config, offline=True)
        before = reader.read(SCOPE)
        change_candles(own_home, pair, lambda candles: candles[candles["date"] < LATER])
        assert reader.read(SCOPE) == before
        change_candles(own_home, pair, raise_last(END))
        after = reader.read(SCOPE)
        assert describe_differences(before, after) == "the candles or dominance"
        # Without an end all candles count.
        unbounded = reader.read(Scope("20220201-", ()))
        change_candles(own_home, pair, raise_last(LATER))
        assert reader.read(Scope("20220201-", ())).candles != unbounded.candles


def test_versions_are_of_all_that_calculates_where_it_is_installed(own_home: Home):
    """Blocks of a bootstrap, intervals and charts are drawn by what a bot does not need."""
    expected = {"arch": version("arch")}
    assert read_versions(["arch", "no-such-package"]) == expected
    with configured(own_home, "--strategy", "Eager") as config:
        assert f"arch {version('arch')}" in ContentReader(config, offline=True).read(SCOPE).versions
        made = find_origin("altseason study", config, [SCOPE], offline=True)
    for name in ("freqtrade", "arch", "purgedcv", "plotly"):
        assert made.versions[name] == version(name)


def test_strategy_its_parameters_and_settings_count(own_home: Home):
    with read(own_home) as first:
        pass
    with read(own_home, max_open_trades=3) as found:
        assert describe_differences(first, found) == "the configuration"
    write_subclass(own_home.strategies, "Eager", EAGER.replace("level", "falling"))
    with read(own_home) as second:
        assert describe_differences(first, second) == "the strategy or its parameters"
    content = {"strategy_name": "Eager", "params": {"buy": {"gate_sma_days": 10}}}
    (own_home.strategies / "Eager.json").write_text(json.dumps(content))
    with read(own_home) as third:
        assert describe_differences(second, third) == "the strategy or its parameters"


def test_neither_secrets_nor_paths_count(own_home: Home):
    with configured(own_home, "--strategy", "Eager") as config:
        expected = ContentReader(config, offline=True).read(SCOPE)
        config["telegram"] = {"enabled": True, "token": "secret", "chat_id": "1"}
        config["exchange"]["key"] = "secret"
        config["api_server"] = {"password": "secret"}
        config["verbosity"] = 3
        assert ContentReader(config, offline=True).read(SCOPE) == expected
        online = ContentReader(config, offline=False).read(SCOPE)
    assert describe_differences(expected, online) == "the configuration"


def test_what_is_sent_to_other_machines_holds_no_secret(own_home: Home):
    def add_secrets(config: Config) -> None:
        config["exchange"] |= dict.fromkeys(("key", "secret", "password"), "SECRET")
        config["exchange"]["ccxt_config"] = {"apiKey": "SECRET", "options": {}}
        config["telegram"] = {"token": "SECRET"}
        config["webhook"] = {"url": "SECRET"}
        config["coingecko"] = {"api_key": "SECRET"}
        config["altseason"] = {"dominance": {"coinmarketcap_key": "SECRET"}}
        config["api_server"] = {"password": "SECRET", "jwt_secret_key": "SECRET"}

    with configured(own_home, "--strategy", "Eager") as config:
        add_secrets(config)
        add_secrets(config["original_config"])
        sent = without_secrets(config)
    assert "SECRET" in repr(config)
    assert "SECRET" not in repr(sent)
    assert sent["exchange"]["pair_whitelist"] == config["exchange"]["pair_whitelist"]
    assert sent["exchange"]["ccxt_config"] == {"options": {}}


def test_modules_beside_a_strategy_are_found_with_what_they_import(tmp_path: Path):
    (tmp_path / "Own.py").write_text("import pandas, first\nfrom package import part\n")
    (tmp_path / "first.py").write_text("def late():\n    import second\n")
    (tmp_path / "second.py").write_text("")
    (tmp_path / "Other.py").write_text("")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "part.py").write_text("")
    found = [path.relative_to(tmp_path).as_posix() for path in find_helpers(tmp_path / "Own.py")]
    assert found == ["first.py", "package/__init__.py", "package/part.py", "second.py"]


def test_variant_is_the_same_whatever_exchange_answers(own_home: Home):
    """So that what was run with an emulator and without is one trial, with a key or without."""
    words = ["--datadir", str(own_home.datadir), "--strategy", "Eager"]
    found, walked = [], []
    for offline in (True, False):
        with prepare(parse_backtesting_options(words, STUDY), STUDY, offline=offline) as config:
            config["altseason"] |= {"dominance": {"coinmarketcap_key": f"{offline}"}}
            found.append(digest_variant(config, load_strategy(deepcopy(config))))
            walked.append(open_variants(config)(SPAN))
            other = {**config, "max_open_trades": 3}
    assert walked[0] == walked[1]
    assert found[0] == found[1] != digest_variant(other, load_strategy(deepcopy(other)))
