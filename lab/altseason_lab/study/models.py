"""Judge the model that filters the entries of a study's strategy, in each of its scopes.

The entries are those that a bot's model learns from, of the rules with an open gate, and the model
is fitted as there: `fit_pooled` on FreqAI's days. So the predictions are those of a backtest with
FreqAI; in addition, models with shuffled labels are fitted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
from freqtrade.configuration import TimeRange

from altseason.dominance.candles import candle_length
from altseason.errors import InputError
from altseason.host.configuration import Config
from altseason.learning.features import PREFIX
from altseason.learning.labels import TAKE_PROFIT
from altseason.learning.model import Kind, PooledModel, fit_pooled
from altseason.learning.pool import pool_rows
from altseason.progress import Progress
from altseason_lab.host.repeated import RepeatedBacktest, open_exchange
from altseason_lab.metalabels.folds import WalkPlan, build_folds
from altseason_lab.metalabels.run import MetaLabels, Question, run_meta_labels
from altseason_lab.metalabels.scores import Numbers
from altseason_lab.study.cell import narrow
from altseason_lab.study.grid import Scope

# What each kind of model needs besides Freqtrade, and what all of them need.
PACKAGES = {"logistic": (), "lightgbm": ("lightgbm",)}
ALL_NEED = ("arch", "sklearn")
# The entry is one candle after the signal, and a time-out one candle after the horizon.
EDGES = 2


@dataclass(frozen=True)
class ModelRequest:
    """Which models to judge, and how.

    :param kinds: empty for the one in the configuration.
    :param shuffles: how many models with shuffled labels each is compared with.
    """

    kinds: tuple[Kind, ...]
    shuffles: int
    seed: int


@dataclass(frozen=True)
class PreparedModel:
    """A model that can be judged: it has enough entries to learn from."""

    scope: Scope
    rows: pd.DataFrame
    question: Question


@dataclass(frozen=True)
class _Predictor:
    """A pooled model that predicts only the probability of the take-profit."""

    model: PooledModel

    def predict(self, rows: pd.DataFrame) -> Numbers:
        return np.asarray(self.model.predict_proba(rows)[TAKE_PROFIT], dtype=np.float64)


@dataclass(frozen=True)
class _Fit:
    kind: Kind
    seed: int

    def __call__(self, rows: pd.DataFrame) -> _Predictor:
        return _Predictor(fit_pooled(rows, kind=self.kind, seed=self.seed, is_tested=False))


def prepare_models(
    config: Config, scopes: Sequence[Scope], request: ModelRequest
) -> list[PreparedModel]:
    """Label the entries of all scopes, and refuse, before hours of backtests, what would fail.

    :param config: that of the study.
    :raises InputError: for a strategy without a model, for too few entries, and where packages are
        missing.
    :raises OperationalException: for whatever Freqtrade refuses.
    """
    prepared: list[PreparedModel] = []
    with open_exchange(config, "study") as exchange:
        for scope in scopes:
            repeated = RepeatedBacktest(narrow(config, scope), exchange)
            strategy: Any = repeated.load_strategy()
            validate_strategy(strategy)
            repeated.start(strategy)
            kinds = request.kinds or (strategy.settings.freqai.model,)
            validate_packages(kinds)
            rows = collect_rows(repeated, strategy)
            plan = find_plan(repeated, strategy)
            build_folds(rows, plan)
            questions = [ask(strategy, rows, plan, kind, request) for kind in kinds]
            prepared += [PreparedModel(scope, rows, question) for question in questions]
    return prepared


def run_models(
    prepared: Sequence[PreparedModel], progress: Progress
) -> dict[Scope, list[MetaLabels]]:
    """Predict, score and test with each model."""
    total = sum(one.question.shuffles for one in prepared)
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    progress(done, total)
    found: dict[Scope, list[MetaLabels]] = {}
    for one in prepared:
        result = run_meta_labels(one.rows, one.question, count)
        found.setdefault(one.scope, []).append(replace(result, tests=len(prepared)))
    return found


def validate_strategy(strategy: Any) -> None:
    """Refuse a strategy without a model.

    :raises InputError: in one line.
    """
    if not hasattr(strategy, "learner"):
        raise InputError(
            f"--meta-labels: expected a strategy with a model of its entries, such as "
            f"AltSeasonFreqAI, found {strategy.get_strategy_name()}"
        )


def validate_packages(kinds: Sequence[str]) -> None:
    """Refuse where packages are missing.

    :raises InputError: in one line.
    """
    needed = [*ALL_NEED, *(name for kind in kinds for name in PACKAGES[kind])]
    if missing := [name for name in needed if find_spec(name) is None]:
        raise InputError(
            f"--meta-labels: expected {' and '.join(missing)}, found none; "
            f"`pip install '.[lab,freqai]'` brings what is needed"
        )


def collect_rows(repeated: RepeatedBacktest, strategy: Any) -> pd.DataFrame:
    """Return the labeled entries of all pairs, from the first loaded candle on.

    :raises TooFewRowsError: where there are none.
    """
    return pool_rows(
        strategy.learner.collect_rows(pair, candles) for pair, candles in repeated.candles.items()
    )


def find_plan(repeated: RepeatedBacktest, strategy: Any) -> WalkPlan:
    """Return the plan of FreqAI's own backtest, from the beginning of the time range on.

    :raises InputError: for settings that are no numbers of days.
    """
    freqai = repeated.config["freqai"]
    for name in ("train_period_days", "backtest_period_days"):
        if not freqai[name] > 0:
            raise InputError(f"freqai.{name}: expected more than 0 days, found {freqai[name]}")
    first = min(candles["date"].iloc[0] for candles in repeated.candles.values())
    begin = TimeRange.parse_timerange(repeated.config.get("timerange")).startdt
    barriers = strategy.learner.barriers
    return WalkPlan(
        start=max(first, pd.Timestamp(begin)) if begin else first,
        train_days=int(freqai["train_period_days"]),
        test_days=float(freqai["backtest_period_days"]),
        horizon=candle_length(barriers.timeframe) * (barriers.horizon + EDGES),
    )


def ask(
    strategy: Any, rows: pd.DataFrame, plan: WalkPlan, kind: Kind, request: ModelRequest
) -> Question:
    """Return the question to a model of a kind."""
    return Question(
        model=kind,
        fit=_Fit(kind, strategy.settings.freqai.seed),
        features=[str(name) for name in rows if str(name).startswith(PREFIX)],
        plan=plan,
        threshold=float(strategy.probability_min.value),
        shuffles=request.shuffles,
        seed=request.seed,
    )
