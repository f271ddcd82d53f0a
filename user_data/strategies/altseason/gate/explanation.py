"""Explain why a pair is entered or not at its newest candle: by each condition, and the gate."""

from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from altseason.dominance.candles import candle_length
from altseason.gate.breadth import NO_COINS, CoinPrices
from altseason.gate.conditions import CROSSES_ABOVE, Condition, Conditions, is_true
from altseason.gate.rule import BREADTH, SUFFIX, GateRule
from altseason.gate.verdict import Newest, NewestBreadth, Verdict, describe_verdict, verdict_as_json
from altseason.settings import DominanceSettings

NO_BREADTH = CoinPrices(NO_COINS.prices, problem="no breadth was known at this candle")


@dataclass(frozen=True)
class Finding:
    """A condition at one candle, with the names of the columns that are compared."""

    name: str
    holds: bool
    value_name: str = ""
    value: float | None = None
    comparison: str = ""
    limit_name: str = ""
    limit: float | None = None

    @property
    def was_above_already(self) -> bool:
        """Return whether there is no crossing since the value was above its limit before."""
        if self.comparison != CROSSES_ABOVE or self.value is None or self.limit is None:
            return False
        return not self.holds and self.value > self.limit


@dataclass(frozen=True)
class Explanation:
    """The conditions of a pair at its newest closed candle.

    :param close_time: when the candle closed.
    :param enters: whether the strategy sets an entry signal there.
    """

    pair: str
    close_time: pd.Timestamp
    enters: bool
    findings: list[Finding]

    @property
    def has_other_reason(self) -> bool:
        """Return whether the signal is not what the named conditions say."""
        return self.enters != all(finding.holds for finding in self.findings)


@dataclass(frozen=True)
class EntryReport:
    """The gate, and the conditions of each pair at its newest closed candle."""

    verdict: Verdict
    explanations: list[Explanation]

    def as_text(self) -> list[str]:
        """Describe the gate, and each condition of each pair."""
        verdict = self.verdict
        lines = [f"Gate: {verdict.rule}. {describe_verdict(verdict, with_age=False)}"]
        for one in self.explanations:
            signal = "entry signal" if one.enters else "no entry"
            lines += ["", f"{one.pair} at {one.close_time:%Y-%m-%d %H:%M} UTC: {signal}"]
            lines += [_finding_as_text(finding) for finding in one.findings]
            if one.has_other_reason:
                lines.append("  populate_entry_trend decides by more than these conditions")
        return lines

    def as_json(self) -> dict[str, Any]:
        """Return the same facts for a program; dates in ISO 8601, UTC."""
        return {
            "gate": verdict_as_json(self.verdict, with_age=False),
            "pairs": [
                {
                    "pair": one.pair,
                    "candle_closed": one.close_time.isoformat(),
                    "enters": one.enters,
                    "other_reason": one.has_other_reason,
                    "conditions": [asdict(finding) for finding in one.findings],
                }
                for one in self.explanations
            ],
        }


def explain(strategy: Any, pair: str, candles: pd.DataFrame) -> Explanation:
    """Return each condition at the last of a pair's analyzed candles.

    :param candles: as `populate_entry_trend` returns them; where one has a column of a condition's
        name, that decides whether it holds.
    """
    newest = candles.iloc[-1]
    # A user's own strategy need not name its conditions, of which the gate is one.
    find_conditions = getattr(strategy, "entry_conditions", _find_gate)
    conditions = find_conditions(candles, {"pair": pair})
    return Explanation(
        pair=pair,
        close_time=newest["date"] + candle_length(strategy.timeframe),
        enters=bool(newest.get("enter_long") == 1),
        findings=[
            _find(name, condition, newest.get(name)) for name, condition in conditions.items()
        ],
    )


def _find_gate(candles: pd.DataFrame, metadata: dict[str, Any]) -> Conditions:
    return {"is_alt_season": is_true(candles["alt_season"])}


def gate_of_row(
    row: "pd.Series[Any]", rule: GateRule, settings: DominanceSettings, time: pd.Timestamp
) -> Verdict:
    """Return the gate by the columns of an analyzed candle that closed at a time."""
    date, close, sma = (row.get(f"{name}_{SUFFIX}") for name in ("date", "close", "sma"))
    is_open = bool(row.get("alt_season"))
    newest = None
    if not (pd.isna(date) or pd.isna(close)):
        end = pd.Timestamp(date) + candle_length(settings.timeframe)
        newest = Newest(float(close), None if pd.isna(sma) else float(sma), end, time - end)
    breadth = _breadth_of_row(row, time) if rule.has_breadth else None
    lacks_breadth = rule.has_breadth and breadth is None
    lacks_dominance = newest is None and (rule.reads_dominance or not rule.has_breadth)
    return Verdict(
        rule,
        is_open,
        newest,
        settings.max_age,
        is_stale=lacks_breadth or lacks_dominance,
        breadth=breadth,
        coins=NO_BREADTH,
    )


def _breadth_of_row(row: "pd.Series[Any]", time: pd.Timestamp) -> NewestBreadth | None:
    """Return the breadth by the columns of an analyzed candle, which lack the coins watched."""
    date, percent, measured = (
        row.get(name) for name in (f"date_{BREADTH}", BREADTH, f"coins_{BREADTH}")
    )
    if pd.isna(date) or pd.isna(percent) or pd.isna(measured):
        return None
    end = pd.Timestamp(date) + candle_length("1d")
    count = int(measured)
    return NewestBreadth(round(float(percent) * count / 100), count, count, end, time - end)


def _find(name: str, condition: Condition, column: Any) -> Finding:
    holds = _last(condition.holds) if column is None else column
    value, limit = _last(condition.value), _last(condition.limit)
    return Finding(
        name=name,
        holds=bool(holds),
        value_name=str(getattr(condition.value, "name", "") or ""),
        value=_number(value),
        comparison=condition.comparison,
        limit_name=str(getattr(condition.limit, "name", "") or ""),
        limit=_number(limit),
    )


def _last(values: Any) -> Any:
    return values.iloc[-1] if isinstance(values, pd.Series) else values


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _finding_as_text(finding: Finding) -> str:
    holds = "yes" if finding.holds else "no"
    words = [
        finding.value_name,
        _show(finding.value) if finding.comparison else "",
        finding.comparison,
        finding.limit_name,
        _show(finding.limit) if finding.comparison else "",
        "(was above already)" if finding.was_above_already else "",
    ]
    facts = " ".join(word for word in words if word)
    return f"  {holds:<3}  {finding.name:<18}  {facts}".rstrip()


def _show(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.6g}"
