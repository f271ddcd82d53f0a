"""The cost stress test of a study's strategy, in each of its scopes."""

from altseason.host.configuration import Config
from altseason.progress import Progress
from altseason_lab.host.backtests import open_backtests
from altseason_lab.stress.grid import SLIPPAGES, STOP_SLIPPAGE, build_grid
from altseason_lab.stress.run import BacktestCounter, StressTest, run_stress_test
from altseason_lab.study.cell import narrow
from altseason_lab.study.grid import Scope
from altseason_lab.study.run import Study


def run_costs(config: Config, study: Study, progress: Progress) -> dict[Scope, StressTest]:
    """Run the stress test, with the strategy's own gate, the study's fee and without delay.

    :param config: that of the study.
    :raises OperationalException: for whatever Freqtrade refuses.
    """
    found = {}
    counter = BacktestCounter(progress)
    for scope, results in study.scopes.items():
        fee = next(iter(results.values())).fee
        with open_backtests(narrow(config, scope), STOP_SLIPPAGE, counter.count) as opened:
            scenarios = build_grid([fee], SLIPPAGES, [0])
            found[scope] = run_stress_test(opened, scenarios, STOP_SLIPPAGE, counter)
    return found
