"""Fit one model for all pairs: how likely an entry is to end at its take-profit.

The default is a strongly regularized logistic regression, since entries are few, and few of them
are independent, so that there is little to learn. A tree model is the alternative.
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
# The last fifth of the rows tests a fit of the others; the model itself is fitted to all rows.
TEST_FRACTION = 0.2
# A feature's weight, in log-odds by standard deviation, is expected to be about 0.3 or less. Rows
# count by their uniqueness, so that only independent rows outweigh this prior.
PRIOR_VARIANCE = 0.1
# Few, small trees with many rows in each leaf, for the same reason.
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
    """How well a fit of the earlier rows predicts the later ones.

    :param train: the number of rows fitted, and `test` that of rows tested; no label of one group
        overlaps with one of the other.
    :param auc: the AUC of the take-profit against other outcomes, weighted; NaN if there is only
        one of the two.
    :param log_loss: the log loss of all outcomes, weighted.
    :param base_log_loss: the same of a prediction by the shares of the outcomes alone.
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
    """A fitted model, which can be pickled.

    :param features: the columns that it reads.
    :param rows: how many rows were fitted, worth `effective_rows` that do not overlap.
    :param known: when the last label of these rows was known.
    :param inner: None if it was not requested.
    """

    kind: Kind
    features: tuple[str, ...]
    estimator: Any
    rows: int
    effective_rows: float
    known: pd.Timestamp
    inner: InnerTest | None

    def predict_proba(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return a column with the probability of each outcome; NaN where a feature is missing.

        :raises InputError: if a column is missing.
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

    :param rows: as from `pool_rows`: pair, date, known, weight, outcome, and the features, which
        are all columns that begin with `PREFIX`. Rows with a missing value are dropped.
    :param is_tested: whether to also test a fit of the earlier rows on the later ones.
    :raises TooFewRowsError: if there are fewer than `min_rows`, or all entries end alike.
    :raises InputError: if a column is missing.
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
            f"expected entries with different outcomes, found {len(whole)} that all end by "
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
    """Return the earlier and the later rows; drop earlier ones whose label overlaps with the later.

    :param rows: in chronological order.
    """
    begin = rows["date"].iloc[int(len(rows) * (1 - TEST_FRACTION))]
    is_test = rows["date"] >= begin
    return rows[~is_test & (rows["known"] <= begin)], rows[is_test]


def _fit(kind: Kind, seed: int, rows: pd.DataFrame, features: list[str]) -> Any:
    """Return a fitted pipeline; its packages are installed with the extra `freqai`."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    if kind == "lightgbm":
        from lightgbm import LGBMClassifier

        # One thread, since floats that are summed in another order differ.
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
    """Return the probability of each outcome; 0 for one that no row has."""
    found = estimator.predict_proba(values.to_numpy("float64"))
    frame = pd.DataFrame(found, index=values.index, columns=estimator.classes_)
    return frame.reindex(columns=list(OUTCOMES), fill_value=0.0)


def _test(kind: Kind, seed: int, rows: pd.DataFrame, features: list[str]) -> InnerTest:
    """Fit the earlier rows, and compare the predictions for the later ones with their outcomes."""
    from sklearn.metrics import log_loss, roc_auc_score

    train, test = split_rows(rows)
    nothing = InnerTest(len(train), len(test), *[float("nan")] * 3)
    if train["outcome"].nunique() < 2:
        return nothing
    found = _predict(_fit(kind, seed, train, features), test[features])
    weights, ended = test["weight"], test["outcome"].to_numpy(dtype=object).astype(str)
    shares = train.groupby("outcome")["weight"].sum().reindex(list(OUTCOMES), fill_value=0.0)
    base = np.tile((shares / shares.sum()).to_numpy(), (len(test), 1))
    # Sorted by name, since scikit-learn expects the columns in that order.
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
