"""The field samples beside this checkout, where there are any: each read correctly, or refused.

The expected outcomes were worked out by hand from the files' own text.
"""

from pathlib import Path

import pandas as pd
import pytest

from altseason.dominance.importer import import_readings
from altseason.dominance.store import DominanceStore
from altseason.errors import InputError
from altseason.sources.caps import load_cap_pair
from altseason.sources.files import load_readings
from altseason.sources.rows import ImportOptions
from tests.conftest import ROOT
from tests.sources.field import NOW

FIELD = ROOT.parent / "shared" / "field"
CHICAGO = ImportOptions(timezone="America/Chicago")
pytestmark = pytest.mark.skipif(
    not FIELD.is_dir(), reason="needs the field samples beside the checkout"
)

# name, first and last day, days, first and last close, what else is said
READ = [
    ("append-log-twice-a-day.csv", "2024-03-01", "2024-03-05", 5, 51.2, 52.4, ImportOptions()),
    ("caps-one-file.csv", "2024-03-01", "2024-03-08", 8, 51.3712, 51.7726, ImportOptions()),
    ("close-time-date.csv", "2024-03-01", "2024-03-06", 6, 51.2, 52.7, ImportOptions()),
    ("cron-daily-jitter-open.csv", "2024-03-02", "2024-03-15", 14, 51.2, 51.7, ImportOptions()),
    ("decimal-comma.csv", "2024-03-01", "2024-03-08", 8, 51.2, 51.6, ImportOptions()),
    ("frozen.csv", "2024-03-01", "2024-04-29", 60, 51.2, 54.123456789, ImportOptions()),
    ("investing.csv", "2024-02-23", "2024-03-01", 8, 51.6, 51.2, ImportOptions()),
    ("ms-list.json", "2024-03-01", "2024-03-08", 8, 51.2, 51.6, ImportOptions()),
    ("ohlcv-date.csv", "2024-03-01", "2024-03-08", 8, 51.5, 51.9, ImportOptions()),
    ("records.json", "2024-03-01", "2024-03-08", 8, 51.2, 51.6, ImportOptions()),
    (
        "split-date-time.csv",
        "2024-03-01",
        "2024-03-03",
        3,
        51.6,
        52.4,
        ImportOptions(timezone="UTC"),
    ),
    ("timestamp-day-labels.csv", "2024-03-01", "2024-03-08", 8, 51.2, 51.6, ImportOptions()),
    # The last of six four-hour bars of each day: 52.10 + 0.05, and 52.33 at the end.
    ("tv-compare-btcd-not-main.csv", "2024-03-01", "2024-03-04", 4, 52.15, 52.33, ImportOptions()),
    ("tv-dst-offsets.csv", "2024-03-27", "2024-04-05", 10, 51.5, 52.5, ImportOptions()),
    ("tv-dup-plot.csv", "2024-03-01", "2024-03-08", 8, 51.5, 51.9, ImportOptions()),
    ("tv-running-bar-1.csv", "2024-03-01", "2024-03-08", 8, 51.5, 51.95, ImportOptions()),
    ("tv-running-bar-2.csv", "2024-03-01", "2024-03-10", 10, 51.5, 55.5, ImportOptions()),
    ("tvdatafeed-hourly-local.csv", "2024-03-01", "2024-03-03", 3, 51.3, 52.1, CHICAGO),
    (
        "tv-excel-us.csv",
        "2024-03-02",
        "2024-03-09",
        8,
        51.5,
        51.9,
        ImportOptions(timezone="America/Chicago", date_format="%m/%d/%Y %H:%M"),
    ),
]
REFUSED = [
    ("CRYPTOCAP_USDT.D, 1D.csv", "--insist"),
    ("cg-btc-ok.csv", "--total FILE"),
    ("cg-btc-usd-max-empty-cap.csv", "--total FILE"),
    ("cg-globalmktcap-ms.csv", "--total FILE"),
    ("cg-total-jitter-ms.csv", "--total FILE"),
    ("cmc-altcoin.csv", "coin's price"),
    ("cmc-btc-historical.csv", "--total FILE"),
    ("month-names.csv", "coin's price"),
    ("split-date-time.csv", "--timezone"),
    ("tv-excel-us.csv", "--date-format"),
    ("tvdatafeed-hourly-local.csv", "--timezone"),
    ("sandbox-marketcap-pairlist.json", "--date-column"),
]


def store(readings, folder: Path) -> pd.DataFrame:
    candles = DominanceStore(folder)
    import_readings(readings, candles, NOW)
    return candles.load("1d")


@pytest.mark.parametrize(("name", "first", "last", "days", "begin", "end", "options"), READ)
def test_field_file_is_read_right(
    tmp_path: Path, name: str, first: str, last: str, days: int, begin: float, end: float, options
):
    candles = store(load_readings(FIELD / name, options, NOW), tmp_path)
    assert [f"{candles['date'].iloc[row]:%Y-%m-%d}" for row in (0, -1)] == [first, last]
    assert len(candles) == days
    assert candles["close"].iloc[[0, -1]].tolist() == pytest.approx([begin, end], abs=1e-4)


@pytest.mark.parametrize(("name", "advice"), REFUSED)
def test_field_file_is_refused_with_advice(name: str, advice: str):
    with pytest.raises(InputError) as error:
        load_readings(FIELD / name, ImportOptions(), NOW)
    first, *rest = str(error.value).splitlines()
    assert advice in first
    assert all(line.startswith("  line ") for line in rest)


@pytest.mark.parametrize(
    ("bitcoin", "total", "first", "last", "days"),
    [
        # The reading of the 5th is empty, and closes the 4th.
        ("cg-btc-usd-max-empty-cap.csv", "cg-globalmktcap-ms.csv", "02-29", "03-09", 9),
        ("cg-btc-ok.csv", "cg-total-jitter-ms.csv", "02-29", "03-09", 10),
        # Closes at 23:59:59.999 of the 1st to the 9th meet midnights of the 2nd to the 10th.
        ("cmc-btc-historical.csv", "cg-globalmktcap-ms.csv", "03-01", "03-09", 9),
    ],
)
def test_field_market_caps_are_divided(
    tmp_path: Path, bitcoin: str, total: str, first: str, last: str, days: int
):
    candles = store(load_cap_pair(FIELD / bitcoin, FIELD / total, ImportOptions(), NOW), tmp_path)
    assert [f"{candles['date'].iloc[row]:%m-%d}" for row in (0, -1)] == [first, last]
    assert len(candles) == days
    by_day = candles.set_index(candles["date"].dt.strftime("%m-%d"))["close"]
    # CoinGecko's reading of 00:00 on the 2nd, or CoinMarketCap's close of the 1st, of 2.3e12.
    cap = 1.181538461538e12 if bitcoin.startswith("cmc") else 1.18846e12
    assert by_day["03-01"] == pytest.approx(100 * cap / 2.3e12)
