"""A stress test as a trial: it shows what a variant of a strategy has earned, whatever it costs."""

import hashlib
import json
from typing import Any

from altseason.host.configuration import Config
from altseason_lab.ledger import Trial
from altseason_lab.stress.run import StressTest
from altseason_lab.study.contents import digest_variant

COMMAND = "stress"


def describe_trial(tested: StressTest, config: Config, strategy: Any) -> Trial:
    """Return the trial, whose Sharpe ratio is not known: costs and delays are no variants.

    :param config: as `freqtrade backtesting` has it.
    :param strategy: an object of what was backtested.
    """
    scope = tested.scope
    settings = {name: value for name, value in config.items() if name != "fee"}
    span = f"{scope.start:%Y-%m-%d} to {scope.end:%Y-%m-%d}"
    found = [COMMAND, digest_variant(settings, strategy), span, *sorted(scope.pairs)]
    return Trial(
        key=hashlib.sha256(json.dumps(found).encode()).hexdigest(),
        command=COMMAND,
        strategy=scope.strategy,
        variant="as it is",
        scope=f"{span}, {' '.join(scope.pairs)}",
        days=(scope.end - scope.start).days,
        sharpe=None,
    )
