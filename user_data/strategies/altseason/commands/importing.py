"""`altseason dominance import`: store a file of dominance as candles."""

import argparse
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pandas as pd
from freqtrade.util import dt_now

from altseason.commands.import_report import ImportReport
from altseason.commands.reporting import (
    add_json_option,
    add_outliers_option,
    add_pair_option,
    choose_pair,
    print_report,
)
from altseason.dominance.importer import Replace, import_readings
from altseason.dominance.store import DominanceStore, open_store
from altseason.dominance.synthetic import carry_marker
from altseason.errors import InputError
from altseason.host.configuration import Config, data_directory, load_configuration
from altseason.parser import format_examples
from altseason.progress import saying_if_stopped, show_progress
from altseason.recorder.log import BEGINNING, MAX_BYTES, ReadingLog
from altseason.settings import PRIMARIES, WITHOUT_STABLECOINS, load_settings
from altseason.sources.caps import load_cap_pair
from altseason.sources.files import load_readings
from altseason.sources.reading import STAMP_MEANING, Readings, Stamp, provider_name, read_clock
from altseason.sources.rows import ImportOptions
from altseason.sources.text import Step, no_step

MEBIBYTE = 1024 * 1024
# Larger files take seconds to read, so that progress is shown.
LARGE = 8 * MEBIBYTE
NOTHING_WRITTEN = "Nothing was written."
KEPT = (
    "Each stored file is complete, with or without the new candles; run the same command again to "
    "store all of them."
)
IMPORT_DESCRIPTION = """\
Store a file of Bitcoin's dominance as candles of the pair BTCD/USD: CSV in any dialect, JSON,
feather or parquet, or market caps. A file that is ambiguous is refused, with the option that is
missing.
"""
IMPORT_EXAMPLES = (
    "dominance import my_dominance.csv --dry-run",
    "dominance import my_table.csv --date-column day --column share --stamp snapshot",
    "dominance import btc-usd-max.csv --total total-market-cap.csv",
)


def add_import(actions: Any, common: argparse.ArgumentParser) -> None:
    """Add `altseason dominance import`."""
    importing = actions.add_parser(
        "import",
        parents=[common],
        help="store the dominance of a file as candles",
        description=IMPORT_DESCRIPTION,
        epilog=format_examples(*IMPORT_EXAMPLES),
    )
    importing.add_argument("file", type=Path, metavar="FILE", help="the file to read")
    importing.add_argument(
        "--total",
        type=Path,
        metavar="FILE",
        help="a file with the total market cap, if FILE has Bitcoin's; providers may differ",
    )
    importing.add_argument("--column", metavar="NAME", help="the column with dominance in percent")
    importing.add_argument("--date-column", metavar="NAME", help="the column with the time")
    importing.add_argument(
        "--stamp",
        choices=get_args(Stamp),
        help="; ".join(f"{stamp}: {meaning}" for stamp, meaning in STAMP_MEANING.items())
        + " (default: by the format, else open, the later of the two)",
    )
    _add_reading_options(importing)
    add_outliers_option(importing)
    add_pair_option(importing)
    importing.set_defaults(run=run_import)
    add_json_option(importing)


def _refuse_unsaid_pair(config: Config, options: argparse.Namespace) -> None:
    """Refuse a file for the pair without stablecoins that may be dominance with them.

    :raises InputError: unless the user insists.
    """
    pair = load_settings(config).dominance.pair
    if pair == WITHOUT_STABLECOINS and not options.insist:
        raise InputError(
            f"{options.file}: expected dominance without stablecoins for {pair}, but no name in a "
            f"file tells that for certain; if it is, add --insist, else leave out --pair"
        )


def run_import(options: argparse.Namespace) -> int:
    """Import one file, or a pair of market-cap charts."""
    now = pd.Timestamp(dt_now())
    for file in filter(None, (options.file, options.total)):
        _refuse_no_file(file)
    with _showing_progress(options) as step:
        readings = _read_file(options, now, step)
        config = choose_pair(load_configuration(options), options)
    _refuse_unsaid_pair(config, options)
    datadir = data_directory(config)
    created = None if datadir.is_dir() else datadir
    store = open_store(config)
    readings = _note_other_provider(readings, store.provider)
    with saying_if_stopped(NOTHING_WRITTEN if options.dry_run else KEPT):
        if not options.dry_run:
            carry_marker(options.file.resolve().parent, datadir)
        imported = import_readings(
            readings,
            store,
            now,
            replace=options.replace,
            recorded=_find_recorded(datadir, store) if options.replace == "imported" else (),
            keep_outliers=options.keep_outliers,
            dry_run=options.dry_run,
        )
    print_report(ImportReport(options.file, readings, imported, options.dry_run, created), options)
    return 0


