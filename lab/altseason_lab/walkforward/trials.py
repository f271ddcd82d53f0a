"""The trials of a walk-forward for the ledger: every epoch, and the parameters that were tested."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from freqtrade.resolvers import StrategyResolver

from altseason.host.configuration import Config, quiet_freqtrade
from altseason.host.parameters import parameter_file
from altseason_lab.host.hyperopt import Epoch
from altseason_lab.ledger import Ledger, Trial, write_scope
from altseason_lab.study.cell import narrow
from altseason_lab.study.contents import (
    calculate_file_digest,
    digest_settings,
    without_connection,
)
from altseason_lab.study.grid import Scope
from altseason_lab.study.metrics import DailyEquity
from altseason_lab.study.selection import measure_sharpe
from altseason_lab.walkforward.run import COMMAND, WalkForward
from altseason_lab.walkforward.search import Search
from altseason_lab.walkforward.windows import Span

# Returns what identifies a strategy and its settings on a stretch of time. With newer candles, or
# newer code of this project, it is still the same trial.
ReadVariant = Callable[[Span], str]


@dataclass(frozen=True)
class Count:
    """How many trials a walk-forward has added to the ledger.

    :param new: that were not there before.
    :param total: that are there now.
    """

    new: int
    total: int


def open_variants(config: Config) -> ReadVariant:
    """Return a function that identifies the variants of a configuration.

    :param config: that of a walk-forward.
    """
    with quiet_freqtrade():
        strategy: Any = StrategyResolver.load_strategy(deepcopy(config))
    files = calculate_file_digest([Path(strategy.__file__), parameter_file(strategy)])

    def read(span: Span) -> str:
        narrowed = narrow(without_connection(config), Scope(span.timerange, ()))
        return f"{files} {digest_settings(narrowed, offline=False)}"

    return read


def count_trials(found: WalkForward, ledger: Ledger, read_variant: ReadVariant) -> Count:
    """Add the trials of a walk-forward to the ledger.

    :raises InputError: for a ledger that was changed, or cannot be written.
    """
    new = ledger.append(list_trials(found, read_variant))
    return Count(new, len(ledger.read()))


def list_trials(found: WalkForward, read_variant: ReadVariant) -> Iterator[Trial]:
    """Yield the trials of a walk-forward; a set of parameters that is tried again has the same key.

    The Sharpe ratio of an epoch is that of closed trades, which is all that hyperopt stores; that
    of the tested parameters is that of the wallet.
    """
    variants = {result.window: read_variant(result.window.train) for result in found.windows}
    for search, epochs in found.searches.items():
        for epoch in epochs:
            yield _describe_epoch(found, search, epoch, variants[search.window])
    tested = [result.parameters for result in found.windows]
    equity = found.tuned.equity
    yield Trial(
        key=_find_key(read_variant(found.span), {"windows": tested}),
        command=COMMAND,
        strategy=found.strategy,
        variant=f"tuned in {len(tested)} windows",
        scope=write_scope(str(found.span), found.pairs),
        days=len(equity.values),
        sharpe=measure_sharpe(equity),
    )


def _describe_epoch(found: WalkForward, search: Search, epoch: Epoch, variant: str) -> Trial:
    settings = ", ".join(f"{name} {value}" for name, value in epoch.parameters.items())
    worth = tuple(accumulate(epoch.daily_profits, initial=1.0))[1:]
    equity = DailyEquity(search.window.train.start.date(), worth, 1.0)
    return Trial(
        key=_find_key(variant, epoch.parameters),
        command=COMMAND,
        strategy=found.strategy,
        variant=f"epoch {epoch.number} of seed {search.seed}: {settings}",
        scope=write_scope(str(search.window.train), found.pairs),
        days=len(worth),
        sharpe=measure_sharpe(equity),
    )


def _find_key(variant: str, parameters: Mapping[str, Any]) -> str:
    text = json.dumps([COMMAND, variant, parameters], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
