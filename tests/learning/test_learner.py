"""What a strategy does with predictions: which entries it takes, how large, and what it reports."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from freqtrade.enums import RunMode
from hypothesis import given
from hypothesis import strategies as st

from altseason.dominance.store import DominanceStore
from altseason.learning.learner import Learner
from tests.conftest import coin_candles, dominance_candles
from tests.learning.conftest import Load, load_only

LABEL = "&-take_profit"
PAIR = "ETH/USDT"
START = pd.Timestamp("2021-01-01", tz="UTC")


def section(**changes: Any) -> dict[str, Any]:
    return {"dominance": {"record": False}, "risk": {"sizing": False}, "freqai": changes}


def predicted(probabilities: list[float | None]) -> pd.DataFrame:
    """Candles with probabilities, None for those without a prediction."""
    values = [np.nan if one is None else one for one in probabilities]
    return coin_candles(len(values)).assign(
        **{LABEL: values, "do_predict": [int(one is not None) for one in probabilities]}
    )


class Predicting:
    """A model for FreqAI that predicts what a test wants, or fails."""

    def __init__(self, probabilities: list[float | None] | Exception, problem: str = "") -> None:
        self.probabilities = probabilities
        self.problem = problem

    def start(self, dataframe: pd.DataFrame, metadata: Any, strategy: Any) -> pd.DataFrame:
        if isinstance(self.probabilities, Exception):
            raise self.probabilities
        frame = predicted(self.probabilities)
        # FreqAI returns 0 for none.
        return frame.assign(**{LABEL: frame[LABEL].fillna(0.0)})


@pytest.mark.parametrize(
    ("without", "expected"),
    [("nothing", [False, False, True, False]), ("rules", [False, False, True, True])],
)
def test_candle_is_entered_above_the_least_probability(
    load_learner: Load, without: str, expected: list[bool]
):
    strategy = load_learner(altseason=section(without_model=without))
    found = strategy.learner.require_likely(predicted([0.2, 0.35, 0.36, None]), 0.35)
    assert list(found.holds) == expected


def test_candles_of_a_bot_without_a_model_can_be_explained(load_learner: Load):
    """The API of the bot has None for what is unknown."""
    frame = predicted([None, None]).astype({LABEL: object})
    frame[LABEL] = None
    found = load_learner().learner.require_likely(frame, 0.35)
    assert list(found.holds) == [False, False]
    assert found.value.isna().all()


def test_model_takes_entries_away_and_adds_none(load_learner: Load):
    strategy = load_learner()
    frame = strategy.add_indicators(coin_candles(1500)).assign(alt_season=True)
    rules = strategy.find_rule_entries(PAIR, coin_candles(1500))
    assert rules.sum() > 10
    random = np.random.default_rng(1)
    frame = frame.assign(**{LABEL: random.uniform(0, 1, 1500), "do_predict": 1})
    found = strategy.populate_entry_trend(frame.copy(), {"pair": PAIR})["enter_long"] == 1
    assert list(found) == list(rules & (frame[LABEL] > 0.35))
    assert 0 < found.sum() < rules.sum()


def stake(strategy: Any, hours: float, tag: str | None = None, **limits: Any) -> float:
    asked = {"proposed_stake": 250.0, "min_stake": 5.0, "max_stake": 1000.0, **limits}
    time = (START + timedelta(hours=hours)).to_pydatetime()
    found = strategy.custom_stake_amount(
        pair=PAIR, current_time=time, current_rate=100.0, entry_tag=tag, **asked
    )
    return float(found)


def test_stake_grows_with_the_probability_up_to_that_of_the_risk_rules(load_learner: Load):
    strategy = load_learner(altseason=section(without_model="rules"))
    strategy.learner.keep_entries(predicted([0.35, 0.525, 0.7, 0.9, None]), PAIR, 0.35)
    # A candle that opens at 0:00 ends at 1:00, when it is entered, or a little later.
    assert [stake(strategy, hour) for hour in (1, 2, 3, 4, 5)] == pytest.approx(
        [125, 187.5, 250, 250, 250]
    )
    assert stake(strategy, 2.9) == pytest.approx(187.5)
    # A candle without a signal, or not the newest, has no stake.
    assert stake(strategy, 6) == 0
    assert stake(strategy, 0.5) == 0
    # But a forced entry has.
    assert stake(strategy, 6, tag="force_entry") == 250


@given(
    probability=st.floats(0.0, 1.0),
    minimum=st.sampled_from([0.15, 0.35, 0.75]),
    proposed=st.floats(0.0, 1e6),
)
def test_no_probability_stakes_more_than_the_risk_rules(
    probability: float, minimum: float, proposed: float
):
    learner = Learner(type("Strategy", (), {"timeframe": "1h"})(), {})
    learner.keep_entries(predicted([probability]), PAIR, minimum)
    part = learner.find_fraction(PAIR, datetime(2021, 1, 1, 1, tzinfo=UTC), None)
    assert part is not None
    assert 0 <= part * proposed <= proposed


def test_entry_by_hand_is_known_to_a_subclass_that_asks_by_position(load_learner: Load):
    """As in Freqtrade's documentation."""
    strategy = load_learner(altseason=section())
    time = START.to_pydatetime()
    asked = (PAIR, time, 100.0, 250.0, 5.0, 1000.0, 1.0)
    assert strategy.custom_stake_amount(*asked, "force_entry", "long") == 250
    assert strategy.custom_stake_amount(*asked, "tag", "long") == 0


