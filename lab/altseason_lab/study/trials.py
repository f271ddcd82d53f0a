"""The trials of a study: each of its variants at the true dates; placebos are none."""

import hashlib
import json
from collections.abc import Callable, Iterator

from altseason.host.configuration import Config
from altseason_lab.ledger import Ledger, Trial
from altseason_lab.study.contents import ContentReader
from altseason_lab.study.grid import Cell, Scope
from altseason_lab.study.run import Study
from altseason_lab.study.selection import (
    Selection,
    find_selection,
    has_purgedcv,
    measure_sharpe,
)

COMMAND = "study"
# Returns what stands for a scope's strategy and settings. Newer candles, and newer code of this
# project, make no new trial of what was tried before.
ReadVariant = Callable[[Scope], str]


def open_variants(config: Config) -> ReadVariant:
    """Return what reads the variants of a configuration.

    :param config: as `freqtrade backtesting` has it.
    """
    reader = ContentReader(config, offline=False)

    def read(scope: Scope) -> str:
        contents = reader.read(scope)
        return f"{contents.strategy} {contents.settings}"

    return read


def count_trials(
    study: Study, ledger: Ledger, read_variant: ReadVariant, seed: int
) -> Selection | None:
    """Add a study's trials to the ledger, and return what follows from all that are in it.

    :return: None where what calculates it is not installed; the trials are counted nevertheless.
    :raises InputError: where the ledger was changed, or cannot be written.
    """
    new = ledger.append(list_trials(study, read_variant))
    if not has_purgedcv():
        return None
    scopes = [
        {cell: result for cell, result in study.results.items() if cell.scope == scope}
        for scope in study.scopes
    ]
    return find_selection(scopes, ledger.read(), new, seed)


def list_trials(study: Study, read_variant: ReadVariant) -> Iterator[Trial]:
    """Yield a trial for each cell."""
    variants = {scope: read_variant(scope) for scope in study.scopes}
    for cell, result in study.results.items():
        yield Trial(
            key=_find_key(variants[cell.scope], cell),
            command=COMMAND,
            strategy=study.strategy,
            variant=cell.name,
            scope=f"{result.start:%Y-%m-%d} to {result.end:%Y-%m-%d}, {' '.join(result.pairs)}",
            days=len(result.outcome.equity.values),
            sharpe=measure_sharpe(result.outcome.equity),
        )


def _find_key(variant: str, cell: Cell) -> str:
    return hashlib.sha256(json.dumps([COMMAND, variant, repr(cell)]).encode()).hexdigest()
