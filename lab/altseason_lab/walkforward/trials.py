"""The trials of a walk-forward for the ledger: every epoch, and what was tested in the end."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from typing import Any

from altseason_lab.host.hyperopt import Epoch
from altseason_lab.ledger import Trial
from altseason_lab.study.metrics import DailyEquity
from altseason_lab.study.selection import measure_sharpe
from altseason_lab.walkforward.run import COMMAND, WalkForward
from altseason_lab.walkforward.search import Search
from altseason_lab.walkforward.windows import Span

# Returns what stands for all that a backtest of a stretch of time depends on but its parameters.
ReadContents = Callable[[Span], str]


def list_trials(found: WalkForward, read_contents: ReadContents) -> Iterator[Trial]:
    """Yield the trials of a walk-forward; a set of parameters tried again has the same key.

    The Sharpe ratio of an epoch is of closed trades, which is all that hyperopt stores; that of
    the tested parameters is of the wallet at each candle.
    """
    contents = {result.window: read_contents(result.window.train) for result in found.windows}
    for search, epochs in found.searches.items():
        for epoch in epochs:
            yield _describe_epoch(found, search, epoch, contents[search.window])
    tested = [result.parameters for result in found.windows]
    equity = found.tuned.equity
    yield Trial(
        key=_find_key(read_contents(found.span), {"windows": tested}),
        command=COMMAND,
        strategy=found.strategy,
        variant=f"tuned in {len(tested)} windows",
        scope=_describe_scope(found, found.span),
        days=len(equity.values),
        sharpe=measure_sharpe(equity),
    )


def _describe_epoch(found: WalkForward, search: Search, epoch: Epoch, contents: str) -> Trial:
    settings = ", ".join(f"{name} {value}" for name, value in epoch.parameters.items())
    worth = tuple(accumulate(epoch.daily_profits, initial=1.0))[1:]
    equity = DailyEquity(search.window.train.start.date(), worth, 1.0)
    return Trial(
        key=_find_key(contents, epoch.parameters),
        command=COMMAND,
        strategy=found.strategy,
        variant=f"epoch {epoch.number} of seed {search.seed}: {settings}",
        scope=_describe_scope(found, search.window.train),
        days=len(worth),
        sharpe=measure_sharpe(equity),
    )


def _find_key(contents: str, parameters: Mapping[str, Any]) -> str:
    text = json.dumps([contents, parameters], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _describe_scope(found: WalkForward, span: Span) -> str:
    return f"{span}, {' '.join(found.pairs)}"
