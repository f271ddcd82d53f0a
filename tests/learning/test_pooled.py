"""FreqAI's model in the thread that trains for a bot, when something fails."""

import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from freqtrade.configuration import TimeRange
from freqtrade.freqai.freqai_interface import IFreqaiModel

from altseason.errors import SettingsError
from altseason.learning.model import fit_pooled
from tests.learning.conftest import PAIRS, Load
from tests.learning.rows import draw_rows

NOW = int(datetime(2024, 2, 1, tzinfo=UTC).timestamp())
WINDOW = TimeRange("date", "date", NOW - 1095 * 86400, NOW)


class Clock:
    """The module `time` of the model, on a clock that its own waits move."""

    def __init__(self, on_sleep: Callable[[], None] = lambda: None) -> None:
        self.now = float(NOW)
        self.on_sleep = on_sleep

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.on_sleep()


def train(model: Any, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> float:
    """Let the model train as FreqAI's thread does, and return for how long it has waited."""
    # FreqAI loads its file under a name of its own.
    monkeypatch.setitem(type(model).train.__globals__, "time", clock)
    model.live = True
    dk = SimpleNamespace(all_pairs=PAIRS)
    model.extract_data_and_train_model(WINDOW, PAIRS[0], None, dk, WINDOW)
    return clock.now - NOW


def failing(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any) -> None:
        raise error

    return fail


def test_training_that_fails_is_tried_again_an_hour_later(
    load_learner: Load, monkeypatch: pytest.MonkeyPatch
):
    """FreqAI itself would retry at once, and log a stack trace each time."""
    model = load_learner().freqai
    monkeypatch.setattr(model, "_fit", failing(OSError("no space left")))
    assert train(model, monkeypatch, Clock()) == pytest.approx(3600, abs=2)
    assert model.problem == "training failed with OSError('no space left')"
    assert model.dd.pair_dict == {}


def test_bot_that_stops_does_not_wait_for_that_hour(
    load_learner: Load, monkeypatch: pytest.MonkeyPatch
):
    model = load_learner().freqai
    monkeypatch.setattr(model, "_fit", failing(OSError("no space left")))
    assert train(model, monkeypatch, Clock(model._stop_event.set)) == 1


def test_model_is_handed_to_all_pairs_at_once_and_found_again(
    load_learner: Load, monkeypatch: pytest.MonkeyPatch
):
    strategy = load_learner()
    fitted = fit_pooled(draw_rows(1000))
    monkeypatch.setattr(strategy.freqai, "_fit", lambda *_: fitted)
    assert train(strategy.freqai, monkeypatch, Clock()) == 0
    # Another object, as after a restart, which reads what is stored.
    again = load_learner().freqai
    assert again.identifier == strategy.freqai.identifier
    assert sorted(again.dd.pair_dict) == sorted(PAIRS)
    features = draw_rows(5, seed=9)
    for pair in PAIRS:
        assert again.dd.pair_dict[pair]["trained_timestamp"] == NOW
        dk = SimpleNamespace(live=True)
        stored = again.dd.load_data(pair, dk)
        assert dk.label_list == ["&-take_profit"]
        pd.testing.assert_frame_equal(
            stored.predict_proba(features), fitted.predict_proba(features)
        )


def test_too_few_entries_keep_the_model_before(load_learner: Load, monkeypatch: pytest.MonkeyPatch):
    model = load_learner().freqai
    fitted = fit_pooled(draw_rows(1000))
    monkeypatch.setattr(model, "_fit", lambda *_: fitted)
    train(model, monkeypatch, Clock())
    before = {pair: dict(facts) for pair, facts in model.dd.pair_dict.items()}
    monkeypatch.setattr(model, "_fit", lambda *_: None)
    assert train(model, monkeypatch, Clock()) == pytest.approx(3600, abs=2)
    assert model.dd.pair_dict == before


def test_model_that_cannot_be_stored_does_not_count_as_trained(
    load_learner: Load, monkeypatch: pytest.MonkeyPatch
):
    """The one before would never expire, since it had the time of the new one."""
    model = load_learner().freqai
    monkeypatch.setattr(model, "_fit", lambda *_: fit_pooled(draw_rows(1000)))
    monkeypatch.setattr(model.dd, "save_data", failing(OSError("no space left")))
    assert train(model, monkeypatch, Clock()) == pytest.approx(3600, abs=2)
    assert model.dd.pair_dict[PAIRS[0]]["trained_timestamp"] == 0


def test_thread_goes_on_where_freqai_s_own_part_fails(
    load_learner: Load, monkeypatch: pytest.MonkeyPatch
):
    """Nobody would notice its end until the models expire."""
    model = load_learner().freqai
    tries: list[float] = []

    def scan(*_: Any) -> None:
        tries.append(clock.now)
        if len(tries) == 3:
            model._stop_event.set()
        raise OSError("no space left")

    clock = Clock()
    monkeypatch.setitem(type(model).train.__globals__, "time", clock)
    monkeypatch.setattr(IFreqaiModel, "_start_scanning", scan)
    model._start_scanning(None)
    assert [after - before for before, after in pairwise(tries)] == [pytest.approx(3600, abs=2)] * 2


def test_pairs_that_a_filter_leaves_out_are_trained_again(
    load_learner: Load, monkeypatch: pytest.MonkeyPatch
):
    """FreqAI removes a pair from its queue forever, and trains nothing once it is empty."""
    strategy = load_learner()
    model = strategy.freqai
    monkeypatch.setattr(IFreqaiModel, "start", lambda self, candles, *_: candles)
    model.start(pd.DataFrame(), {"pair": PAIRS[1]}, strategy)
    assert list(model.train_queue) == PAIRS
    model.train_queue.clear()
    model.start(pd.DataFrame(), {"pair": PAIRS[1]}, strategy)
    assert list(model.train_queue) == [PAIRS[1]]


@pytest.mark.parametrize(
    "name", ["historic_predictions.pkl", "pair_dictionary.json", "global_metadata.json"]
)
def test_damaged_files_are_set_aside_and_the_bot_starts(load_learner: Load, name: str):
    """As after a power cut while they are written; open trades need their bot."""
    folder = load_learner().freqai.full_path
    content = {"historic_predictions.pkl": pickle.dumps(list(range(100)))[:50]}
    (folder / name).write_bytes(content.get(name, b'{"ETH/USDT": {'))
    (folder / "another").touch()
    model = load_learner().freqai
    assert model.full_path == folder
    assert not (folder / "another").exists()
    assert model.dd.pair_dict == {}
    assert list(model.train_queue) == PAIRS
    aside = folder.with_name(f"{folder.name}.damaged")
    assert (aside / name).is_file()
    # A second time, when there is a folder set aside already.
    (folder / name).write_bytes(b"x")
    assert load_learner().freqai.dd.pair_dict == {}


def test_models_stay_where_the_disk_fails(load_learner: Load):
    """A full or read-only disk damages no model: nothing is moved, and one line says why."""
    folder = load_learner().freqai.full_path
    (folder / "pair_dictionary.json").write_text("{}")
    (folder / "run_params.json").unlink()
    # FreqAI writes this file at each start, and a folder of its name cannot be written either.
    (folder / "run_params.json").mkdir()
    with pytest.raises(SettingsError, match="cannot use its folder") as at:
        load_learner()
    assert str(folder) in str(at.value)
    assert (folder / "pair_dictionary.json").is_file()
    assert not folder.with_name(f"{folder.name}.damaged").exists()