def test_part_below_the_exchange_s_minimum_is_no_stake(load_learner: Load):
    """Freqtrade would raise it to the minimum."""
    strategy = load_learner(altseason=section())
    strategy.learner.keep_entries(predicted([0.4]), PAIR, 0.35)
    assert stake(strategy, 1, min_stake=100.0) == pytest.approx(250 * 0.4 / 0.7)
    assert stake(strategy, 1, min_stake=143.0) == 0


def test_failing_sizing_stakes_nothing(load_learner: Load, monkeypatch: pytest.MonkeyPatch):
    strategy = load_learner(altseason=section())

    def fail(*_: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(strategy.learner, "find_fraction", fail)
    assert stake(strategy, 1) == 0


@pytest.fixture
def trading(load_learner: Load, registry: None) -> Any:
    """A bot's strategy with another model than FreqAI's, and its notifications."""
    strategy = load_only(load_learner, runmode=RunMode.DRY_RUN, altseason=section())
    strategy.sent = []
    strategy.notifier._send = strategy.sent.append
    return strategy


def test_missing_prediction_is_notified_once_and_its_end_too(trading: Any):
    trading.freqai = Predicting([0.5, None], problem="expected 1000 entries, found 3")
    for pair in (PAIR, "ADA/USDT", PAIR):
        found = trading.learner.add_predictions(coin_candles(2), pair)
        assert list(found["do_predict"]) == [1, 0]
        assert found[LABEL].iloc[0] == 0.5
        assert np.isnan(found[LABEL].iloc[1])
    [message] = trading.sent
    assert message.startswith("No prediction for ETH/USDT (expected 1000 entries, found 3): ")
    assert message.endswith("there are no entries until there is one.")
    trading.freqai = Predicting([0.5, 0.6])
    trading.learner.add_predictions(coin_candles(2), PAIR)
    assert len(trading.sent) == 1
    trading.learner.add_predictions(coin_candles(2), "ADA/USDT")
    assert trading.sent[1:] == ["All pairs have predictions."]


def test_pair_that_is_traded_no_more_keeps_no_alert(trading: Any, monkeypatch: pytest.MonkeyPatch):
    """A filter has removed it: otherwise no new alert would be raised for the others."""
    whitelist = [PAIR, "ADA/USDT"]
    monkeypatch.setattr(trading.dp, "current_whitelist", lambda: whitelist)
    trading.freqai = Predicting([0.5, None])
    for pair in (PAIR, "ADA/USDT"):
        trading.learner.add_predictions(coin_candles(2), pair)
    whitelist.remove("ADA/USDT")
    # Its open trade is still managed.
    trading.learner.add_predictions(coin_candles(2), "ADA/USDT")
    trading.freqai = Predicting([0.5, 0.6])
    trading.learner.add_predictions(coin_candles(2), PAIR)
    assert trading.sent[1:] == ["All pairs have predictions."]
    trading.freqai = Predicting([0.5, None])
    trading.learner.add_predictions(coin_candles(2), PAIR)
    assert len(trading.sent) == 3


def test_error_of_freqai_stops_no_exit_of_a_bot(trading: Any):
    """Freqtrade would drop the pair's candles, and with them its exit signals."""
    trading.freqai = Predicting(KeyError("XRP/USDT"))
    analyzed = trading.advise_indicators(coin_candles(400), {"pair": PAIR})
    analyzed = trading.ft_advise_signals(analyzed, {"pair": PAIR})
    assert analyzed["enter_long"].sum() == 0
    assert analyzed["exit_long"].sum() > 10
    assert "XRP/USDT" in trading.sent[-1]


def test_error_of_freqai_is_one_of_a_backtest(load_learner: Load):
    strategy = load_learner(timerange="20210101-20210201")
    strategy.freqai = Predicting(KeyError("XRP/USDT"))
    with pytest.raises(KeyError):
        strategy.learner.add_predictions(coin_candles(400), PAIR)


def test_stale_dominance_closes_whatever_is_predicted(trading: Any):
    """There is none in this folder."""
    candles = coin_candles(1500)
    trading.freqai = Predicting([0.9] * 1500)
    assert trading.find_rule_entries(PAIR, candles.copy()).sum() > 10
    analyzed = trading.advise_indicators(candles.copy(), {"pair": PAIR})
    analyzed = trading.ft_advise_signals(analyzed, {"pair": PAIR})
    assert (analyzed["do_predict"] == 1).all()
    assert analyzed["enter_long"].sum() == 0
    entry = {"order_type": "limit", "amount": 1.0, "rate": 100.0, "time_in_force": "GTC"}
    now = candles["date"].iloc[-1].to_pydatetime() + timedelta(hours=1)
    assert not trading.confirm_trade_entry(
        PAIR, **entry, current_time=now, entry_tag="tag", side="long"
    )


def test_times_of_two_types_are_one(load_learner: Load, tmp_path: Path):
    """As FreqAI joins stored candles and new ones."""
    days = [50 + np.sin(day / 9) for day in range(600)]
    DominanceStore(tmp_path).append(dominance_candles(days, "2019-09-01"), "1d")
    strategy = load_learner()
    candles = coin_candles(1500)
    expected = strategy.learner.collect_rows(PAIR, candles)
    assert len(expected) > 5
    mixed = candles.assign(date=candles["date"].astype(object))
    pd.testing.assert_frame_equal(strategy.learner.collect_rows(PAIR, mixed), expected)
