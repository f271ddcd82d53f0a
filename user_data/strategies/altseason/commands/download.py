"""`altseason dominance download`: fill the dominance pair from CoinGecko."""

import argparse
import json
import logging
from typing import Any, get_args

import pandas as pd

from altseason.commands.download_report import download_as_json, download_as_text
from altseason.commands.waiting import showing_waits
from altseason.dominance.candles import PAIR, candle_length
from altseason.dominance.store import DominanceStore
from altseason.dominance.synthetic import is_synthetic
from altseason.errors import InputError
from altseason.history.download import (
    TIMEFRAME,
    Plan,
    Source,
    download_history,
    plan_download,
)
from altseason.host.configuration import data_directory, data_format, load_configuration
from altseason.output import show, show_text
from altseason.progress import show_progress
from altseason.sources.coingecko import CALLS_PER_MINUTE, ApiAccess, load_access
from altseason.sources.coingecko_history import FREE_DAYS
from altseason.sources.reading import read_clock

MAX_DAYS = 10_000
MAX_COINS = 1000
KEPT = "What was fetched is kept for today: the same command goes on from there."

DESCRIPTION = f"""\
Make daily dominance of CoinGecko's market caps and store it as candles of the pair {PAIR}:
Bitcoin's share of the largest coins' sum, day by day, scaled so that the share of now equals the
dominance that CoinGecko gives. Without a Pro key it is {FREE_DAYS} days, and a call for each coin.

A key is read from Freqtrade's configuration: "coingecko": {{"api_key": "...", "is_demo": true}}.
An interrupted download goes on when the same command is run again on that day.
"""


def add_download(actions: Any, common: argparse.ArgumentParser) -> None:
    """Add `altseason dominance download`."""
    parser = actions.add_parser(
        "download",
        parents=[common],
        help="store a year of daily dominance from CoinGecko",
        description=DESCRIPTION,
    )
    parser.add_argument(
        "--days",
        type=_whole_number(1, MAX_DAYS),
        metavar="N",
        help="finished days up to now (default: those since the newest stored candle)",
    )
    parser.add_argument(
        "--coins",
        type=_whole_number(2, MAX_COINS),
        default=100,
        metavar="N",
        help="how many of the largest coins make the sum (default: %(default)s)",
    )
    parser.add_argument(
        "--source",
        choices=get_args(Source),
        default="coingecko",
        help="coingecko-pro divides by the total market cap instead; it needs a Pro key",
    )
    parser.add_argument(
        "--calls-per-minute",
        type=_whole_number(1, 100_000),
        metavar="N",
        help=f"without a key {CALLS_PER_MINUTE['keyless']}, with a Demo key "
        f"{CALLS_PER_MINUTE['demo']}, with a Pro key {CALLS_PER_MINUTE['pro']}, if left out",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.set_defaults(run=run_download)


def run_download(options: argparse.Namespace) -> int:
    """Download what is asked for, and store it when all of it is there."""
    config = load_configuration(options)
    datadir = data_directory(config)
    if is_synthetic(datadir):
        raise InputError(f"{datadir}: expected a folder for real candles, found synthetic ones")
    access = load_access(config)
    store = DominanceStore(datadir, data_format(config))
    plan = make_plan(options, access, store.load(TIMEFRAME))
    # A retry is no news; what fails in the end is told in one line.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    with (
        showing_waits("CoinGecko"),
        show_progress("coins", KEPT, at_once=True) as progress,
    ):
        report = download_history(
            plan,
            access,
            datadir,
            store,
            calls_per_minute=options.calls_per_minute or access.calls_per_minute,
            progress=progress,
            now=read_clock(),
        )
    if options.json:
        show(json.dumps(download_as_json(plan, report)))
    else:
        show_text(*download_as_text(plan, report))
    return 0


def make_plan(options: argparse.Namespace, access: ApiAccess, stored: pd.DataFrame) -> Plan:
    """Turn the options into a plan that starts where the stored candles end."""
    newest = None if stored.empty else stored["date"].iloc[-1] + candle_length(TIMEFRAME)
    return plan_download(
        options.source,
        access,
        read_clock(),
        days=options.days,
        newest=newest,
        coins=options.coins,
    )


def _whole_number(lowest: int, highest: int) -> Any:
    """Return the reader of an option that takes a whole number."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and lowest <= int(text[:9]) <= highest):
            raise argparse.ArgumentTypeError(
                f"expected a whole number from {lowest} to {highest}, found {text!r}"
            )
        return int(text)

    return read
