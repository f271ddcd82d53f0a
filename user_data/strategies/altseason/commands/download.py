"""`altseason dominance download`: store a provider's history as candles of the dominance pair."""

import argparse
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import pandas as pd

from altseason.commands.import_report import ImportReport
from altseason.commands.reporting import (
    add_json_option,
    add_outliers_option,
    add_pair_option,
    choose_pair,
    list_days,
    print_report,
    showing_waits,
)
from altseason.dominance.candles import DAY, candle_length
from altseason.dominance.store import DominanceStore, open_store
from altseason.dominance.synthetic import is_synthetic
from altseason.errors import InputError
from altseason.history.download import (
    MAX_LEVEL_DIFFERENCE,
    TIMEFRAME,
    DownloadReport,
    Plan,
    Source,
    download_history,
    plan_download,
)
from altseason.history.long import download_long_history, plan_long_history
from altseason.history.shares import MAX_MISSING
from altseason.host.configuration import Config, data_directory, load_configuration
from altseason.parser import whole_number
from altseason.progress import show_progress
from altseason.settings import load_settings
from altseason.sources.coingecko import CALLS_PER_MINUTE, PROVIDER, load_access
from altseason.sources.coingecko_history import FREE_DAYS
from altseason.sources.coinmarketcap_history import FIRST_DAY
from altseason.sources.reading import read_clock

MAX_DAYS = 10_000
MAX_COINS = 1000
KEPT = "What was fetched is kept for today: the same command continues from there."
NOTHING_STORED = "Nothing was stored."
UNDOCUMENTED = (
    "CoinMarketCap does not document this endpoint: it may change or end at any time, and its "
    "terms forbid passing the data on."
)

DESCRIPTION = f"""\
Calculate daily dominance from CoinGecko's market caps, and store it as candles of the dominance
pair: Bitcoin's share of the sum of the largest coins, day by day, scaled so that the current share
equals CoinGecko's own dominance. It takes one call for each coin, and without a Pro key there are
only {FREE_DAYS} days.

A key is read from Freqtrade's configuration: "coingecko": {{"api_key": "...", "is_demo": true}}.
Run the same command again on the same day to continue an interrupted download.

--source coinmarketcap uses CoinMarketCap's own dominance, since {FIRST_DAY:%Y-%m-%d} and without
a key. {UNDOCUMENTED}
"""


@dataclass(frozen=True)
class HistoryReport:
    """A download and its result.

    :param created: the data directory, if it did not exist before.
    :param setting: the value of `altseason.dominance.provider` that is needed to read the candles;
        None if it is set already.
    """

    plan: Plan
    download: DownloadReport
    created: Path | None = None
    setting: str | None = None

    @property
    def imported(self) -> ImportReport:
        """Return the report of what was stored."""
        provider = self.download.downloaded.history.provider
        return ImportReport(
            provider, self.download.readings, self.download.imported, created=self.created
        )

    @property
    def days_left_out(self) -> list[pd.Timestamp]:
        """Return the requested days that are left out, by the date of their candle."""
        first = self.plan.latest - self.plan.days * DAY
        ends = self.download.downloaded.history.left_out
        return [end - DAY for end in ends if end > first]

    def as_text(self) -> list[str]:
        """Describe what was fetched, what was calculated from it, and what that changed."""
        return [
            *self._made_as_text(),
            *self._left_out_as_text(),
            *self._level_as_text(),
            *self.imported.as_text(),
            *self._setting_as_text(),
        ]

    def _setting_as_text(self) -> list[str]:
        if self.setting is None:
            return []
        return [
            (
                f"To read these candles and record more of them, set altseason.dominance.provider "
                f"to {self.setting}."
            )
        ]

    def _made_as_text(self) -> list[str]:
        downloaded = self.download.downloaded
        history, current = downloaded.history, downloaded.current
        if self.plan.source == "coinmarketcap":
            return [f"{history.name}. {UNDOCUMENTED}"]
        if current is None:
            return [f"{history.name}, both by {PROVIDER}."]
        kept = f" ({downloaded.kept} of them were fetched before)" if downloaded.kept else ""
        return [
            (
                f"{history.name}{kept}, times {history.factor:.4f}, so that the current share "
                f"equals {PROVIDER}'s {current.dominance:.2f} %."
            ),
            (
                "Survivorship bias: only today's largest coins are counted, so dominance is "
                "overstated the further back you go."
            ),
        ]

    def _left_out_as_text(self) -> list[str]:
        lines, plan, made = [], self.plan, len(self.download.readings.rows)
        if days := self.days_left_out:
            lines.append(
                f"Left out {len(days)} days on which coins with more than {MAX_MISSING:.0%} of the "
                f"sum have no market cap: {list_days(days)}"
            )
        if made < plan.days:
            lines.append(f"Of the {plan.days} days requested, {made} could be calculated.")
        if plan.unreached:
            lines.append(
                f"{plan.unreached} days between the newest stored candle and these are still "
                f"missing: import them from a file."
            )
        return lines

    def _level_as_text(self) -> list[str]:
        level = self.download.level
        if level is None:
            return []
        lines = [
            (
                f"On {level.days} days that were stored before, it differs by "
                f"{level.difference:+.2f} percentage points in the median."
            )
        ]
        if abs(level.difference) > MAX_LEVEL_DIFFERENCE:
            lines.append(
                "The levels differ, so the stored data probably comes from another provider. To "
                "keep one series per provider, move the stored file away and download again."
            )
        return lines

    def as_json(self) -> dict[str, Any]:
        """Return the same facts for a program; dates in ISO 8601, UTC."""
        downloaded, level = self.download.downloaded, self.download.level
        current = downloaded.current
        return {
            "source": self.plan.source,
            "setting_needed": self.setting,
            "days_asked": self.plan.days,
            "coins": downloaded.coins or None,
            "coins_kept_from_before": downloaded.kept,
            "survivors_only": current is not None,
            "current": current.dominance if current else None,
            "factor": downloaded.history.factor,
            "days_left_out": [f"{day:%Y-%m-%d}" for day in self.days_left_out],
            "days_still_missing": self.plan.unreached,
            "level": None if level is None else vars(level),
            **self.imported.as_json(),
        }


