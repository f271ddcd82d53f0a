"""One fit for all pairs: how likely an entry is to end at its take-profit.

The default is a logistic regression, pulled towards knowing nothing: of entries there are few, and
few of them are independent, so what a model may learn is little. A tree model is the challenger.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from altseason.errors import InputError, TooFewRowsError
from altseason.learning.features import PREFIX
from altseason.learning.labels import OUTCOMES, TAKE_PROFIT

Kind = Literal["logistic", "lightgbm"]
MIN_ROWS = 1000
# The last fifth of the time tells how good the others' fit is; then all rows are fitted.
TEST_FRACTION = 0.2
# Each feature's weight, in log-odds by standard deviation, is believed to be about 0.3 or less.
# Rows count by their uniqueness, so that this belief gives way to independent rows alone.
PRIOR_VARIANCE = 0.1
# Few small trees, each of many rows, for the same reason.
TREES: dict[str, Any] = {
    "n_estimators": 100,
    "learning_rate": 0.05,
    "num_leaves": 7,
    "min_child_samples": 50,
    "reg_lambda": 10.0,
    "colsample_bytree": 0.5,
}


@dataclass(frozen=True)
class InnerTest:
    """How a fit on the earlier rows did on the later ones.

    :param train: rows fitted, and `test` rows tested, none of whose labels share time.
    :param auc: of the take-profit against the rest, by weight; NaN where one of them is missing.
    :param log_loss: of all outcomes, by weight; `base_log_loss` that of their shares alone.
    """

    train: int
    test: int
    auc: float
    log_loss: float
    base_log_loss: float

    def __str__(self) -> str:
        return (
            f"{self.train} rows before, {self.test} after: AUC {self.auc:.3f}, log loss "
            f"{self.log_loss:.4f}, {self.base_log_loss:.4f} without features"
        )


@dataclass(frozen=True, eq=False)
class PooledModel:
    """A fit; it can be pickled.

    :param features: the columns that it reads.
    :param rows: how many were fitted, worth `effective_rows` that do not overlap.
    :param known: when the last label that it has seen was known.
    :param inner: None where it was not asked for.
    """

    kind: Kind
    features: tuple[str, ...]
    estimator: Any
    rows: int
    effective_rows: float
    known: pd.Timestamp
    inner: InnerTest | None

    def predict_proba(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return the probability of each outcome, a column each; NaN where a feature is missing.

        :raises InputError: where a column is missing.
        """
        if missing := sorted({*self.features} - {*features}):
            raise InputError(f"model: expected the features {', '.join(missing)}, found none")
        values = features[list(self.features)].replace([np.inf, -np.inf], np.nan)
        is_whole = values.notna().all(axis="columns").to_numpy()
        found = pd.DataFrame(np.nan, index=features.index, columns=list(OUTCOMES), dtype="float64")
        if is_whole.any():
            found.loc[is_whole] = _predict(self.estimator, values[is_whole])
        return found


def fit_pooled(
    rows: pd.DataFrame,
    *,
    kind: Kind = "logistic",
    seed: int = 0,
    min_rows: int = MIN_ROWS,
    is_tested: bool = True,
) -> PooledModel:
    """Return a model of the rows of all pairs; the same rows and seed give the same model.

    :param rows: pair, date, known, weight, outcome, and the features, all columns that begin with
        `PREFIX`; as from `pool_rows`. A row in which one of these is missing does not count.
    :param is_tested: whether it is fitted to the earlier rows, too, and tested on the later ones.
    :raises TooFewRowsError: below `min_rows`, and where all entries end alike.
    :raises InputError: where a column is missing.
    """
    features = [str(name) for name in rows if str(name).startswith(PREFIX)]
    needed = ["pair", "date", "known", "weight", "outcome"]
    if missing := [name for name in needed if name not in rows]:
        raise InputError(f"rows: expected the columns {', '.join(missing)}, found none")
    if not features:
        raise InputError(f"rows: expected features, columns that begin with {PREFIX}, found none")
    whole = rows.replace([np.inf, -np.inf], np.nan).dropna(subset=[*needed, *features])
    whole = whole.sort_values(["date", "pair"], ignore_index=True)
    if len(whole) < min_rows:
        raise TooFewRowsError(
            f"expected {min_rows} entries or more with a label and all features, found "
            f"{len(whole)} of {whole['pair'].nunique()} pairs"
        )
    if whole["outcome"].nunique() < 2:
        raise TooFewRowsError(
            f"expected entries that end differently, found {len(whole)} that end by "
            f"{whole['outcome'].iloc[0]}"
        )
    return PooledModel(
        kind,
        tuple(features),
        _fit(kind, seed, whole, features),
        len(whole),
        float(whole["weight"].sum()),
        whole["known"].max(),
        _test(kind, seed, whole, features) if is_tested else None,
    )


