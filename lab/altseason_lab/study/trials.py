"""The trials of a study: each of its variants at the true dates; placebos are none."""

import hashlib
import json
from collections.abc import Iterator

from altseason_lab.ledger import Ledger, Trial
from altseason_lab.study.cell import CellResult
from altseason_lab.study.grid import Cell
from altseason_lab.study.run import Study
from altseason_lab.study.selection import (
    Selection,
    find_selection,
    has_purgedcv,
    measure_sharpe,
)

COMMAND = "study"


def count_trials(study: Study, ledger: Ledger, variant: str, seed: int) -> Selection | None:
    """Add a study's trials to the ledger, and return what follows from all that are in it.

    :param variant: what stands for the strategy and its settings, as `contents.digest_variant`.
    :return: None where what calculates it is not installed; the trials are counted nevertheless.
    :raises InputError: where the ledger was changed, or cannot be written.
    """
    new = ledger.append(list_trials(study, variant))
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
            scope=f"{result.start:%Y-%m-%d} to {result.end:%Y-%m-%d}, {' '.join(result.pairs)}",
            days=len(result.outcome.equity.values),
            sharpe=measure_sharpe(result.outcome.equity),
        )


def _find_key(variant: str, cell: Cell, result: CellResult) -> str:
    # By what was found, since a time range and pairs can be written in many ways.
    found = [result.start.isoformat(), result.end.isoformat(), sorted(result.pairs), cell.name]
    return hashlib.sha256(json.dumps([COMMAND, variant, *found]).encode()).hexdigest()
