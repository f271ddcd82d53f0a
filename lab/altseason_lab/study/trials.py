"""The trials of a study: its variants at the true dates; placebos are no trials."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from altseason_lab.ledger import Ledger, Trial, write_scope
from altseason_lab.metalabels.run import MetaLabels
from altseason_lab.study.cell import CellResult
from altseason_lab.study.grid import Cell
from altseason_lab.study.run import Study
from altseason_lab.study.selection import (
    Selection,
    find_selection,
    has_purgedcv,
    measure_sharpe,
)
from altseason_lab.texts import write_span

COMMAND = "study"


def count_trials(
    study: Study, ledger: Ledger, variant: str, seed: int, models: Sequence[MetaLabels] = ()
) -> Selection | None:
    """Add a study's trials to the ledger, and return what follows from all trials in it.

    :param models: of meta-labels, which are trials, too.
    :param variant: identifies the strategy and its settings, see `contents.digest_variant`.
    :return: None where the package that calculates it is missing; the trials are counted anyway.
    :raises InputError: where the ledger was changed, or cannot be written.
    """
    new = ledger.append([*list_trials(study, variant), *list_models(study, variant, models)])
    if not has_purgedcv():
        return None
    scopes = [
        {cell: result for cell, result in study.results.items() if cell.scope == scope}
        for scope in study.scopes
    ]
    return find_selection(scopes, ledger.read(), new, seed)


def list_trials(study: Study, variant: str) -> Iterator[Trial]:
    """Yield a trial for each cell."""
    for cell, result in study.results.items():
        yield Trial(
            key=_find_key(variant, cell, result),
            command=COMMAND,
            strategy=study.strategy,
            variant=cell.name,
            scope=write_scope(write_span(result.start, result.end), result.pairs),
            days=len(result.outcome.equity.values),
            sharpe=measure_sharpe(result.outcome.equity),
        )


def list_models(study: Study, variant: str, models: Sequence[MetaLabels]) -> Iterator[Trial]:
    """Yield a trial for each model of meta-labels; those of shuffled labels are no trials."""
    for found in models:
        name = f"meta-labels, {found.model}"
        yield Trial(
            key=_hash(variant, found.start, found.end, found.pairs, name),
            command=COMMAND,
            strategy=study.strategy,
            variant=name,
            scope=write_scope(write_span(found.start, found.end), found.pairs),
            days=(found.end - found.start).days + 1,
            # Its entries overlap, so there is no wallet.
            sharpe=None,
        )


def _find_key(variant: str, cell: Cell, result: CellResult) -> str:
    # By the resulting time and pairs, since both can be written in many ways.
    return _hash(variant, result.start, result.end, result.pairs, cell.name)


def _hash(variant: str, start: datetime, end: datetime, pairs: Sequence[str], name: str) -> str:
    found = [COMMAND, variant, start.isoformat(), end.isoformat(), sorted(pairs), name]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()
