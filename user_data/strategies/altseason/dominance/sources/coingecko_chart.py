"""CoinGecko's chart downloads: Bitcoin's market cap and the total one together give dominance."""

from pathlib import Path

import pandas as pd

from altseason.dominance.candles import MAX_PERCENT, MIN_PERCENT, PRICE_COLUMNS, is_believable
from altseason.dominance.sources.files import Layout, Options, Readings, build_readings
from altseason.dominance.sources.table import Table, parse_dates, parse_numbers, read_table
from altseason.errors import InputError

DATE, CAP = "snapped_at", "market_cap"


def load_chart_pair(bitcoin: Path, total: Path, options: Options, now: pd.Timestamp) -> Readings:
    """Divide Bitcoin's market cap by the total one, at the times that both files have.

    Both are snapshots at their stamp. The last row of a download may be "now" and so differ between
    the files; rows that only one file has are left out.

    :raises InputError: where a file is no such download, or no time is in both.
    """
    bitcoin_table, bitcoin_caps = _load_caps(bitcoin, now)
    _, total_caps = _load_caps(total, now)
    both = bitcoin_caps.merge(total_caps, on="stamp", suffixes=("_bitcoin", "_total"))
    if both.empty:
        raise InputError(f"{bitcoin}: expected times that {total} has as well, found none")
    percent = 100 * both["cap_bitcoin"] / both["cap_total"]
    in_table = bitcoin_caps["stamp"].map(dict(zip(both["stamp"], percent, strict=True)))
    bitcoin_table.refuse(
        f"expected Bitcoin's share of {total} between {MIN_PERCENT:g} and {MAX_PERCENT:g} percent; "
        f"are the two files in the right order?",
        in_table.notna() & ~is_believable(in_table),
        in_table.map("{:.2f} %".format),
    )
    layout = Layout("pair of CoinGecko charts", DATE, (CAP,) * 4, options.stamp or "snapshot")
    rows = pd.DataFrame({"stamp": both["stamp"], **dict.fromkeys(PRICE_COLUMNS, percent)})
    return build_readings(layout, rows, bitcoin)


def _load_caps(path: Path, now: pd.Timestamp) -> tuple[Table, pd.DataFrame]:
    table = read_table(path)
    missing = [column for column in (DATE, CAP) if column not in table.columns]
    if missing:
        raise InputError(
            f"{path}: expected a CoinGecko chart with the columns {DATE} and {CAP}, "
            f"found {', '.join(table.columns)}"
        )
    stamps, caps = parse_dates(table, DATE, now), parse_numbers(table, CAP)
    table.refuse("expected market caps above 0", caps <= 0, table.cells[CAP])
    return table, pd.DataFrame({"stamp": stamps, "cap": caps})
