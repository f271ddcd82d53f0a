"""What has been recorded of late, and what was learnt of the fallbacks."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from altseason.dominance.candles import describe_duration
from altseason.recorder.log import Reading
from altseason.recorder.offsets import MAX_OFFSET_AGE, Offsets
from altseason.recorder.recording import Recording
from altseason.sources.coingecko import PROVIDER as PRIMARY
from altseason.sources.reading import MAX_AGE, Clock, read_clock


@dataclass(frozen=True)
class RecordingStatus:
    """What the log of readings says.

    :param age: since the last reading that counts.
    :param offsets: what was learnt, by fallback, in percentage points; None where it is not enough.
    """

    last: Reading
    age: pd.Timedelta
    offsets: dict[str, float | None]

    @property
    def is_current(self) -> bool:
        """Whether something is being recorded."""
        return self.age <= MAX_AGE


def load_recording_status(
    recording: Recording, clock: Clock = read_clock
) -> RecordingStatus | None:
    """Look into the log; None without a reading that counts in the last week."""
    now, readings = recording.log.load(clock() - MAX_OFFSET_AGE, clock)
    counted = [reading for reading in readings if reading.dominance is not None]
    if not counted:
        return None
    offsets = Offsets(readings)
    names = sorted({reading.provider for reading in readings} - {PRIMARY})
    return RecordingStatus(
        counted[-1],
        now - counted[-1].known,
        {name: offsets.find(name, now) for name in names},
    )


def recording_as_text(status: RecordingStatus | None) -> list[str]:
    """Describe it for a person."""
    if status is None:
        return ["recorded: nothing in the last week"]
    last = status.last
    corrected = "" if last.offset is None else f", corrected by {-last.offset:+.2f}"
    learnt = [
        f"  {name}: {'not learnt yet' if offset is None else f'{offset:+.2f} to {PRIMARY}'}"
        for name, offset in status.offsets.items()
    ]
    return [
        (
            f"recorded: {last.dominance:.2f} % by {last.provider}{corrected}, "
            f"{describe_duration(status.age)} ago"
        ),
        *learnt,
    ]


def recording_as_json(status: RecordingStatus | None) -> dict[str, Any] | None:
    """Return the facts of `recording_as_text`; None where nothing was recorded."""
    if status is None:
        return None
    return {
        "current": status.is_current,
        "age_minutes": round(status.age / pd.Timedelta(minutes=1), 1),
        "last": status.last.model_dump(mode="json"),
        "offsets": status.offsets,
    }
