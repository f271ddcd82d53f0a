"""A real bot lives in the past: its loop, its thread and its database keep simulated time."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.clock.clock_file import read_clock
from tests.clock.replay import replaying

START = datetime(2022, 2, 1, 22, tzinfo=UTC)
END = START + timedelta(hours=3)


@pytest.mark.slow  # the soak of `make test` is a longer one
def test_replay_of_three_hours(tmp_path: Path, sample: Path):
    folder = tmp_path / "bot"
    folder.mkdir()
    with replaying(folder, sample, START) as replay:
        output = replay.trade_until(END)
        assert read_clock(replay.clock_file)() == END.timestamp() * 1000
    assert "Traceback" not in output

    lines = (replay.datadir / "BTCD_USD-readings.jsonl").read_text().splitlines()
    readings = [json.loads(line) for line in lines]
    # Fallbacks are only compared to CoinGecko.
    polls = [reading["known"] for reading in readings if reading["provider"] == "CoinGecko"]
    known = [datetime.fromisoformat(poll) for poll in polls]
    # The thread polls every ten minutes, also at the very end: before the bot is stopped.
    assert known == [START + timedelta(minutes=10 * number) for number in range(19)]

    with closing(sqlite3.connect(replay.database)) as database:
        ((started,),) = database.execute(
            "select datetime_value from KeyValueStore where key = 'startup_time'"
        )
    assert started.startswith("2022-02-01 22:00:00")
