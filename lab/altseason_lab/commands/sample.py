"""`altseason sample`: write the synthetic market, to try everything without a download."""

import argparse
import json
from pathlib import Path
from textwrap import TextWrapper
from typing import Any

from freqtrade.configuration.load_config import load_from_files
from freqtrade.constants import AVAILABLE_DATAHANDLERS

from altseason.dominance.synthetic import validate_target
from altseason.errors import InputError
from altseason.host.configuration import data_format, quiet_freqtrade
from altseason.output import MAX_WIDTH, show
from altseason.progress import show_progress
from altseason.settings import DEFAULT_PAIR
from altseason_lab.sample.model import (
    DEFAULT_SEED,
    GENERATOR_VERSION,
    SampleMarket,
    generate_market,
)
from altseason_lab.sample.store import save_market

NOTICE = "no coin ever traded at these prices; results on them say nothing about real markets"

KEPT = "No candle file is half written; run the same command again for all of them."


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `altseason sample`."""
    parser = commands.add_parser(
        "sample",
        parents=[common],
        description=f"Write four years of SYNTHETIC candles and their dominance: {NOTICE}. "
        "They go to --datadir, else to USERDIR/data/synthetic.",
    )
    parser.add_argument(
        "--seed",
        type=parse_seed,
        default=DEFAULT_SEED,
        help="whole number from 0; one seed always gives the same files (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.set_defaults(run=run)


def parse_seed(text: str) -> int:
    """Parse a seed of the command line."""
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"expected a whole number from 0, found {text!r}")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Write the sample market, and print what was written."""
    datadir = choose_folder(options)
    stored_as = choose_format(options)
    # Also before the work, so that a refusal does not wait for it.
    validate_target(datadir)
    with show_progress("candle files", KEPT) as progress:
        market = generate_market(options.seed)
        save_market(market, datadir, stored_as, progress)
    summary = summarize(market, datadir, stored_as)
    if options.json:
        show(json.dumps(summary))
    else:
        show(*render(summary))
    return 0


def choose_folder(options: argparse.Namespace) -> Path:
    """Return the data directory to write: beside the folders of the exchanges by default."""
    if options.datadir:
        return Path(options.datadir)
    return Path(options.user_data_dir or "user_data") / "data" / "synthetic"


def choose_format(options: argparse.Namespace) -> str:
    """Return the format to write: the one of the configuration files, if any are named."""
    if not options.config:
        return data_format({})
    # Only read: Freqtrade's whole configuration would create the exchange's folder.
    with quiet_freqtrade():
        chosen = data_format(load_from_files(options.config))
    if chosen not in AVAILABLE_DATAHANDLERS:
        raise InputError(
            f"{', '.join(options.config)}: expected dataformat_ohlcv to be one of "
            f"{', '.join(AVAILABLE_DATAHANDLERS)}, found {chosen!r}"
        )
    return chosen


def summarize(market: SampleMarket, datadir: Path, stored_as: str) -> dict[str, Any]:
    """Summarize what was written; dominance in percent, dates as open times in UTC."""
    readings = market.dominance["1h"]
    return {
        "synthetic": True,
        "notice": NOTICE,
        "datadir": str(datadir),
        "data_format": stored_as,
        "seed": market.seed,
        "generator_version": GENERATOR_VERSION,
        "first_candle": market.rest["date"].iloc[0].isoformat(),
        "last_candle": market.rest["date"].iloc[-1].isoformat(),
        "candles": {pair: len(candles) for pair, candles in market.candles.items()},
        "dominance_pair": DEFAULT_PAIR,
        "dominance_candles": {key: len(candles) for key, candles in market.dominance.items()},
        "dominance_lowest": float(readings["low"].min()),
        "dominance_highest": float(readings["high"].max()),
    }


def render(summary: dict[str, Any]) -> list[str]:
    """Render the summary for people, line by line."""
    pairs = ", ".join(f"{pair} {count}" for pair, count in summary["candles"].items())
    dominance = ", ".join(
        f"{count} of {key}" for key, count in summary["dominance_candles"].items()
    )
    lowest, highest = summary["dominance_lowest"], summary["dominance_highest"]
    first, last = (summary[key][:16].replace("T", " ") for key in ("first_candle", "last_candle"))
    lines = [
        f"SYNTHETIC candles, seed {summary['seed']}: {NOTICE}",
        f"folder      {summary['datadir']} ({summary['data_format']})",
        f"range       {first} to {last} UTC",
        f"1h candles  {pairs}",
        f"dominance   {summary['dominance_pair']} {dominance}; {lowest:.1f} to {highest:.1f} %",
    ]
    # A path is never broken.
    wrapper = TextWrapper(
        MAX_WIDTH, subsequent_indent=" " * 12, break_long_words=False, break_on_hyphens=False
    )
    return [part for line in lines for part in wrapper.wrap(line)]
