"""`freqtrade hyperopt`: its command line, the spaces it searches, and the epochs that it stores.

Its lock, candles and results are files in the user directory, so parallel searches need one each.
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from freqtrade.commands.arguments import ARGS_COMMON, ARGS_HYPEROPT, ARGS_STRATEGY
from freqtrade.commands.cli_options import AVAILABLE_CLI_OPTIONS
from freqtrade.strategy import IStrategy

from altseason.errors import InputError
from altseason.host.configuration import Config
from altseason_lab.host.command import FreqtradeCommand
from altseason_lab.host.parameters import make_own_parameters, set_parameters

RESULTS = "hyperopt_results"
# Folders of a user directory from which hyperopt reads strategies, losses and models.
READ_FOLDERS = ("strategies", "hyperopts", "freqaimodels")
# Spaces that are not parameters of a strategy; without `trades`, since the number of open trades is
# a setting of the wallet.
BUILT_IN_SPACES = ("roi", "stoploss", "trailing")
# Freqtrade searches it only if it is named, and then enables protections.
PROTECTION = "protection"
SELL = "sell"
# Options that each search sets itself, and options that only change what is printed.
OMITTED_OPTIONS = (
    "datadir",
    "logfile",
    "print_colorized",
    "strategy",
    "timerange",
    "user_data_dir",
    "verbosity",
)
# Freqtrade's default for `hyperopt_min_trades`.
MIN_TRADES = 1
# The loss that Freqtrade stores for an epoch with too few trades (`hyperopt_min_trades`).
MAX_LOSS = 100_000
# As in Freqtrade's exports: 3.4, not 3.4000000000000004.
DECIMALS = 13


@dataclass(frozen=True)
class Dimension:
    """A parameter that is searched.

    :param low: the smallest number searched, and `high` the largest; 0 for choices.
    :param choices: empty for a number.
    """

    name: str
    space: str
    low: float = 0.0
    high: float = 0.0
    choices: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Epoch:
    """A set of parameters that hyperopt has tried.

    :param number: within its search, from 1.
    :param loss: the lower, the better.
    :param profit: a ratio of the starting balance.
    :param daily_profits: of the trades that were closed on each day of the time range, in order,
        as ratios of the starting balance.
    """

    number: int
    loss: float
    parameters: dict[str, Any]
    trades: int
    profit: float
    daily_profits: tuple[float, ...]

    @property
    def is_valid(self) -> bool:
        """Return whether it had enough trades to be compared."""
        return self.trades > 0 and self.loss < MAX_LOSS


class SearchSpace:
    """The parameters of a strategy that are searched."""

    def __init__(self, config: Config, strategy: IStrategy, spaces: Sequence[str]) -> None:
        """Find them.

        :param strategy: a newly loaded one.
        :param spaces: their names; empty for those of the strategy's own parameters.
        :raises InputError: for a space that is not known.
        """
        # It needs packages that only `freqtrade[hyperopt]` installs.
        from freqtrade.optimize.hyperopt.hyperopt_auto import HyperOptAuto

        make_own_parameters(strategy)
        # With the values of parameter files, as a backtest starts.
        strategy.ft_load_hyper_params()
        self._auto = HyperOptAuto(deepcopy(config))
        self._auto.strategy = strategy
        own = find_own_spaces(strategy)
        self.spaces = tuple(spaces) or tuple(name for name in own if name != PROTECTION)
        refuse_unknown(self.spaces, (*own, *BUILT_IN_SPACES), type(strategy).__name__)
        self.dimensions = {
            found.name: found for space in self.spaces for found in self._find_dimensions(space)
        }
        #: The strategy's own values.
        self.own = {
            name: parameter.value
            for name, parameter in strategy.enumerate_parameters()
            if name in self.dimensions
        }

    def configure(self, config: Config) -> None:
        """Change a configuration as hyperopt itself does for these spaces."""
        if PROTECTION in self.spaces:
            config["enable_protections"] = True
        if SELL in self.spaces:
            config["use_exit_signal"] = True

    def set_values(self, strategy: IStrategy, values: Mapping[str, Any]) -> None:
        """Set values on a newly loaded strategy object, as hyperopt does for an epoch."""
        make_own_parameters(strategy)
        set_parameters(strategy, {name: values[name] for name in self.own})
        if "roi" in self.spaces:
            strategy.minimal_roi = self._auto.generate_roi_table(dict(values))
        if "stoploss" in self.spaces:
            strategy.stoploss = values["stoploss"]
        if "trailing" in self.spaces:
            for name, value in self._auto.generate_trailing_params(dict(values)).items():
                setattr(strategy, name, value)

    def _find_dimensions(self, space: str) -> list[Dimension]:
        search = getattr(self._auto, f"{space}_space") if space in BUILT_IN_SPACES else None
        found = search() if search else self._auto.get_indicator_space(space)
        return [_read_dimension(one, space) for one in found]


def find_own_spaces(strategy: IStrategy) -> list[str]:
    """Return the spaces in which a strategy has searchable parameters."""
    found = (one.space for _, one in strategy.enumerate_parameters() if one.optimize)
    return list(dict.fromkeys(space for space in found if space))


def refuse_unknown(spaces: Iterable[str], known: Sequence[str], strategy: str) -> None:
    """Refuse spaces that a strategy does not have.

    :raises InputError: in one line that names those that it has.
    """
    if not spaces:
        raise InputError(
            f"expected a strategy with parameters to search, found none in {strategy}; name a "
            f"space of Freqtrade's own with --spaces ({', '.join(BUILT_IN_SPACES)})"
        )
    if unknown := [space for space in spaces if space not in known]:
        raise InputError(
            f"--spaces: expected some of {', '.join(known)}, which {strategy} has, found "
            f"{', '.join(unknown)}"
        )


def hyperopt_arguments(command: FreqtradeCommand, config: Config) -> list[str]:
    """Return what follows the word `freqtrade` for a search with the options of a backtest.

    :param command: of a backtest; its options that hyperopt does not have are left out.
    :param config: of the backtest, for its strategy and data directory.
    """
    arguments = ["hyperopt"]
    for name in (*ARGS_COMMON, *ARGS_STRATEGY, *ARGS_HYPEROPT):
        value = command.options.get(name)
        if name in OMITTED_OPTIONS or value is None or value is False:
            continue
        option = AVAILABLE_CLI_OPTIONS[name]
        word = option.cli[-1]
        if option.kwargs.get("action") == "append":
            arguments += [f"{word}={one}" for one in value]
        elif value is True:
            arguments.append(word)
        elif isinstance(value, list):
            arguments += [word, *value]
        else:
            arguments.append(f"{word}={value}")
    return [
        *arguments,
        f"--strategy={config['strategy']}",
        f"--datadir={config['datadir']}",
        # The option's default would override the configuration.
        f"--min-trades={config.get('hyperopt_min_trades', MIN_TRADES)}",
    ]


def search_arguments(
    *,
    userdir: Path,
    timerange: str,
    spaces: Sequence[str],
    epochs: int,
    random_state: int,
    loss: str,
) -> list[str]:
    """Return the options of one search.

    :param userdir: of this search alone.
    """
    return [
        f"--userdir={userdir}",
        f"--timerange={timerange}",
        *("--spaces", *spaces),
        f"--epochs={epochs}",
        f"--random-state={random_state}",
        f"--hyperopt-loss={loss}",
        # With one job, a random state gives the same result on any number of cores.
        "--job-workers=1",
        # The export would be written next to the user's strategy.
        "--disable-param-export",
    ]


def make_user_directory(folder: Path, user_data: Path) -> None:
    """Create a user directory for one search, with links to the user's strategies.

    :param user_data: the user's own, to which nothing is written.
    """
    (folder / RESULTS).mkdir(parents=True)
    for name in READ_FOLDERS:
        if (user_data / name).is_dir():
            (folder / name).symlink_to((user_data / name).resolve())


class EpochCounter:
    """Counts the epochs that a search has stored so far, reading only the new ones each time."""

    def __init__(self, userdir: Path) -> None:
        self._userdir = userdir
        self._read = self._count = 0

    def count(self) -> int:
        """Return how many there are now."""
        for file in _find_results(self._userdir):
            with suppress(OSError), file.open("rb") as stream:
                stream.seek(self._read)
                new = stream.read()
                self._read += len(new)
                self._count += new.count(b"\n")
        return self._count


def read_epochs(userdir: Path) -> list[Epoch]:
    """Read the epochs that a search has stored; empty where it has stored none."""
    lines = [line for file in _find_results(userdir) for line in file.read_text().splitlines()]
    return [_read_epoch(json.loads(line)) for line in lines]


def load_loss(config: Config, name: str) -> None:
    """Refuse a loss function that Freqtrade does not find.

    :raises OperationalException: in one line.
    """
    from freqtrade.resolvers.hyperopt_resolver import HyperOptLossResolver

    # It warns if the user directory lacks the optional folder for them.
    logger = logging.getLogger("freqtrade.resolvers.iresolver")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        HyperOptLossResolver.load_hyperoptloss({**config, "hyperopt_loss": name})
    finally:
        logger.setLevel(level)


def _read_dimension(found: Any, space: str) -> Dimension:
    if hasattr(found, "choices"):
        return Dimension(found.name, space, choices=tuple(found.choices))
    return Dimension(found.name, space, float(found.low), float(found.high))


def _find_results(userdir: Path) -> list[Path]:
    return sorted((userdir / RESULTS).glob("*.fthypt"))


def _read_epoch(content: Mapping[str, Any]) -> Epoch:
    metrics = content["results_metrics"]
    return Epoch(
        number=content["current_epoch"],
        loss=float(content["loss"]),
        parameters={
            name: round(value, DECIMALS) if isinstance(value, float) else value
            for name, value in content["params_dict"].items()
        },
        trades=metrics["total_trades"],
        profit=metrics["profit_total"],
        daily_profits=_read_daily_profits(metrics),
    )


def _read_daily_profits(metrics: Mapping[str, Any]) -> tuple[float, ...]:
    # Freqtrade lists the days from the first close to the last, or none without a closed trade.
    closed = dict(metrics.get("daily_profit", ()))
    first = date.fromisoformat(metrics["backtest_start"][:10])
    last = date.fromisoformat(metrics["backtest_end"][:10])
    days = (str(first + timedelta(days=number)) for number in range((last - first).days + 1))
    return tuple(closed.get(day, 0.0) / metrics["starting_balance"] for day in days)