def split_rows(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the earlier rows and the later ones, without those whose labels reach into these.

    :param rows: in the order of time.
    """
    begin = rows["date"].iloc[int(len(rows) * (1 - TEST_FRACTION))]
    is_test = rows["date"] >= begin
    return rows[~is_test & (rows["known"] <= begin)], rows[is_test]


def _fit(kind: Kind, seed: int, rows: pd.DataFrame, features: list[str]) -> Any:
    """Return a pipeline that is fitted; what it needs is installed with the extra `freqai`."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    if kind == "lightgbm":
        from lightgbm import LGBMClassifier

        # One thread, since a sum in another order is another number.
        learner = LGBMClassifier(
            **TREES, random_state=seed, deterministic=True, n_jobs=1, verbose=-1
        )
    else:
        learner = LogisticRegression(C=PRIOR_VARIANCE, max_iter=1000, random_state=seed)
    pipeline = Pipeline([("scaler", StandardScaler()), ("learner", learner)])
    return pipeline.fit(
        rows[features].to_numpy("float64"),
        rows["outcome"].to_numpy(dtype=object).astype(str),
        learner__sample_weight=rows["weight"].to_numpy("float64"),
    )


def _predict(estimator: Any, values: pd.DataFrame) -> pd.DataFrame:
    """Return the probability of each outcome; 0 of one that no row has ended by."""
    found = estimator.predict_proba(values.to_numpy("float64"))
    frame = pd.DataFrame(found, index=values.index, columns=estimator.classes_)
    return frame.reindex(columns=list(OUTCOMES), fill_value=0.0)


def _test(kind: Kind, seed: int, rows: pd.DataFrame, features: list[str]) -> InnerTest:
    """Fit the earlier rows, and compare the later ones with what the fit says of them."""
    from sklearn.metrics import log_loss, roc_auc_score

    train, test = split_rows(rows)
    nothing = InnerTest(len(train), len(test), *[float("nan")] * 3)
    if train["outcome"].nunique() < 2:
        return nothing
    found = _predict(_fit(kind, seed, train, features), test[features])
    weights, ended = test["weight"], test["outcome"].to_numpy(dtype=object).astype(str)
    shares = train.groupby("outcome")["weight"].sum().reindex(list(OUTCOMES), fill_value=0.0)
    base = np.tile((shares / shares.sum()).to_numpy(), (len(test), 1))
    # Sorted by name, as scikit-learn takes the columns to be.
    order = np.argsort(OUTCOMES)
    labels = [OUTCOMES[place] for place in order]
    losses = [
        float(log_loss(ended, one[:, order], sample_weight=weights, labels=labels))
        for one in (found.to_numpy(), base)
    ]
    is_taken = ended == TAKE_PROFIT
    if is_taken.all() or not is_taken.any():
        return InnerTest(len(train), len(test), float("nan"), *losses)
    auc = roc_auc_score(is_taken, found[TAKE_PROFIT], sample_weight=weights)
    return InnerTest(len(train), len(test), float(auc), *losses)
