"""What stamps mean: which zone they are in, and whether a row begins or ends there."""

import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from altseason.errors import InputError
from altseason.sources.files import load_readings
from altseason.sources.rows import ImportOptions
from tests.sources.field import EXPECTED, MARCH, NOW, VALUES, closes, rows, write

# In pieces, too: how a file is read must not depend on its size.
pytestmark = pytest.mark.usefixtures("whole_or_in_pieces")


def test_end_of_day_stamps_are_closes(tmp_path: Path):
    text = "date,dominance\n" + rows([f"{day} 23:59:59" for day in MARCH])
    readings = load_readings(write(tmp_path, text), ImportOptions(), NOW)
    assert readings.layout.stamp == "snapshot"
    assert closes(tmp_path, readings) == EXPECTED


@pytest.mark.parametrize("drift", [1, 60, 3000])
def test_daily_log_that_drifts_is_daily_and_never_early(tmp_path: Path, drift: int):
    days = pd.date_range("2023-03-13 09:00", periods=4, freq="1D")
    stamps = [f"{day + pd.Timedelta(seconds=i * drift)}" for i, day in enumerate(days)]
    readings = load_readings(
        write(tmp_path, "date,dominance\n" + rows(stamps)), ImportOptions(), NOW
    )
    assert readings.spacing == pd.Timedelta(days=1)
    late = dict(zip(["03-14", "03-15", "03-16", "03-17"], VALUES, strict=True))
    assert closes(tmp_path, readings) == late


@pytest.mark.parametrize("offset", ["+02:00", "-11:00", "Z"])
def test_end_of_a_local_day_is_a_close(tmp_path: Path, offset: str):
    text = "date,dominance\n" + rows([f"{day}T23:59:59{offset}" for day in MARCH])
    readings = load_readings(write(tmp_path, text), ImportOptions(), NOW)
    assert readings.layout.stamp == "snapshot"
    known = pd.Timestamp(f"2023-03-13T23:59:59{offset}").tz_convert("UTC")
    assert readings.rows["known"].iloc[0] == known


def test_zone_moves_local_midnights_to_their_days(tmp_path: Path):
    days = [f"{day} 19:00" for day in ("2023-03-12", *MARCH[:3])]
    file = write(tmp_path, "datetime,symbol,open,high,low,close,volume\n" + "".join(
        f"{day},CRYPTOCAP:BTC.D,{v},{v},{v},{v},1\n" for day, v in zip(days, VALUES, strict=True)
    ))  # fmt: skip
    options = ImportOptions(timezone="America/Chicago")
    assert closes(tmp_path, load_readings(file, options, NOW)) == EXPECTED


@pytest.mark.parametrize(("hours", "count"), [(-12, 3), (+12, 4)])
def test_bar_that_ran_when_the_file_was_written_is_left_out(tmp_path: Path, hours: int, count: int):
    file = write(tmp_path, "time,open,high,low,close\n" + "".join(
        f"{day},{v},{v},{v},{v}\n" for day, v in zip(MARCH, VALUES, strict=True)
    ))  # fmt: skip
    written = pd.Timestamp("2023-03-17", tz="UTC") + pd.Timedelta(hours=hours)
    os.utime(file, (written.timestamp(),) * 2)
    readings = load_readings(file, ImportOptions(), NOW)
    assert len(readings.rows) == count
    assert sum(readings.left_out.values()) == 4 - count


ZONES = ("UTC", "Europe/Berlin", "America/Chicago", "Asia/Kolkata")
CLOCKS = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M", "unix")
# Winter, and the days before the clocks change in America and in Europe, in spring and in autumn.
CHANGES = ("2023-01-13", "2023-03-11", "2023-03-25", "2023-10-28", "2023-11-04")


