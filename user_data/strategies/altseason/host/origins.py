"""Find where the values that a strategy trades by come from, so that none changes unnoticed."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from freqtrade.strategy import IStrategy
from freqtrade.strategy.parameters import BaseParameter

from altseason.host.parameters import parameter_file, parameters_of_file
from altseason.settings import SECTION, BreadthSettings, DominanceSettings

Origin = Literal["config", "parameter file", "strategy", "default"]
# Attributes of a strategy that Freqtrade may take from elsewhere, and their section in a parameter
# file.
ATTRIBUTES = {
    "timeframe": None,
    "stoploss": "stoploss",
    "minimal_roi": "roi",
    "trailing_stop": "trailing",
    "max_open_trades": "max_open_trades",
}
GATE_IS_OFF = "WARNING: the gate is off (gate_mode), so dominance holds back no entry."


@dataclass(frozen=True)
class Value:
    """A value, and where Freqtrade took it from.

    :param origin: "strategy" if it is set by `buy_params` and the like, or by other code of the
        strategy; "default" if it is the one in the definition of the parameter or attribute.
    """

    name: str
    value: Any
    origin: Origin


@dataclass(frozen=True)
class TradedValues:
    """The values that a strategy trades by, parameters first.

    :param file: the strategy's parameter file, whether it exists or not.
    """

    values: list[Value]
    file: Path

    def describe(self) -> list[str]:
        """Return a sentence for each origin, the defaults last."""
        names: dict[Origin, str] = {
            "parameter file": f"From the parameter file {self.file}",
            "config": "From the config",
            "strategy": "From the strategy's own code",
            "default": "Defaults",
        }
        grouped = {
            origin: ", ".join(
                f"{one.name} = {_show(one.value)}" for one in self.values if one.origin == origin
            )
            for origin in names
        }
        return [f"{names[origin]}: {facts}." for origin, facts in grouped.items() if facts]

    def as_json(self) -> dict[str, Any]:
        """Return the same facts for a program."""
        return {
            "values": [asdict(value) for value in self.values],
            "parameter_file": str(self.file),
        }


def find_traded_values(strategy: IStrategy) -> TradedValues:
    """Return the values that a loaded strategy trades by.

    The order of precedence is Freqtrade's: for parameters the file, the class, the default
    (`HyperStrategyMixin.ft_load_hyper_params`), for attributes the configuration, the file, the
    class (`StrategyResolver.load_strategy`).
    """
    found = (*_find_parameters(strategy), *_find_attributes(strategy), *_find_settings(strategy))
    return TradedValues(list(found), parameter_file(strategy))


def describe_rules(strategy: Any) -> list[str]:
    """Return what a bot reports at its start: its rule, and where each value comes from."""
    rule = strategy.gate_rule
    values = " ".join(find_traded_values(strategy).describe())
    return [
        *([GATE_IS_OFF] if rule.mode == "off" else []),
        f"{strategy.get_strategy_name()} trades by the rule: {rule}. {values}",
    ]


def _find_parameters(strategy: IStrategy) -> Iterator[Value]:
    for name, parameter in strategy.enumerate_parameters():
        space = parameter.space
        origin: Origin = "default"
        if parameter.load and name in parameters_of_file(strategy, space):
            origin = "parameter file"
        elif _is_set_by_code(strategy, parameter):
            origin = "strategy"
        yield Value(name, parameter.value, origin)


def _is_set_by_code(strategy: IStrategy, parameter: BaseParameter) -> bool:
    if parameter.load and parameter.name in getattr(strategy, f"{parameter.space}_params", {}):
        return True
    return bool(parameter.value != getattr(type(strategy), parameter.name).value)


def _find_attributes(strategy: IStrategy) -> Iterator[Value]:
    given = strategy.config.get("original_config", {})
    for name, section in ATTRIBUTES.items():
        # In a parameter file, the section of `minimal_roi` is its value, not a mapping by name.
        found = parameters_of_file(strategy, section) if section else {}
        is_in_file = bool(found) if section == "roi" else name in found
        origin: Origin = (
            "config" if name in given else "parameter file" if is_in_file else "default"
        )
        yield Value(name, getattr(strategy, name, None), origin)


def _find_settings(strategy: Any) -> Iterator[Value]:
    settings = strategy.alt_season_gate.settings
    for section, names in (
        ("dominance", set(DominanceSettings.model_fields) - {"coinmarketcap_key", "urls"}),
        ("breadth", set(BreadthSettings.model_fields)),
        ("risk", set(strategy.alt_season_risk_settings)),
    ):
        values = getattr(settings, section)
        for name in type(values).model_fields:
            if name in names & values.model_fields_set:
                yield Value(f"{SECTION}.{section}.{name}", getattr(values, name), "config")


def _show(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