def add_download(actions: Any, common: argparse.ArgumentParser) -> None:
    """Add `altseason dominance download`."""
    parser = actions.add_parser(
        "download",
        parents=[common],
        help="store daily dominance of the past from a provider",
        description=DESCRIPTION,
    )
    parser.add_argument(
        "--days",
        type=whole_number(1, MAX_DAYS),
        metavar="N",
        help="number of finished days up to now (default: those since the newest stored candle)",
    )
    parser.add_argument(
        "--coins",
        type=whole_number(2, MAX_COINS),
        default=100,
        metavar="N",
        help="how many of the largest coins are added up (default: %(default)s)",
    )
    parser.add_argument(
        "--source",
        choices=get_args(Source),
        help="coingecko-pro divides by the total market cap instead, and needs a Pro key; "
        "coinmarketcap has its own dominance since 2013 (default: altseason.dominance.provider, or "
        "coingecko)",
    )
    parser.add_argument(
        "--calls-per-minute",
        type=whole_number(1, 100_000),
        metavar="N",
        help=f"calls to CoinGecko (default: {CALLS_PER_MINUTE['keyless']} without a key, "
        f"{CALLS_PER_MINUTE['demo']} with a Demo key, {CALLS_PER_MINUTE['pro']} with a Pro key)",
    )
    add_outliers_option(parser)
    add_pair_option(parser)
    add_json_option(parser)
    parser.set_defaults(run=run_download)


def run_download(options: argparse.Namespace) -> int:
    """Download history, and store it once it is complete."""
    config = choose_pair(load_configuration(options), options)
    datadir = data_directory(config)
    if is_synthetic(datadir):
        raise InputError(f"{datadir}: expected a folder for real candles, found synthetic ones")
    created = None if datadir.is_dir() else datadir
    configured = load_settings(config).dominance.provider
    source: Source = options.source or configured
    provider = source.removesuffix("-pro")
    store = open_store(config, provider=provider)
    store.validate_provider()
    # Retries, and a final failure, are reported in our own words.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    download = _download_long if source == "coinmarketcap" else _download_coins
    plan, report = download(source, options, config, store)
    setting = None if provider == configured else provider
    print_report(HistoryReport(plan, report, created, setting), options)
    return 0


def _download_coins(
    source: Source, options: argparse.Namespace, config: Config, store: DominanceStore
) -> tuple[Plan, DownloadReport]:
    access, stored = load_access(config), store.load(TIMEFRAME)
    newest = None if stored.empty else stored["date"].iloc[-1] + candle_length(TIMEFRAME)
    plan = plan_download(
        source, access, read_clock(), days=options.days, newest=newest, coins=options.coins
    )
    plan = replace(plan, keep_outliers=options.keep_outliers)
    with (
        showing_waits("CoinGecko"),
        show_progress("coins", KEPT, at_once=True) as progress,
    ):
        report = download_history(
            plan,
            access,
            data_directory(config),
            store,
            calls_per_minute=options.calls_per_minute or access.calls_per_minute,
            progress=progress,
            now=read_clock(),
        )
    return plan, report


def _download_long(
    source: Source, options: argparse.Namespace, config: Config, store: DominanceStore
) -> tuple[Plan, DownloadReport]:
    plan = plan_long_history(
        read_clock(), store.load(TIMEFRAME), days=options.days, pair=store.pair
    )
    plan = replace(plan, keep_outliers=options.keep_outliers)
    with (
        showing_waits("CoinMarketCap"),
        show_progress("calls", NOTHING_STORED, at_once=True) as progress,
    ):
        report = download_long_history(
            plan,
            store,
            load_settings(config).dominance,
            progress=progress,
            now=read_clock(),
        )
    return plan, report
