"""What commands print: a report as text or as JSON, and on stderr what they wait for."""

import argparse
import json
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

from altseason.dominance.candles import Gap
from altseason.dominance.outliers import MAX_JUMP
from altseason.host.configuration import Config
from altseason.output import show, show_text, tell
from altseason.settings import DEFAULT_PAIR, PAIRS, SECTION, WITHOUT_STABLECOINS, load_settings
from altseason.sources import session

# How many entries of a list are printed.
MAX_SHOWN = 5
SILENT_SECONDS = 3.0


class Report(Protocol):
    """What a command has found or done."""

    def as_text(self) -> list[str]:
        """Return its lines, which are wrapped when they are printed."""

    def as_json(self) -> dict[str, Any]:
        """Return the same facts for a program; dates in ISO 8601, UTC."""


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that prints a report as JSON."""
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")


def add_outliers_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that counts outliers."""
    parser.add_argument(
        "--keep-outliers",
        action="store_true",
        help=f"count days in the mean of dominance that jump by more than {MAX_JUMP:g} points and "
        "come back on the next; applies to all stored days from now on (default: leave them out)",
    )


def add_pair_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the pair."""
    parser.add_argument(
        "--pair",
        choices=PAIRS,
        help=f"{DEFAULT_PAIR} is dominance, {WITHOUT_STABLECOINS} dominance without stablecoins "
        f"(default: altseason.dominance.pair, or {DEFAULT_PAIR})",
    )


def choose_pair(config: Config, options: argparse.Namespace) -> Config:
    """Return the configuration with the pair that the options name, if they name one.

    :raises SettingsError: if our own section is wrong.
    """
    load_settings(config)  # refuses what is wrong before it is changed
    if options.pair is None:
        return config
    section = config.get(SECTION) or {}
    dominance = {**(section.get("dominance") or {}), "pair": options.pair}
    return {**config, SECTION: {**section, "dominance": dominance}}


def print_report(report: Report, options: argparse.Namespace) -> None:
    """Print a report in the form that the options ask for."""
    if options.json:
        show(json.dumps(report.as_json()))
    else:
        show_text(*report.as_text())


def format_date(date: datetime) -> str:
    """Return a date and time in the form of all reports."""
    return f"{date:%Y-%m-%d %H:%M}"


def format_range(start: datetime, end: datetime) -> str:
    """Return the range of some candles, from the first open to the last close."""
    return f"first opens {format_date(start)}, last closes {format_date(end)} UTC"


def list_days(days: Sequence[datetime]) -> str:
    """Return the first days of a list, with dots if there are more."""
    shown = ", ".join(f"{day:%Y-%m-%d}" for day in days[:MAX_SHOWN])
    return f"{shown}{', ...' if len(days) > MAX_SHOWN else ''}"


def count_gaps(gaps: list[Gap]) -> str:
    """Return the number of gaps in words."""
    return f"{len(gaps)} gap{'' if len(gaps) == 1 else 's'}" if gaps else "no gaps"


def gaps_as_text(gaps: list[Gap]) -> list[str]:
    """Return a line for each of the first gaps, and how many more there are."""
    lines = [
        f"  missing: {format_date(gap.start)} to {format_date(gap.end)}" for gap in gaps[:MAX_SHOWN]
    ]
    if len(gaps) > MAX_SHOWN:
        lines.append(f"  and {len(gaps) - MAX_SHOWN} more")
    return lines


def gaps_as_json(gaps: list[Gap]) -> list[dict[str, str]]:
    """Return all gaps for a program."""
    return [{"start": gap.start.isoformat(), "end": gap.end.isoformat()} for gap in gaps]


class _Retries(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        tell(record.getMessage())


@contextmanager
def showing_waits(what: str, *, silent_seconds: float = SILENT_SECONDS) -> Iterator[None]:
    """Print every retry to stderr, and what a command waits for if it takes seconds.

    :param what: what it waits for, such as "CoinGecko".
    """
    handler = _Retries()
    level, propagates = session.logger.level, session.logger.propagate
    session.logger.addHandler(handler)
    session.logger.setLevel(logging.DEBUG)
    session.logger.propagate = False
    timer = threading.Timer(silent_seconds, tell, [f"Waiting for {what}; Ctrl-C stops it"])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        session.logger.removeHandler(handler)
        session.logger.setLevel(level)
        session.logger.propagate = propagates
