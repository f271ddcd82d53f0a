"""Read Freqtrade's configuration for our commands, with its own files, folders and defaults."""

import logging
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from freqtrade.commands import Arguments
from freqtrade.configuration import Configuration
from freqtrade.configuration.environment_vars import environment_vars_to_dict
from freqtrade.configuration.load_config import load_from_files
from freqtrade.enums import RunMode
from freqtrade.exceptions import ConfigurationError, OperationalException
from freqtrade.misc import deep_merge_dicts
from jsonschema.exceptions import ValidationError
from rapidjson import JSONDecodeError

from altseason.errors import InputError
from altseason.host.schema import (
    describe_json_error,
    describe_schema_error,
    refuse_wrong_kinds,
)
from altseason.host.strategy_errors import naming_strategy_errors
from altseason.invocation import altseason_command

if TYPE_CHECKING:
    from freqtrade.strategy import IStrategy

Config = dict[str, Any]
DEFAULT_STRATEGY = "AltSeasonStrategy"
STRATEGY_OPTIONS = ("strategy", "strategy_path")


def _is_not_critical(record: logging.LogRecord) -> bool:
    return record.levelno < logging.CRITICAL


def _without_stack(record: logging.LogRecord) -> bool:
    record.exc_info = None
    return True


FILTERS = {
    "freqtrade.configuration.config_validation": _is_not_critical,
    "freqtrade.data.history.datahandlers.arrowdatahandler": _without_stack,
}


def load_configuration(options: Namespace, *, only_reads: bool = False) -> Config:
    """Read Freqtrade's configuration as one of its own commands would, but create no folders.

    :param options: config, user_data_dir and datadir, as Freqtrade's own options give them, and
        strategy and strategy_path, if the command has them.
    :param only_reads: whether a data directory that is named must exist.
    :return: the merged configuration, with `datadir` and `user_data_dir` as paths; the former need
        not exist.
    :raises InputError: if there is neither a configuration nor `--datadir`, since Freqtrade would
        then read another folder than the one we write.
    :raises OperationalException: for anything that Freqtrade itself refuses.
    """
    if options.user_data_dir:
        _require_user_data(Path(options.user_data_dir))
    if only_reads and options.datadir and not Path(options.datadir).is_dir():
        raise InputError(f"{options.datadir}: expected a folder with candle files, found no folder")
    arguments = [f"--config={file}" for file in options.config or []]
    if options.user_data_dir:
        arguments.append(f"--userdir={options.user_data_dir}")
    if options.datadir:
        arguments.append(f"--datadir={options.datadir}")
    # list-data needs no configuration file, but reads one if there is one.
    parsed = Arguments(["list-data", *arguments]).get_parsed_arg()
    if not parsed["config"] and not parsed["datadir"]:
        raise InputError(
            "no configuration found: expected user_data/config.json or config.json here, or "
            "`-c FILE`, or `--datadir FOLDER` for the folder that holds the candles"
        )
    for name in STRATEGY_OPTIONS:
        parsed[name] = getattr(options, name, None)
    config = read_without_folders(parsed)
    # Only now, since Freqtrade has just set the levels. Retries are noise; failures are reported.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    return config


def read_configuration(parsed: Config) -> Config:
    """Read the configuration of a Freqtrade command, without Freqtrade's progress messages.

    :param parsed: the command's options, as Freqtrade's own parser returns them.
    :raises InputError: if the files name no exchange.
    :raises OperationalException: for anything that Freqtrade itself refuses.
    """
    with quiet_freqtrade(), refusing_malformed(parsed["config"] or []):
        config = dict(Configuration(parsed, RunMode.UTIL_NO_EXCHANGE).get_config())
    refuse_wrong_kinds(config["original_config"])
    return config


def read_without_folders(
    parsed: Config, read: Callable[[Config], Config] = read_configuration
) -> Config:
    """Read a configuration, but create no folders.

    While it reads, Freqtrade creates the data directory, and what is missing in user_data. So it
    gets a temporary folder for both.

    :param read: reads the configuration of the command's options.
    """
    with tempfile.TemporaryDirectory() as folder:
        config = read(
            {**parsed, "user_data_dir": folder, "datadir": _find_pairs_file(parsed) or folder}
        )
    named = parsed.get("user_data_dir") or config["original_config"].get("user_data_dir")
    user_data = Path(named or Path.cwd() / "user_data")
    _require_user_data(user_data)
    exchange = str(config["exchange"].get("name", "")).lower()
    datadir = Path(parsed.get("datadir") or user_data / "data" / exchange)
    return {**config, "user_data_dir": user_data, "datadir": datadir}


