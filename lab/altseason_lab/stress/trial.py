"""A stress test as a trial: it shows what a variant of a strategy has earned, whatever it costs."""

import hashlib
import json
from pathlib import Path
from typing import Any

from altseason.host.configuration import Config
from altseason.host.parameters import parameter_file
from altseason_lab.ledger import Trial
from altseason_lab.stress.run import StressTest
from altseason_lab.study.contents import calculate_file_digest, digest_settings

COMMAND = "stress"


def describe_trial(found: StressTest, config: Config, strategy: Any) -> Trial:
    """Return the trial, whose Sharpe ratio is not known: costs and delays are no variants.

    :param config: as `freqtrade backtesting` has it.
    :param strategy: an object of what was backtested.
    """
    scope = found.scope
    files = [Path(strategy.__file__), parameter_file(strategy)]
    settings = {name: value for name, value in config.items() if name != "fee"}
    variant = [COMMAND, calculate_file_digest(files), digest_settings(settings, offline=False)]
    span = f"{scope.start:%Y-%m-%d} to {scope.end:%Y-%m-%d}"
    return Trial(
        key=hashlib.sha256(json.dumps([*variant, span]).encode()).hexdigest(),
        command=COMMAND,
        strategy=scope.strategy,
        variant="as it is",
        scope=f"{span}, {' '.join(scope.pairs)}",
        days=(scope.end - scope.start).days,
        sharpe=None,
    )
