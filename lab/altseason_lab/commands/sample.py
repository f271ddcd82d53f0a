"""`altseason sample`: write the synthetic market, to try everything without a download."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from textwrap import TextWrapper
from typing import Any

from freqtrade.configuration.load_config import load_from_files
from freqtrade.constants import AVAILABLE_DATAHANDLERS

from altseason.commands.reporting import add_json_option, format_date, print_report
from altseason.dominance.synthetic import validate_target
from altseason.errors import InputError
from altseason.host.configuration import data_format, quiet_freqtrade
from altseason.output import MAX_WIDTH
from altseason.parser import whole_number
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

KEPT = "No candle file is incomplete; run the same command again to write all of them."


@dataclass(frozen=True)
class SampleReport:
    """The market that was written to disk.

    :param stored_as: the format of its files, as `dataformat_ohlcv` names it.
    """

    market: SampleMarket
    datadir: Path
    stored_as: str

    def as_text(self) -> list[str]:
        """Describe the folder, its range, and the candles of each pair."""
        market, hours, readings = self.market, self.market.rest["date"], self.market.dominance["1h"]
        pairs = ", ".join(f"{pair} {len(candles)}" for pair, candles in market.candles.items())
        dominance = ", ".join(f"{len(rows)} of {name}" for name, rows in market.dominance.items())
        lowest, highest = readings["low"].min(), readings["high"].max()
        lines = [
            f"SYNTHETIC candles, seed {market.seed}: {NOTICE}",
            f"folder      {self.datadir} ({self.stored_as})",
            f"range       {format_date(hours.iloc[0])} to {format_date(hours.iloc[-1])} UTC",
            f"1h candles  {pairs}",
            f"dominance   {DEFAULT_PAIR} {dominance}; {lowest:.1f} to {highest:.1f} %",
        ]
        # A path is never wrapped.
        wrapper = TextWrapper(
            MAX_WIDTH, subsequent_indent=" " * 12, break_long_words=False, break_on_hyphens=False
        )
        return [part for line in lines for part in wrapper.wrap(line)]

    def as_json(self) -> dict[str, Any]:
        """Return the same facts for programs; dominance in percent, open times in UTC."""
        market, hours, readings = self.market, self.market.rest["date"], self.market.dominance["1h"]
        return {
            "synthetic": True,
            "notice": NOTICE,
            "datadir": str(self.datadir),
            "data_format": self.stored_as,
            "seed": market.seed,
            "generator_version": GENERATOR_VERSION,
            "first_candle": hours.iloc[0].isoformat(),
            "last_candle": hours.iloc[-1].isoformat(),
            "candles": {pair: len(candles) for pair, candles in market.candles.items()},
            "dominance_pair": DEFAULT_PAIR,
            "dominance_candles": {name: len(rows) for name, rows in market.dominance.items()},
            "dominance_lowest": float(readings["low"].min()),
            "dominance_highest": float(readings["high"].max()),
        }


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
        type=whole_number(0),
        default=DEFAULT_SEED,
        help="whole number from 0; the same seed gives the same files (default: %(default)s)",
    )
    add_json_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the sample market, and print what was written."""
    datadir = choose_folder(options)
    stored_as = choose_format(options)
    # Before the work as well, so that a refusal does not take long.
    validate_target(datadir)
    with show_progress("candle files", KEPT) as progress:
        market = generate_market(options.seed)
        save_market(market, datadir, stored_as, progress)
    print_report(SampleReport(market, datadir, stored_as), options)
    return 0


def choose_folder(options: argparse.Namespace) -> Path:
    """Return the data directory to write to: by default next to those of the exchanges."""
    if options.datadir:
        return Path(options.datadir)
    return Path(options.user_data_dir or "user_data") / "data" / "synthetic"


def choose_format(options: argparse.Namespace) -> str:
    """Return the format to write: that of the configuration files, if any are named."""
    if not options.config:
        return data_format({})
    # Only read the files: loading Freqtrade's configuration would create the exchange's folder.
    with quiet_freqtrade():
        chosen = data_format(load_from_files(options.config))
    if chosen not in AVAILABLE_DATAHANDLERS:
        raise InputError(
            f"{', '.join(options.config)}: expected dataformat_ohlcv to be one of "
            f"{', '.join(AVAILABLE_DATAHANDLERS)}, found {chosen!r}"
        )
    return chosen
