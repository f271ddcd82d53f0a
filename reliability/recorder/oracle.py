"""The expected content of a data directory, calculated without the code under test.

The candles are made from the lines of the log by the rules in docs/dominance.md alone: a reading
belongs to the candle in whose half-open interval (open, end] it became known, and a candle whose
last reading is more than three hours before its end is left out.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from reliability.tally import Try

LOG = "BTCD_USD-readings.jsonl"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LENGTHS = {"1h": timedelta(hours=1), "1d": timedelta(days=1)}
MAX_UNREAD = timedelta(hours=3)
TOLERANCE = 1e-9
# A reading further than this from the last one, and from the waiting one, does not count.
BELIEVED_STEP, BELIEVED_PER_HOUR, BELIEVED_AFTER_GAP = 2.0, 0.5, 10.0

# When it was known, the provider, the value reported, and the value that counts.
Key = tuple[str, str, float, float | None]
# When it was reported, and the value.
Said = tuple[datetime, float]
# Open, high, low, close and the number of readings.
Candle = tuple[float, float, float, float, int]


@dataclass(frozen=True)
class Log:
    """The lines of a log; damaged ones are only counted."""

    readings: list[Key]
    damaged: int


def make_key(known: datetime, provider: str, raw: float, dominance: float | None) -> Key:
    return known.astimezone(UTC).isoformat(), provider, raw, dominance


def read_log(folder: Path) -> Log:
    """Read the complete lines; a part of a line at the end does not count."""
    path = folder / LOG
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    readings, damaged = [], 0
    for line in lines:
        try:
            said = json.loads(line)
            known = datetime.fromisoformat(said["known"])
            readings.append(make_key(known, said["provider"], said["raw"], said["dominance"]))
        except (ValueError, KeyError, TypeError):
            damaged += 1
    return Log(readings, damaged)


def reckon_candles(
    readings: Iterable[Key], timeframe: str, now: datetime
) -> dict[datetime, Candle]:
    """Return the candles that have ended by a time, by their open time."""
    length = LENGTHS[timeframe]
    known_in: dict[datetime, list[tuple[datetime, float]]] = defaultdict(list)
    for text, _, _, dominance in readings:
        known = datetime.fromisoformat(text)
        if dominance is not None:
            ends_before = -((EPOCH - known) // length)
            known_in[EPOCH + (ends_before - 1) * length].append((known, dominance))
    candles = {}
    for opened, inside in known_in.items():
        values = [value for _, value in inside]
        end = opened + length
        if end <= now and end - inside[-1][0] <= MAX_UNREAD:
            candles[opened] = (values[0], max(values), min(values), values[-1], len(values))
    return candles


def reckon_jumps(
    last: Said,
    told: Iterable[Said],
    offset: float = 0.0,
    restarts: Collection[int] = (),
    confirmed: Collection[int] = (),
) -> list[float | None]:
    """Return the readings of one provider that count, by the rules of docs/operations.md.

    :param last: the last one that counted before.
    :param restarts: the places in `told` before which another process began, which knows of no
        waiting reading.
    :param confirmed: the places at which another provider reported the same.
    """
    counted: list[float | None] = []
    waiting: float | None = None
    for place, (time, raw) in enumerate(told):
        value = raw - offset
        waiting = None if place in restarts else waiting
        gap = (time - last[0]) / timedelta(hours=1)
        believed = min(BELIEVED_STEP + BELIEVED_PER_HOUR * gap, BELIEVED_AFTER_GAP)
        is_near = abs(value - last[1]) <= believed
        is_repeated = waiting is not None and abs(value - waiting) <= BELIEVED_STEP
        if is_near or is_repeated or place in confirmed:
            counted.append(value)
            last, waiting = (time, value), None
        else:
            counted.append(None)
            waiting = value
    return counted


def check_counted(
    this: Try,
    folder: Path,
    said: Sequence[tuple[datetime, str, float]],
    counted: Sequence[float | None],
) -> None:
    """Compare the last readings in a log with those reported, and with those that count."""
    expected = [make_key(*one, value) for one, value in zip(said, counted, strict=True)]
    providers = {provider for _, provider, _ in said}
    found = [one for one in read_log(folder).readings if one[1] in providers][-len(expected) :]
    wrong = [
        (one, other)
        for one, other in zip(found, expected, strict=False)
        if one[:3] != other[:3] or not is_same_value(one[3], other[3])
    ]
    this.lost += len(wrong)
    this.expect(len(found) == len(expected), f"{len(found)} readings for {len(expected)} said")
    this.expect(not wrong, f"{len(wrong)} readings are not as they should be: {wrong[:1]}")


def is_same_value(value: float | None, other: float | None) -> bool:
    if value is None or other is None:
        return value is other
    return abs(value - other) <= TOLERANCE


def read_candles(folder: Path, timeframe: str) -> dict[datetime, Candle]:
    """Read the stored candles as any other program could."""
    path = folder / f"BTCD_USD-{timeframe}.feather"
    if not path.exists():
        return {}
    stored = pd.read_feather(path)
    columns = [stored[name] for name in ("date", "open", "high", "low", "close", "volume")]
    return {
        date.to_pydatetime(): (opened, high, low, close, int(volume))
        for date, opened, high, low, close, volume in zip(*columns, strict=True)
    }


def check_log(
    this: Try, folder: Path, acknowledged: Collection[Key], said: Collection[float]
) -> None:
    """Compare a log with the acknowledged readings, and with all that providers reported."""
    log = read_log(folder)
    there = Counter(log.readings)
    missing = [key for key in acknowledged if key not in there]
    repeated = [key for key, count in there.items() if count > 1]
    invented = [key for key in there if key[2] not in said]
    times = [key[0] for key in log.readings]
    this.lost += len(missing) + len(invented)
    this.expect(not missing, f"{len(missing)} acknowledged readings are missing: {missing[:1]}")
    this.expect(not repeated, f"{len(repeated)} readings are there twice: {repeated[:1]}")
    this.expect(not invented, f"{len(invented)} readings were said by nobody: {invented[:1]}")
    this.expect(not log.damaged, f"{log.damaged} lines are damaged")
    this.expect(times == sorted(times), "the readings are not in the order of time")


def check_candles(this: Try, folder: Path, now: datetime, *, all_there: bool = True) -> None:
    """Compare the stored candles with those of the log.

    :param all_there: whether all candles have to be stored by now; otherwise none may be wrong.
    """
    readings = read_log(folder).readings
    for timeframe in LENGTHS:
        expected = reckon_candles(readings, timeframe, now)
        stored = read_candles(folder, timeframe)
        wrong = [date for date, candle in stored.items() if not is_same(candle, expected.get(date))]
        missing = sorted(set(expected) - set(stored)) if all_there else []
        this.lost += len(wrong) + len(missing)
        this.expect(not wrong, f"{len(wrong)} wrong candles of {timeframe}: {wrong[:1]}")
        this.expect(not missing, f"{len(missing)} candles of {timeframe} missing: {missing[:1]}")


def is_same(candle: Candle, expected: Candle | None) -> bool:
    return expected is not None and all(
        abs(value - other) <= TOLERANCE for value, other in zip(candle, expected, strict=True)
    )
