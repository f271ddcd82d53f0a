"""The base class for strategies that are gated by Bitcoin's dominance, and the gate as columns."""

import altseason.host.version  # noqa: F401 - must be first: refuses an older Freqtrade

# isort: split

import copy
from abc import ABCMeta
from typing import Any, ClassVar

import pandas as pd
from freqtrade.enums import CandleType
from freqtrade.strategy import CategoricalParameter, DecimalParameter, IntParameter, IStrategy
from freqtrade.strategy.parameters import BaseParameter

from altseason.errors import InputError
from altseason.gate.charts import with_dominance
from altseason.gate.columns import PlainGate
from altseason.gate.keeper import PARAMETERS, Gatekeeper
from altseason.gate.rule import BREADTH_MODES, DOMINANCE_MODES, GATING_MODES, GateRule
from altseason.host.callbacks import is_initialized
from altseason.host.parameters import describe_expected, load_parents_parameters

# The keywords in the definition of a derived class, and the parameters whose defaults they set.
KEYWORDS = {field: name for name, field in PARAMETERS.items()}
FLAGS = ("gate_shorts", "gate_position_adjustment")
# In interface 2 they have other names.
TRENDS = {
    "populate_entry_trend",
    "populate_exit_trend",
    "populate_buy_trend",
    "populate_sell_trend",
}


class _Gated(ABCMeta):
    """The metaclass of gated classes: it drops `AltSeasonGate` where another base is gated already.

    Otherwise Python would refuse `class Mine(AltSeasonGate, AltSeasonStrategy)` when it reads the
    file, and Freqtrade would list no strategy of that folder any longer.
    """

    def __new__(
        mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **words: Any
    ) -> "_Gated":
        gated = [base for base in bases if isinstance(base, mcls)]
        plain = [base for base in gated if not any(isinstance(one, mcls) for one in base.__bases__)]
        if len(gated) > len(plain):
            bases = tuple(base for base in bases if base not in plain)
        return super().__new__(mcls, name, bases, namespace, **words)