def is_twice(local: pd.Timestamp) -> bool:
    """Return whether a clock shows this time twice."""
    time = local.to_pydatetime()
    return time.replace(fold=0).utcoffset() > time.replace(fold=1).utcoffset()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_times_of_day_are_read_back_or_refused(tmp_path: Path, data: st.DataObject):
    hours = data.draw(st.sampled_from([1, 4, 24]))
    begin = pd.Timestamp(data.draw(st.sampled_from(CHANGES)), tz="UTC") + pd.Timedelta(
        minutes=data.draw(st.sampled_from([0, 330, 1080, 1439]))
    )
    values = data.draw(st.lists(st.integers(5000, 5900), min_size=3, max_size=30, unique=True))
    stamps = pd.date_range(begin, periods=len(values), freq=f"{hours}h")
    zone, style = data.draw(st.sampled_from(ZONES)), data.draw(st.sampled_from(CLOCKS))
    is_blank = [data.draw(st.integers(0, 9)) == 0 for _ in values]
    # Of one of two equal hours nothing but its neighbors says which it is.
    is_unclear = any(is_blank) or any(is_twice(stamp.tz_convert(zone)) for stamp in stamps)
    lines = []
    for stamp, value, blank in zip(stamps, values, is_blank, strict=True):
        local = stamp if style.endswith("Z") else stamp.tz_convert(zone)
        text = f"{stamp.timestamp():.0f}" if style == "unix" else local.strftime(style)
        lines.append(f"{text},{'' if blank else value / 100}")
    file = write(tmp_path, "time,BTC.D\n" + "\n".join(lines) + "\n")
    is_naive = not (style == "unix" or style.endswith(("Z", "%z")))
    try:
        readings = load_readings(file, ImportOptions(), NOW)
    except InputError:
        assume(not all(is_blank))
        if not is_naive:
            # Blank rows may leave none, a single one, or rows further apart than a day.
            assert any(is_blank)
            assert hours == 24 or len(values) < 9 or sum(is_blank) > 4
            return
        try:
            readings = load_readings(file, ImportOptions(timezone=zone), NOW)
        except InputError:
            assert is_unclear
            return
    else:
        # Without a zone nothing is taken that could be known later than it is.
        if is_naive and zone != "UTC":
            true = [stamp for stamp, blank in zip(stamps, is_blank, strict=True) if not blank]
            assert (readings.rows["known"].to_numpy() >= pd.DatetimeIndex(true).to_numpy()).all()
            return
    kept = [
        (stamp, value / 100)
        for stamp, value, blank in zip(stamps, values, is_blank, strict=True)
        if not blank
    ]
    assert readings.rows["stamp"].tolist() == [stamp for stamp, _ in kept]
    assert readings.rows["close"].tolist() == [value for _, value in kept]


@pytest.mark.parametrize(
    ("zone", "begin"),
    [("Europe/Berlin", "2023-10-28 12:00"), ("America/Chicago", "2023-11-04 12:00")],
)
@pytest.mark.parametrize("frequency", ["5min", "15min", "1h"])
@pytest.mark.parametrize("order", ["oldest first", "newest first", "mixed"])
def test_hour_that_a_clock_shows_twice_is_read_by_its_order(
    tmp_path: Path, zone: str, begin: str, frequency: str, order: str
):
    stamps = pd.date_range(begin, begin[:8] + f"{int(begin[8:10]) + 1:02} 12:00", freq=frequency)
    stamps = stamps.tz_localize("UTC")
    texts = stamps.tz_convert(zone).strftime("%Y-%m-%d %H:%M")
    values = [50 + i / 1000 for i in range(len(stamps))]
    lines = [f"{time},{value}\n" for time, value in zip(texts, values, strict=True)]
    lines = lines[::-1] if order == "newest first" else lines
    lines = lines[1::2] + lines[::2] if order == "mixed" else lines
    file = write(tmp_path, "time,BTC.D\n" + "".join(lines))
    if order == "mixed":
        with pytest.raises(InputError, match=r"twice.*write the times in UTC"):
            load_readings(file, ImportOptions(timezone=zone), NOW)
        return
    readings = load_readings(file, ImportOptions(timezone=zone), NOW)
    assert readings.rows["stamp"].tolist() == stamps.tolist()
    assert readings.rows["close"].tolist() == values