def _note_other_provider(readings: Readings, provider: str) -> Readings:
    """Add a note where the file's format belongs to another provider than the stored pair."""
    name = readings.layout.format
    owner = next((one for one in PRIMARIES if name.startswith(provider_name(one))), provider)
    if owner == provider:
        return readings
    note = (
        f"By its format this file is from {provider_name(owner)}, but altseason.dominance.provider "
        f"is {provider}. Their levels differ, so recorded dominance would not continue it. To "
        f"store dominance of {provider_name(owner)}, set it to {owner} and use an empty folder."
    )
    return replace(readings, notes=[*readings.notes, note])


def _find_recorded(datadir: Path, store: DominanceStore) -> list[pd.Timestamp]:
    """Return when the readings were known that bots have recorded for the series of a store."""
    log = ReadingLog(datadir, store.pair)
    # All of it, and what is added in the meantime.
    max_bytes = log.size() + MAX_BYTES
    _, recorded = log.load(BEGINNING, read_clock, max_bytes=max_bytes)
    return [pd.Timestamp(one.known) for one in recorded if one.convention == store.provider]


def _refuse_no_file(path: Path) -> None:
    """Refuse what cannot be read more than once, which is needed to find its format.

    :raises InputError: in one line; not for a missing or unreadable file.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    if stat.S_ISDIR(mode):
        raise InputError(f"{path}: expected a file, found a folder")
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        raise InputError(f"{path}: expected a file, found a pipe; save it to a file first")
    if not stat.S_ISREG(mode):
        raise InputError(f"{path}: expected a file, found a device")


@contextmanager
def _showing_progress(options: argparse.Namespace) -> Iterator[Step]:
    """Yield a callback that takes the fraction that is read; progress is shown for large files."""
    files = filter(None, (options.file, options.total))
    size = sum(file.stat().st_size for file in files if file.is_file())
    if size < LARGE:
        with saying_if_stopped(NOTHING_WRITTEN):
            yield no_step
        return
    total = size // MEBIBYTE
    with show_progress("MiB read", NOTHING_WRITTEN) as progress:
        yield lambda part: progress(int(part * total), total)


def _read_file(options: argparse.Namespace, now: pd.Timestamp, step: Step) -> Readings:
    choices = ImportOptions(
        options.column,
        options.date_column,
        options.stamp,
        options.timezone,
        options.date_format,
        options.since,
        options.until,
        options.insist,
    )
    if options.total:
        return load_cap_pair(options.file, options.total, choices, now, step)
    return load_readings(options.file, choices, now, step)


def _add_reading_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--timezone",
        metavar="ZONE",
        help="the time zone of times without one, such as UTC or America/New_York",
    )
    parser.add_argument(
        "--date-format",
        metavar="FORMAT",
        help="how dates are written, such as %%d/%%m/%%Y or '%%m/%%d/%%Y %%H:%%M'",
    )
    parser.add_argument("--since", type=_date, metavar="DATE", help="skip rows before it")
    parser.add_argument(
        "--until", type=_date, metavar="DATE", help="skip rows from it on (UTC, as --since)"
    )
    parser.add_argument(
        "--replace",
        nargs="?",
        choices=get_args(Replace),
        const="imported",
        help="replace stored candles by the file's: those not recorded by a bot (imported), or all",
    )
    parser.add_argument(
        "--insist",
        action="store_true",
        help="import even if names or the level suggest that it is not Bitcoin's dominance",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would be done, and write nothing"
    )


def _date(text: str) -> pd.Timestamp:
    try:
        date = pd.Timestamp(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected YYYY-MM-DD, found {text!r}") from error
    return date.tz_localize("UTC") if date.tzinfo is None else date.tz_convert("UTC")
