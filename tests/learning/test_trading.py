"""A real bot that lives through a part of the sample: it trains, predicts, and restarts."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.clock.replay import Replay, replaying
from tests.learning.conftest import PAIRS, freqai

# Five seconds after a candle's end, so that none ends while the bot starts.
START = datetime(2024, 2, 1, 22, 0, 5, tzinfo=UTC)
PERIOD, HOUR = timedelta(minutes=5), timedelta(hours=1)
RECORDER = """
import json
import threading
from pathlib import Path

from AltSeasonFreqAI import AltSeasonFreqAI
from freqtrade.util import dt_now


class Recorder(AltSeasonFreqAI):
    def bot_loop_start(self, current_time, **kwargs):
        self.note(loop=True)

    def populate_entry_trend(self, dataframe, metadata):
        newest = dataframe.iloc[-1]
        self.note(
            pair=metadata["pair"],
            is_predicted=int(newest["do_predict"]),
            probability=float(newest["&-take_profit"]),
        )
        return super().populate_entry_trend(dataframe, metadata)

    def find_rule_entries(self, pair, candles):
        is_main = threading.current_thread() is threading.main_thread()
        self.note(training=pair, is_main=is_main)
        return super().find_rule_entries(pair, candles)

    def note(self, **facts):
        with Path(self.config["recorded"]).open("a") as file:
            file.write(json.dumps({"now": dt_now().isoformat(), **facts}) + "\\n")
"""


def read_notes(file: Path) -> list[dict[str, Any]]:
    notes = [json.loads(line) for line in file.read_text().splitlines()]
    return [{**note, "now": datetime.fromisoformat(note["now"])} for note in notes]


def live(replay: Replay, end: datetime) -> list[dict[str, Any]]:
    """Let the bot run until a time, and return what its strategy has noted."""
    file = Path(replay.settings["recorded"])
    file.unlink(missing_ok=True)
    output = replay.trade_until(end)
    assert "Traceback" not in output, output[-5000:]
    return read_notes(file)


def check_loops(notes: list[dict[str, Any]]) -> None:
    loops = [note["now"] for note in notes if "loop" in note]
    gaps = [after - before for before, after in pairwise(loops)]
    assert max(gaps) <= PERIOD + timedelta(seconds=1)


def check_predictions(notes: list[dict[str, Any]], since: datetime) -> None:
    """Each pair has a probability of its own from a time on, in every candle."""
    found = [note for note in notes if "pair" in note and note["now"] >= since]
    assert {note["pair"] for note in found} == set(PAIRS)
    assert all(note["is_predicted"] == 1 and 0 < note["probability"] < 1 for note in found)
    assert len({note["probability"] for note in found}) > 3


def trained(folder: Path) -> list[datetime]:
    """When each pair's model was trained; there is one identifier."""
    [file] = (folder / "models" / "altseason").glob("*/pair_dictionary.json")
    pairs = json.loads(file.read_text())
    assert set(pairs) == set(PAIRS)
    return [datetime.fromtimestamp(one["trained_timestamp"], UTC) for one in pairs.values()]


@pytest.mark.parametrize(
    ("retrain", "lived"),
    [
        (HOUR, 1.5 * HOUR),
        pytest.param(30 * HOUR, 48 * HOUR, marks=pytest.mark.slow),
    ],
    ids=["an hour", "two days"],
)
def test_bot_trains_again_and_predicts_at_once_after_a_restart(
    sample: Path, tmp_path: Path, retrain: timedelta, lived: timedelta
):
    folder, strategies = tmp_path / "bot", tmp_path / "strategies"
    folder.mkdir()
    strategies.mkdir()
    (strategies / "Recorder.py").write_text(RECORDER)
    settings = {
        "strategy": "Recorder",
        "strategy_path": str(strategies),
        "recorded": str(tmp_path / "notes.jsonl"),
        "timeframe": "1h",
        # A thread that sleeps in simulated time cannot be waited for in real time.
        "freqai": freqai(
            live_retrain_hours=retrain / HOUR, wait_for_training_iteration_on_reload=False
        ),
    }
    stop = START + lived
    with replaying(folder, sample, START, **settings) as replay:
        notes = live(replay, stop)
        check_loops(notes)
        # There is no model yet in the first loop, and one for all pairs from the second candle on.
        assert [note["is_predicted"] for note in notes if "pair" in note][: len(PAIRS)] == [0] * 4
        check_predictions(notes, START + HOUR - timedelta(seconds=5))
        before = trained(folder)
        # All at once, and again when it was due, to the hour: how long a fit takes is real time.
        assert len(set(before)) == 1
        assert START + retrain <= before[0] <= START + retrain + HOUR
        # In a thread of FreqAI's own, so that the bot's loop goes on; once for all pairs.
        trainings = [note for note in notes if "training" in note]
        assert [note["training"] for note in trainings] == PAIRS * 2
        assert not any(note["is_main"] for note in trainings)
        assert len(list(folder.glob("models/altseason/*/sub-train-ETH_*"))) == 2

        again = live(replace(replay, start=stop + timedelta(minutes=2)), stop + 4 * PERIOD)
    assert trained(folder) == before
    check_loops(again)
    first = [note for note in again if "pair" in note]
    assert len(first) >= len(PAIRS)
    check_predictions(again, stop)