def _require_user_data(folder: Path) -> None:
    if not folder.is_dir():
        raise InputError(
            f"Directory `{folder}` does not exist; "
            f"`freqtrade create-userdir --userdir {folder}` creates it"
        )


def _find_pairs_file(parsed: Config) -> str | None:
    """Return the data directory, where Freqtrade without a configuration reads `pairs.json`."""
    if parsed["config"]:
        return None
    user_data = Path(parsed.get("user_data_dir") or "user_data")
    datadir = parsed.get("datadir") or user_data / "data" / str(parsed.get("exchange")).lower()
    return str(datadir) if Path(datadir).is_dir() else None


@contextmanager
def refusing_malformed(files: Sequence[str]) -> Iterator[None]:
    """Turn Freqtrade's errors while it reads files into one line that shows no value of them.

    :raises InputError: if the files name no exchange, are no configuration, or violate Freqtrade's
        schema.
    """
    try:
        yield
    except ConfigurationError as error:
        cause = error.__context__
        if isinstance(cause, ValidationError):
            # A setting of a wrong kind is more helpful to name than one that is missing.
            _refuse_wrong_kinds_in(files)
            raise InputError(describe_schema_error(cause)) from error
        if isinstance(cause, JSONDecodeError):
            raise InputError(describe_json_error(files, cause)) from error
        raise
    except UnicodeDecodeError as error:
        raise InputError(
            f"{', '.join(files)}: expected text in UTF-8, found another encoding "
            f"(byte {error.start}: {error.reason})"
        ) from error
    except KeyError as error:
        raise InputError(f"{', '.join(files)}: expected a section {error}, found none") from error
    except (AttributeError, TypeError, ValueError) as error:
        if isinstance(error.__context__, ValidationError):
            raise InputError(describe_schema_error(error.__context__)) from error
        _refuse_wrong_kinds_in(files)
        raise InputError(
            f"{', '.join(files)}: expected a configuration as in config.json.example, found "
            f"another kind of value for it or for one of its sections ({error})"
        ) from error


def _refuse_wrong_kinds_in(files: Sequence[str]) -> None:
    """Refuse the setting that made Freqtrade fail; read the files again, unless one is a pipe."""
    if all(Path(name).is_file() for name in files):
        try:
            config = deep_merge_dicts(environment_vars_to_dict(), load_from_files(list(files)))
        except (AttributeError, TypeError):
            return
        refuse_wrong_kinds(config)


def load_strategy(config: Config) -> "IStrategy":
    """Load the configured strategy, by default AltSeasonStrategy, with its current parameters.

    :raises InputError: if it has no gate, or the configuration has settings that no strategy can
        have.
    """
    # Importing it takes seconds, and most commands need no strategy.
    from freqtrade.resolvers import StrategyResolver

    name = config.get("strategy") or DEFAULT_STRATEGY
    with quiet_freqtrade(), naming_strategy_errors(f"loading {name}"):
        try:
            strategy = StrategyResolver.load_strategy({**config, "strategy": name})
        except ImportError as error:
            # Freqtrade's error for settings such as order_types that lack a key.
            raise InputError(f"{error} (in the configuration or in {name})") from error
        except OperationalException as error:
            if config.get("strategy") or "Impossible to load" not in str(error):
                raise
            # The user did not name this strategy, and might only have others.
            raise InputError(f"{error} To use another one, name it with --strategy.") from error
        strategy.ft_load_hyper_params()
    if not hasattr(strategy, "gate_rule"):
        written_by = altseason_command(f"gate {name}")
        raise InputError(f"expected a strategy with a gate, found {name}; see `{written_by}`")
    return strategy


@contextmanager
def quiet_freqtrade() -> Iterator[None]:
    """Keep Freqtrade's progress messages out of a command's output, but not its warnings.

    Also hide the schema, which it logs before it raises, and stack traces of damaged candle files.
    """
    logging.disable(logging.INFO)
    for name, is_shown in FILTERS.items():
        logging.getLogger(name).addFilter(is_shown)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        for name, is_shown in FILTERS.items():
            logging.getLogger(name).removeFilter(is_shown)


def data_format(config: Config) -> str:
    """Return the format of stored candles: Freqtrade's setting or its default."""
    return str(config.get("dataformat_ohlcv") or "feather")


def data_directory(config: Config) -> Path:
    """Return the folder that holds the candles of the configured exchange."""
    return Path(config["datadir"])
