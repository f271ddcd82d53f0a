"""Run a walk-forward: the search on every train part, then the backtests, window by window."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from freqtrade.exchange import Exchange
from freqtrade.util import get_dry_run_wallet

from altseason.dominance.candles import candle_length
from altseason.host.configuration import Config
from altseason.progress import Progress, no_progress
from altseason_lab.host.command import FreqtradeCommand
from altseason_lab.host.hyperopt import Epoch, SearchSpace, load_loss
from altseason_lab.host.repeated import BacktestRun, RepeatedBacktest, load_backtest, open_exchange
from altseason_lab.study.cell import measure_holds
from altseason_lab.study.difference import Difference, compare, has_bootstrap
from altseason_lab.study.metrics import Outcome, measure_run
from altseason_lab.walkforward.backtests import Wallet, WindowBacktests
from altseason_lab.walkforward.plateau import find_middle, find_plateau
from altseason_lab.walkforward.search import Search, Searches, SearchSettings
from altseason_lab.walkforward.stability import Stability, find_stability
from altseason_lab.walkforward.windows import Span, Window, WindowPlan, build_windows

COMMAND = "walk-forward"
# On the train part, and on the test part with the parameters found and with the strategy's own.
BACKTESTS = 3


@dataclass(frozen=True)
class WindowResult:
    """The result of a window.

    :param epochs: how many hyperopt has stored for all seeds; `valid` is how many have traded.
    :param plateau: how many epochs the tested parameters are the middle of.
    :param parameters: those tested; empty where no epoch has traded, so that the strategy's own
        were kept.
    :param train: the outcome with these parameters on the train part.
    :param tuned: that on the test part, and `untuned` that with the strategy's own parameters.
    :param holds: the baselines on the test part, by name; None where there are no candles for one.
    """

    window: Window
    epochs: int
    valid: int
    plateau: int
    parameters: dict[str, Any]
    train: Outcome
    tuned: Outcome
    untuned: Outcome
    holds: dict[str, Outcome | None]


@dataclass(frozen=True)
class WalkForward:
    """The result of a walk-forward.

    :param left_out: days at the end that do not fill a test part.
    :param tuned: all test parts as one wallet, and `untuned` with the strategy's own parameters.
    :param holds: the baselines over all test parts, bought once.
    :param difference: of the tuned wallet from the untuned one; None where there are too few days,
        both are the same, or the package that compares them is missing.
    :param searches: every epoch, by window and seed.
    :param missing: pairs that were named, but had no candle.
    """

    strategy: str
    stake_currency: str
    timeframe: str
    pairs: tuple[str, ...]
    fee: float
    plan: WindowPlan
    settings: SearchSettings
    seeds: tuple[int, ...]
    left_out: int
    windows: tuple[WindowResult, ...]
    tuned: Outcome
    untuned: Outcome
    holds: dict[str, Outcome | None]
    difference: Difference | None
    stability: tuple[Stability, ...]
    searches: dict[Search, list[Epoch]]
    missing: tuple[str, ...] = ()

    @property
    def span(self) -> Span:
        """Return from when to when parameters were tested."""
        return Span(self.windows[0].window.test.start, self.windows[-1].window.test.end)


@dataclass(frozen=True)
class Request:
    """The options of a walk-forward.

    :param spaces: empty for those of the strategy's own parameters.
    """

    plan: WindowPlan
    epochs: int
    seeds: tuple[int, ...]
    spaces: tuple[str, ...]
    loss: str


def run_walk_forward(
    command: FreqtradeCommand,
    config: Config,
    request: Request,
    *,
    processes: int,
    progress: Progress = no_progress,
) -> WalkForward:
    """Search the parameters of each window on its train part, then test them.

    :param command: `freqtrade backtesting` with the user's options.
    :param config: of that command.
    :param processes: how many searches run at once.
    :raises InputError: where candles are missing or too few, and where a search fails.
    :raises OperationalException: for whatever Freqtrade itself refuses.
    """
    with open_exchange(config, COMMAND) as exchange:
        whole = load_backtest(deepcopy(config), exchange)
        load_loss(whole.config, request.loss)
        space = SearchSpace(whole.config, whole.load_strategy(), request.spaces)
        space.configure(config)
        span = find_span(whole)
        windows = build_windows(request.plan, span)
        counter = _Counter(len(windows), request, progress)
        settings = SearchSettings(request.epochs, space.spaces, request.loss)
        searches = Searches(
            command, config, settings, processes=processes, progress=counter.set_epochs
        ).run([Search(window, seed) for window in windows for seed in request.seeds])
        tests = _Tests(config, exchange, space, whole, counter)
        for window in windows:
            tests.run(window, _find_epochs(searches, window))
    return WalkForward(
        strategy=config["strategy"],
        stake_currency=config["stake_currency"],
        timeframe=whole.config["timeframe"],
        pairs=whole.pairs,
        missing=whole.missing,
        fee=whole.fee,
        plan=request.plan,
        settings=settings,
        seeds=request.seeds,
        left_out=(span.end - windows[-1].test.end).days,
        windows=tuple(tests.results),
        tuned=(tuned := tests.tuned.measure()),
        untuned=(untuned := tests.untuned.measure()),
        holds=tests.measure_holds(),
        difference=(
            compare(tuned.equity, untuned.equity, request.seeds[0]) if has_bootstrap() else None
        ),
        stability=tuple(find_stability(space, [result.parameters for result in tests.results])),
        searches=searches,
    )


def find_span(whole: RepeatedBacktest) -> Span:
    """Return from when to when candles can be traded."""
    first, last = whole.span
    return Span(first, last + candle_length(whole.config["timeframe"]).to_pytimedelta())


def _find_epochs(searches: dict[Search, list[Epoch]], window: Window) -> list[Epoch]:
    return [
        epoch for search, epochs in searches.items() if search.window == window for epoch in epochs
    ]


class _Counter:
    """Counts epochs and backtests together, since each epoch is a backtest."""

    def __init__(self, windows: int, request: Request, progress: Progress) -> None:
        self._epochs = windows * len(request.seeds) * request.epochs
        self._total = self._epochs + windows * BACKTESTS
        self._backtests = 0
        self._progress = progress
        progress(0, self._total)

    def set_epochs(self, done: int) -> None:
        """Show how many epochs are done."""
        self._progress(done, self._total)

    def count(self) -> None:
        """Count a backtest after all epochs."""
        self._backtests += 1
        self._progress(self._epochs + self._backtests, self._total)


class _Tests:
    """The backtests of all windows in order, each with the balance that the last one left."""

    def __init__(
        self,
        config: Config,
        exchange: Exchange,
        space: SearchSpace,
        whole: RepeatedBacktest,
        counter: _Counter,
    ) -> None:
        self._backtests = WindowBacktests(config, exchange, space)
        self._dimensions = space.dimensions
        self._whole = whole
        self._counter = counter
        self._balance = float(get_dry_run_wallet(config))
        self._currency = config["stake_currency"]
        self.tuned, self.untuned = Wallet(config), Wallet(config)
        self.results: list[WindowResult] = []

    def run(self, window: Window, epochs: Sequence[Epoch]) -> None:
        """Test the middle of a window's best epochs, and the strategy as it is."""
        plateau = find_plateau(epochs)
        parameters = find_middle(plateau, self._dimensions)
        train = self._run(window.train, parameters, self._balance)
        tuned = self._run(window.test, parameters, self.tuned.balance)
        untuned = self._run(window.test, {}, self.untuned.balance)
        result = WindowResult(
            window=window,
            epochs=len(epochs),
            valid=sum(epoch.is_valid for epoch in epochs),
            plateau=len(plateau),
            parameters=parameters,
            train=measure_run(train, self._balance, self._currency),
            tuned=self.tuned.add(tuned),
            untuned=self.untuned.add(untuned),
            holds=measure_holds(self._whole, untuned, self._balance),
        )
        self.results.append(result)

    def measure_holds(self) -> dict[str, Outcome | None]:
        """Measure the coins held over all test parts, bought once."""
        return measure_holds(self._whole, self.untuned.joined, self._balance)

    def _run(self, span: Span, parameters: dict[str, Any], balance: float) -> BacktestRun:
        run = self._backtests.run(span, parameters, balance)
        self._counter.count()
        return run