class AltSeasonGate(IStrategy, metaclass=_Gated):
    """Hold back a strategy's entries while the gate is closed.

    Put it first among the bases, before a strategy or instead of `IStrategy`::

        class MyGated(AltSeasonGate, MyStrategy, mode="falling"): ...

    Keywords set the defaults of the parameters: `mode` ("level", "falling", "level_and_falling",
    "breadth", "breadth_and_falling", or "off", which hyperopt never tries and no parameter file can
    set), `threshold`, `band`, `sma_days`, `breadth_min` and `breadth_days` as in
    `altseason.gate.rule.GateRule`, and `space`, the parameters' hyperopt space ("gate").

    Hyperopt tries the modes with breadth only where a class asks for them, since they need daily
    candles that not everybody has: with `mode="breadth_and_falling"`, or with a `gate_mode` of its
    own that has these choices.

    :cvar gate_shorts: whether short entries are held back, too.
    :cvar gate_position_adjustment: whether `adjust_trade_position` may buy only while the gate is
        open; Freqtrade does not call `confirm_trade_entry` for it.
    """

    gate_mode = CategoricalParameter(DOMINANCE_MODES, default="level", space="gate")
    dominance_threshold = DecimalParameter(40, 70, default=55, decimals=1, space="gate")
    gate_band = DecimalParameter(0, 5, default=0, decimals=1, space="gate")
    gate_sma_days = IntParameter(5, 60, default=20, space="gate")
    breadth_min = IntParameter(50, 90, default=75, space="gate", optimize=False)
    # Exchanges return 200 daily candles or more for one request.
    breadth_days = IntParameter(14, 180, default=90, space="gate", optimize=False)

    # Further parameters whose values in a parameter file are checked, besides those of the gate.
    alt_season_parameters: ClassVar[tuple[str, ...]] = ()
    # The settings of `altseason.risk` that apply to it.
    alt_season_risk_settings: ClassVar[tuple[str, ...]] = ()

    gate_shorts: bool = False
    gate_position_adjustment: bool = False

    alt_season_gate: Gatekeeper
    # Why a class cannot be used. Raised only when it is used, so that other classes can be listed.
    _gate_error: ClassVar[str] = ""

    def __init_subclass__(cls, *, space: str | None = None, **words: Any) -> None:
        given = {name: words.pop(name) for name in (*KEYWORDS, *FLAGS) if name in words}
        cls._gate_error = ""
        try:
            super().__init_subclass__(**words)
            _set_defaults(cls, space, given)
        except InputError as error:
            cls._gate_error = f"{cls.__name__}: {error}"
        except TypeError:  # a keyword that no parent takes either
            known = ", ".join(("space", *KEYWORDS, *FLAGS))
            cls._gate_error = f"{cls.__name__}: expected keywords of {known}, found {[*words]}"
        _draw_dominance(cls)

    def __init__(self, config: dict[str, Any]) -> None:
        if self._gate_error:
            raise InputError(self._gate_error)
        super().__init__(config)
        if not is_initialized(self):
            raise InputError(
                f"{type(self).__name__}: expected the __init__ of every parent to call "
                f"`super().__init__(config)`, found one that does not; add it there"
            )
        self.alt_season_gate = self._make_gatekeeper(config)

    def _make_gatekeeper(self, config: dict[str, Any]) -> Gatekeeper:
        return Gatekeeper(
            self,
            config,
            parameters=self.alt_season_parameters,
            # A parameter file must not switch the gate off, unless the keyword has.
            may_be_off=type(self).gate_mode.value == "off",
            shows_columns=_defines_signals(type(self)),
        )

    @property
    def gate_rule(self) -> GateRule:
        """Return the rule of the current parameters, which hyperopt changes with every epoch."""
        return GateRule(**{field: getattr(self, name).value for name, field in PARAMETERS.items()})

    def load_params_from_file(self) -> dict[str, Any]:
        """Load the strategy's parameter file, or a parent's where it has none."""
        return super().load_params_from_file() or load_parents_parameters(self)

    def ft_set_special_params_from_file(self) -> None:
        """Refuse a strategy whose gate was not set up; Freqtrade calls this first."""
        _find_gate(self)
        super().ft_set_special_params_from_file()

    def ft_bot_start(self, **kwargs: Any) -> None:
        """Start the strategy, then its gate, whose parameters are loaded after `bot_start`."""
        gate = _find_gate(self)
        gate.require_parameters()
        super().ft_bot_start(**kwargs)
        gate.start()

    def gather_informative_pairs(self) -> list[tuple[str, str, CandleType]]:
        """Return the candles that Freqtrade fetches for the strategy and for the gate's breadth.

        Not in `informative_pairs`, which strategies override.
        """
        pairs = [*super().gather_informative_pairs(), *_find_gate(self).find_informative_pairs()]
        return list(dict.fromkeys(pairs))

    def advise_indicators(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
        """Return the candles with the strategy's indicators and dominance."""
        gate = _find_gate(self)
        return gate.complete(super().advise_indicators(dataframe, metadata), metadata["pair"])

    def advise_entry(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
        """Return the candles with entries, but none where the gate is closed.

        Not in `populate_entry_trend`, so that it also holds for what a subclass adds there.
        Hyperopt calls it in every epoch, with other parameters.
        """
        signals = _find_gate(self).signals
        analyzed = super().advise_entry(signals.show_gate(dataframe), metadata)
        return signals.hold_entries(analyzed, metadata["pair"])

    def advise_exit(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
        """Return the candles with exits, which do not depend on the gate.

        The strategy sees its entries as it has set them, and may set more.
        """
        signals, pair = _find_gate(self).signals, metadata["pair"]
        analyzed = super().advise_exit(signals.restore_entries(dataframe, pair), metadata)
        analyzed = signals.keep_exits(signals.close_entries(analyzed, pair), pair)
        return signals.add_columns(analyzed)

    def analyze_ticker(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
        """Return the candles as Freqtrade does for a bot and for FreqUI, with lines for charts.

        Backtests and hyperopt do not call it, and a bot acts only on the newest row.
        """
        return _find_gate(self).prepare_charts(super().analyze_ticker(dataframe, metadata))

    def ft_plot_annotations(self, pair: str, dataframe: pd.DataFrame) -> list[Any]:
        """Return the strategy's own annotations in FreqUI, and the alt seasons."""
        return [
            *super().ft_plot_annotations(pair, dataframe),
            *_find_gate(self).find_areas(dataframe),
        ]


def add_alt_season(
    strategy: IStrategy,
    dataframe: pd.DataFrame,
    *,
    mode: str = "level",
    threshold: float = 55.0,
    band: float = 0.0,
    sma_days: int = 20,
) -> pd.DataFrame:
    """Add dominance and the gate to a strategy's candles as columns; no entry is held back.

    For `populate_indicators` of a strategy that is not derived from `AltSeasonGate`, in every run
    mode. Adds `date_btcd` and `close_btcd` (percent), as they were known at each candle's close,
    `sma_btcd` (percent) and `alt_season` (bool). While a bot trades, dominance is also recorded,
    and any error leaves `alt_season` False; in backtests errors are raised.

    :param dataframe: the candles of any pair. The other parameters are those of `GateRule`.
    :raises InputError: for a mode with breadth.
    """
    rule = GateRule(mode, threshold, band, sma_days)
    if rule.has_breadth:
        raise InputError(
            f"mode: expected one of {', '.join(DOMINANCE_MODES)}, found {mode}; derive the "
            f"strategy from AltSeasonGate, which reads the candles of coins that {mode} needs"
        )
    columns = vars(strategy).setdefault("_alt_season_columns", {})
    if rule not in columns:
        columns[rule] = PlainGate(strategy.config, rule)
    added: pd.DataFrame = columns[rule].add(dataframe, strategy.timeframe)
    return added


def _find_gate(strategy: AltSeasonGate) -> Gatekeeper:
    """Return a strategy's gate.

    :raises InputError: if it was never set up, so that nothing would hold back entries.
    """
    gate = vars(strategy).get("alt_season_gate")
    if not isinstance(gate, Gatekeeper):
        raise InputError(
            f"{type(strategy).__name__}: the gate was not set up; name AltSeasonGate first among "
            f"the bases, and call `super().__init__(config)` in every __init__"
        )
    return gate


def _defines_signals(cls: type[AltSeasonGate]) -> bool:
    """Return whether a gated class sets signals, and not only an ungated parent of it."""
    gated = [one for one in cls.__mro__ if issubclass(one, AltSeasonGate)]
    return any(TRENDS & vars(one).keys() for one in gated)


def _set_defaults(cls: type[AltSeasonGate], space: str | None, given: dict[str, Any]) -> None:
    """Give a class its own parameters, with the keywords of its definition as their defaults.

    :raises InputError: if they make no valid rule, or a parent has another attribute of that name.
    """
    for flag in FLAGS:
        setattr(cls, flag, given.pop(flag, getattr(cls, flag)))
        if not isinstance(getattr(cls, flag), bool):
            raise InputError(f"{flag}: expected True or False, found {getattr(cls, flag)!r}")
    values = {KEYWORDS[keyword]: value for keyword, value in given.items()}
    for name in PARAMETERS:
        for one in cls.__mro__:
            if name in vars(one) and not issubclass(one, AltSeasonGate):
                raise InputError(f"expected no {name} in {one.__name__}: the gate has its own")
        parameter = getattr(cls, name)
        if not isinstance(parameter, BaseParameter):
            return  # it is refused when the class is used
        if name not in vars(cls):
            parameter = _copy_parameter(cls, name)
        if space is not None:
            parameter.space = space
        if name in values:
            _set_default(name, parameter, values[name])
    GateRule(*(getattr(cls, name).value for name in PARAMETERS))


def _copy_parameter(cls: type[AltSeasonGate], name: str) -> BaseParameter:
    """Give a class its own copy of a parameter; those of breadth are optimized if a mode has it."""
    parameter: BaseParameter = copy.deepcopy(getattr(cls, name))
    if name in ("breadth_min", "breadth_days"):
        modes = {cls.gate_mode.value, *getattr(cls.gate_mode, "opt_range", ())}
        parameter.optimize = not modes.isdisjoint(BREADTH_MODES)
    setattr(cls, name, parameter)
    return parameter


def _set_default(name: str, parameter: BaseParameter, value: Any) -> None:
    is_mode = name == "gate_mode"
    if expected := describe_expected(parameter, value, (*BREADTH_MODES, "off") if is_mode else ()):
        raise InputError(f"{name}: expected {expected}, found {value!r}")
    parameter.value = value
    if is_mode:
        # It needs both, so hyperopt can try all modes that need one of them.
        if value == "breadth_and_falling":
            parameter.opt_range = list(GATING_MODES)
        parameter.optimize = value in parameter.opt_range


def _draw_dominance(cls: type[AltSeasonGate]) -> None:
    """Add dominance to the `plot_config` of a class, which may be a property."""
    drawn: Any = cls.plot_config
    if isinstance(drawn, property) and drawn.fget is not None:
        read = drawn.fget
        cls.plot_config = property(lambda self: with_dominance(read(self)))
    elif isinstance(drawn, dict):
        cls.plot_config = with_dominance(drawn)
