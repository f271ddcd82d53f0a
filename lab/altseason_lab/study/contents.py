"""Digests of everything that the result of a cell depends on."""

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from modulefinder import ModuleFinder
from pathlib import Path
from typing import Any

import pandas as pd
from freqtrade.configuration import TimeRange
from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType, TradingMode

from altseason.dominance.store import DominanceStore
from altseason.errors import InputError
from altseason.host.candle_files import candle_file
from altseason.host.configuration import (
    Config,
    data_directory,
    data_format,
    load_strategy,
    quiet_freqtrade,
)
from altseason.host.digest import CONFIG_KEY, calculate_digest
from altseason.host.parameters import parameter_file
from altseason_lab.host.overlay import CREDENTIALS, without_secrets
from altseason_lab.host.predictions import LIBRARIES as MODEL_LIBRARIES
from altseason_lab.host.predictions import find_model_files, uses_freqai
from altseason_lab.study.cell import narrow
from altseason_lab.study.grid import Cell, Scope

LAB = Path(__file__).parent.parent
# Settings that say what is backtested, not how.
SCOPE_SETTINGS = frozenset(("timerange", "pairs"))
# Libraries that calculate, whose newer versions may give other numbers. The last one, which draws
# placebos by bootstrap, is optional.
LIBRARIES = ("freqtrade", "ccxt", "numpy", "pandas", "ta-lib", "technical", "arch")
# Settings that no backtest reads, and paths, which differ from machine to machine.
IRRELEVANT = frozenset(
    """
    api_server backtest_cache bot_name coingecko config config_files datadir db_url discord export
    exportdirectory exportfilename external_message_consumer hyperopt_jobs initial_state internals
    logfile original_config print_all print_colorized spaces strategy_path telegram user_data_dir
    verbosity webhook
    """.split()
) | {CONFIG_KEY}  # of all candles and code, for Freqtrade's own cache of backtests


@dataclass(frozen=True)
class Contents:
    """Digests of what all cells of a scope depend on.

    :param candles: all candles of the data directory, including dominance, up to the window's end.
    :param strategy: its file, its parameter file, and with FreqAI the files of models.
    :param modules: this project, the strategy's parent classes, and the modules next to its file
        that it imports.
    :param settings: the part of the configuration that a backtest reads.
    :param versions: of Python, Freqtrade and the libraries that calculate; this is no digest.
    """

    candles: str
    strategy: str
    modules: str
    settings: str
    versions: str

    def key(self, cell: Cell) -> str:
        """Return the key that identifies a cell with these contents."""
        text = json.dumps([asdict(self), repr(cell)])
        return hashlib.sha256(text.encode()).hexdigest()


DESCRIPTIONS = {
    "candles": "the candles or dominance",
    "strategy": "the strategy or its parameters",
    "modules": "the code of this project or of the strategy's parents",
    "settings": "the configuration",
    "versions": "the versions of Freqtrade or its libraries",
}


def describe_differences(expected: Contents, found: Contents) -> str:
    """Return in words what differs; empty where nothing does."""
    there = asdict(found)
    return ", ".join(
        DESCRIPTIONS[name] for name, value in asdict(expected).items() if there[name] != value
    )


class ContentReader:
    """Reads the contents of scopes repeatedly, but what has not changed only once."""

    def __init__(self, config: Config, *, offline: bool) -> None:
        """Load the strategy.

        :param config: as `freqtrade backtesting` has it, for the whitelist and all time.
        :param offline: whether an emulator, which has other trading rules, is the exchange.
        :raises InputError: for a strategy without a gate.
        :raises OperationalException: for whatever else Freqtrade refuses.
        """
        strategy: Any = load_strategy(deepcopy(config))
        self._config = config
        self._offline = offline
        self._modules = digest_modules(strategy)
        self._files = [
            Path(strategy.__file__),
            parameter_file(strategy),
            *find_model_files(config),
        ]
        self._versions = describe_versions(*(MODEL_LIBRARIES if uses_freqai(config) else ()))
        self._candles = _CandleDigests(config, strategy.alt_season_gate.settings.dominance.pair)

    def read(self, scope: Scope) -> Contents:
        """Return the contents as they are now.

        :raises InputError: where the data directory has candle files with unknown names.
        """
        config = narrow(self._config, scope)
        end = TimeRange.parse_timerange(config.get("timerange")).stopts
        return Contents(
            candles=self._candles.read(end),
            strategy=calculate_file_digest(self._files),
            modules=self._modules,
            settings=digest_settings(config, offline=self._offline),
            versions=self._versions,
        )


