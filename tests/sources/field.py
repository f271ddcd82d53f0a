"""Four days of dominance as text, and how the tests write and store them."""

from pathlib import Path

import pandas as pd

from altseason.dominance.importer import import_readings
from altseason.dominance.store import DominanceStore
from altseason.sources.reading import Readings

NOW = pd.Timestamp("2026-06-01", tz="UTC")
VALUES = (58.25, 57.5, 57.75, 56.25)
MARCH = [f"2023-03-{day:02}" for day in (13, 14, 15, 16)]
PAIRS = [list(pair) for pair in zip(MARCH, VALUES, strict=True)]
EXPECTED = dict(zip(["03-13", "03-14", "03-15", "03-16"], VALUES, strict=True))
CANDLES = "".join(f"{day},{v},{v},{v},{v}\n" for day, v in zip(MARCH, VALUES, strict=True))


def write(folder: Path, text: str | bytes, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def rows(days: list[str], sep: str = ",", values: tuple[float, ...] = VALUES) -> str:
    return "".join(f"{day}{sep}{value}\n" for day, value in zip(days, values, strict=False))


def closes(folder: Path, readings: Readings, timeframe: str = "1d") -> dict[str, float]:
    store = DominanceStore(folder / "data")
    import_readings(readings, store, NOW)
    candles = store.load(timeframe)
    return dict(zip(candles["date"].dt.strftime("%m-%d"), candles["close"], strict=True))
