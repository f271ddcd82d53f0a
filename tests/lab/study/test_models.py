"""The models of a study: the same as a bot's, on the entries of the rules."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from altseason.cli import main
from altseason.errors import AltSeasonError
from altseason.host.configuration import Config
from altseason_lab.commands.study import STUDY
from altseason_lab.host.repeated import RepeatedBacktest, open_exchange
from altseason_lab.ledger import Ledger
from altseason_lab.metalabels.folds import build_folds
from altseason_lab.metalabels.walk import Learner
from altseason_lab.preparation import parse_backtesting_options, prepare
from altseason_lab.study import models
from altseason_lab.study.grid import Scope
from altseason_lab.study.models import ModelRequest, prepare_models, validate_packages
from altseason_lab.study.trials import count_trials
from tests.conftest import STRATEGIES
from tests.integration.freqtrade_runs import Home
from tests.lab.metalabels.test_report import make_found
from tests.lab.study.test_trials import CELLS, study
from tests.learning.conftest import PAIRS, freqai

PERIOD = "20240201-20240501"
ONE = ModelRequest((), 1, 1)


@pytest.fixture
def learning(home: Home) -> Home:
    """A home whose configuration has FreqAI and four pairs."""
    (home.strategies / "AltSeasonFreqAI.py").symlink_to(STRATEGIES / "AltSeasonFreqAI.py")
    exchange = {"name": "binance", "pair_whitelist": PAIRS}
    home.write_config(exchange=exchange, strategy="AltSeasonFreqAI", freqai=freqai())
    return home


@contextmanager
def configured(home: Home, *words: str) -> Iterator[Config]:
    options = ["--datadir", str(home.datadir), "--timerange", PERIOD, *words]
    with prepare(parse_backtesting_options(options, STUDY), STUDY, offline=True) as config:
        yield config


def read_predictions(home: Home, pair: str) -> pd.Series:
    """Read what FreqAI has stored of a backtest for a pair, by the candles' dates."""
    name = pair.split("/")[0].lower()
    files = home.userdir.glob(f"models/**/backtesting_predictions/*_{name}_*.feather")
    frames = [pd.read_feather(file) for file in sorted(files)]
    predicted = pd.concat(frames)
    return predicted.set_index("date" if "date" in predicted else "date_pred")["&-take_profit"]


def test_probabilities_are_those_of_freqais_own_backtest(learning: Home):
    with configured(learning) as config:
        [prepared] = prepare_models(config, [Scope("", ())], ONE)
        with open_exchange(config, "study") as exchange:
            repeated = RepeatedBacktest(config, exchange)
            repeated.run(repeated.load_strategy())
    plan = prepared.question.plan
    folds = build_folds(prepared.rows, plan)
    learner = Learner(prepared.rows, folds, plan.horizon, prepared.question.fit)
    predicted, _ = learner.predict()
    assert len(predicted) > 50
    for pair, mine in predicted.groupby("pair"):
        theirs = read_predictions(learning, str(pair)).reindex(mine["date"])
        assert theirs.to_numpy() == pytest.approx(mine["probability"].to_numpy(), abs=1e-6)


def test_command_judges_the_model(learning: Home, capsys: pytest.CaptureFixture[str]):
    words = ["study", "--offline", "--json", "--processes", "1", "--modes", "off"]
    words += ["-d", str(learning.datadir), "--meta-labels", "--shuffles", "2"]
    words += ["--report", "page.html", "--", "--timerange", "20240101-20240501"]
    assert main(words) == 0
    [found] = json.loads(capsys.readouterr().out)["meta_labels"]
    assert (found["model"], found["pairs"]) == ("logistic", sorted(PAIRS))
    assert (found["train_days"], found["test_days"], found["horizon_hours"]) == (1095, 30, 170)
    assert found["start"] == "2024-01-01T00:00:00+00:00"
    assert found["labeled"] > 1000 > found["entries"]
    assert 0 < found["auc"]["low"] < found["auc"]["value"] < found["auc"]["high"] < 1
    assert len(found["shuffled_aucs"]) == 2
    assert {one["feature"] for one in found["importances"]} >= {"rsi", "dominance_slope"}
    assert found["choice"]["threshold"] == 0.35
    page = (learning.folder / "page.html").read_text(encoding="utf-8")
    assert "Meta-labels: logistic, <time>2024-01-01</time> to" in page


@pytest.mark.parametrize(
    ("changes", "period", "expected"),
    [
        (
            {"strategy": "AltSeasonStrategy", "freqai": freqai(enabled=False)},
            PERIOD,
            "expected a strategy with a model",
        ),
        ({"freqai": freqai(train_period_days=365)}, PERIOD, "expected at least 1000 labeled"),
        ({"freqai": freqai(backtest_period_days=0)}, PERIOD, "expected more than 0 days, found 0"),
        ({}, "20240201-20240220", "expected at least 100 labeled entries to predict"),
    ],
)
def test_what_cannot_be_judged_is_refused_in_a_line_before_the_backtests(
    changes: dict[str, Any], period: str, expected: str, learning: Home,
    capsys: pytest.CaptureFixture[str],
):  # fmt: skip
    config = json.loads((learning.userdir / "config.json").read_text())
    learning.write_config(**{**config, **changes})
    words = ["study", "--offline", "-d", str(learning.datadir), "--meta-labels"]
    assert main([*words, "--", "--timerange", period]) != 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert expected in captured.err
    assert "Traceback" not in captured.err
    assert not (learning.userdir / "altseason_study").exists()


def test_packages_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(models, "find_spec", lambda name: None if name == "lightgbm" else name)
    validate_packages(["logistic"])
    with pytest.raises(AltSeasonError, match=r"expected lightgbm, found none; `pip install"):
        validate_packages(["logistic", "lightgbm"])


def test_each_model_is_a_trial_and_its_shuffles_are_none(tmp_path: Path):
    ledger = Ledger(tmp_path / "trials.jsonl")
    first = count_trials(study(CELLS), ledger, "content", 1, [make_found()])
    assert first is not None
    assert (first.trials, first.new) == (4, 4)
    again = count_trials(study(CELLS), ledger, "content", 1, [make_found()])
    assert again is not None
    assert again.new == 0
    last = ledger.read()[-1]
    assert (last.variant, last.sharpe, last.days) == ("meta-labels, logistic", None, 610)
    assert last.scope == "2019-05-01 to 2020-12-30, ETH/USDT SOL/USDT"