class _CandleDigests:
    """Digests of all candles in a data directory; a file is read again only when it has changed."""

    def __init__(self, config: Config, dominance_pair: str) -> None:
        self._datadir = data_directory(config)
        self._format = data_format(config)
        self._mode = config.get("trading_mode") or TradingMode.SPOT
        self._handler = get_datahandler(self._datadir, self._format)
        store = DominanceStore(self._datadir, self._format, pair=dominance_pair)
        self._outliers_file = store.outliers_file
        self._known: dict[tuple[Path, int], tuple[tuple[int, int], str]] = {}

    def read(self, end: int) -> str:
        """Return the digest of all candles that open until a time.

        Candles appended later, such as those that a bot records, do not change it.

        :param end: in seconds, inclusive; 0 for all that is stored.
        """
        try:
            available = self._handler.ohlcv_get_available_data(self._datadir, self._mode)
        except ValueError as error:
            raise InputError(
                f"{self._datadir}: expected a Freqtrade data directory, found: {error}"
            ) from error
        digest = hashlib.sha256(str(self._outliers_file.is_file()).encode())
        for pair, timeframe, kind in sorted(available, key=str):
            found = self._read_series(pair, timeframe, kind, end)
            digest.update(f"{pair} {timeframe} {kind}: {found};".encode())
        return digest.hexdigest()

    def _read_series(self, pair: str, timeframe: str, kind: CandleType, end: int) -> str:
        path = candle_file(self._datadir, self._format, pair, timeframe, kind)
        try:
            status = path.stat()
        except FileNotFoundError:
            return ""
        version = status.st_mtime_ns, status.st_size
        if (known := self._known.get((path, end))) is not None and known[0] == version:
            return known[1]
        with quiet_freqtrade():
            candles = self._handler.ohlcv_load(
                pair, timeframe, kind, fill_missing=False, warn_no_data=False
            )
        found = digest_candles(candles, end)
        self._known[path, end] = version, found
        return found


def digest_candles(candles: pd.DataFrame, end: int) -> str:
    """Return a digest of the candles that open until a time, in seconds; 0 for all of them."""
    if end:
        candles = candles[candles["date"] <= pd.Timestamp(end, unit="s", tz="UTC")]
    rows = pd.util.hash_pandas_object(candles, index=False)
    return hashlib.sha256(rows.to_numpy().tobytes()).hexdigest()


def digest_settings(config: Config, *, offline: bool) -> str:
    """Return a digest of the settings that a backtest reads, without those for the connection."""
    exchange = {
        name: value
        for name, value in config["exchange"].items()
        if name not in CREDENTIALS and not name.startswith("ccxt")
    }
    relevant = {name: value for name, value in config.items() if name not in IRRELEVANT}
    text = json.dumps([{**relevant, "exchange": exchange}, offline], default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def digest_variant(config: Config, strategy: Any) -> str:
    """Return a digest of a strategy's file, its parameters and settings, for the ledger of trials.

    Without pairs and time range, which can be written in many ways, and without candles and this
    project's code, since with newer ones it is still the same trial.

    :param config: as `freqtrade backtesting` has it.
    """
    disconnected = without_connection(config)
    disconnected["exchange"].pop("pair_whitelist", None)
    settings = {name: value for name, value in disconnected.items() if name not in SCOPE_SETTINGS}
    files = [Path(strategy.__file__), parameter_file(strategy)]
    digests = [calculate_file_digest(files), digest_settings(settings, offline=False)]
    return hashlib.sha256(" ".join(digests).encode()).hexdigest()


def without_connection(config: Config) -> Config:
    """Return a configuration that is the same with the exchange and with an emulator."""
    public = without_secrets(config)
    kept = {"name", "pair_whitelist"}
    exchange = {name: value for name, value in public["exchange"].items() if name in kept}
    return {**public, "exchange": exchange}


_digests_of_modules: dict[str, str] = {}


def digest_modules(strategy: Any) -> str:
    """Return a digest of the code that a strategy uses, besides its own file.

    It is read once per strategy and process, since modules stay in memory as they were: a process
    that has run for long must not claim to have the newest code.
    """
    file = str(strategy.__file__)
    if file not in _digests_of_modules:
        files = [*sorted(LAB.rglob("*.py")), *find_helpers(Path(file))]
        _digests_of_modules[file] = calculate_digest(type(strategy), files)
    return _digests_of_modules[file]


def find_helpers(file: Path) -> list[Path]:
    """Return the modules next to a strategy that it imports, and those that they import."""
    finder = ModuleFinder([str(file.parent)], excludes=["altseason", "altseason_lab"])
    finder.run_script(str(file))
    modules: Mapping[str, Any] = finder.modules
    found = (modules[name].__file__ for name in sorted(modules) if name != "__main__")
    return [Path(path) for path in found if path]


def calculate_file_digest(files: list[Path]) -> str:
    """Return a digest of the content of files; a missing one counts as empty."""
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes() if file.is_file() else b""
        digest.update(f"{file.name}:{len(content)}:".encode() + content)
    return digest.hexdigest()


@cache
def describe_versions(*models: str) -> str:
    """Return the versions of Python and the libraries that calculate.

    :param models: the libraries of a strategy's models.
    """
    python = ".".join(platform.python_version_tuple()[:2])
    versions = read_versions([*LIBRARIES, *models]).items()
    return ", ".join([f"Python {python}", *(f"{name} {found}" for name, found in versions)])


def read_versions(names: Iterable[str]) -> dict[str, str]:
    """Return the versions of those libraries that are installed, by name."""
    found: dict[str, str] = {}
    for name in names:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
