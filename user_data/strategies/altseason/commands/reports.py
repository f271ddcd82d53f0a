"""What the dominance commands tell a person, and what they tell a program."""

from pathlib import Path
from typing import Any

import pandas as pd

from altseason.dominance.candles import PAIR, Gap, describe_duration
from altseason.dominance.importer import MAX_JUMP, Imported
from altseason.dominance.synthetic import is_synthetic
from altseason.gate.rule import GateRule
from altseason.gate.status import Status
from altseason.gate.verdict import describe_verdict, verdict_as_json
from altseason.invocation import altseason_command
from altseason.output import wrap
from altseason.sources.reading import STAMP_MEANING, Layout, Readings
from altseason.sources.rows import describe_left_out

SHOWN = 5
DISAGREEMENT = ("date", "stored", "offered", "replaced")
HOUR = pd.Timedelta(hours=1)


def import_as_text(
    file: Path, readings: Readings, imported: list[Imported], *, dry_run: bool = False
) -> list[str]:
    """Describe what was read, by which rule, and what it changed."""
    stamps, layout = readings.rows["stamp"], readings.layout
    lines = [
        (
            f"Read {file} as {layout.format}: {len(stamps)} rows, {_date(stamps.iloc[0])} to "
            f"{_date(stamps.iloc[-1])} UTC, every {describe_duration(readings.spacing)}."
        ),
        _columns_as_text(layout),
        _stamp_as_text(layout),
    ]
    if layout.zone:
        lines.append(f"Time zone: {layout.zone}.")
    if readings.left_out:
        lines.append(f"Left out: {describe_left_out(readings.left_out)}.")
    lines += readings.notes
    if not readings.was_sorted:
        lines.append("The rows were not in chronological order and were sorted.")
    for part in imported:
        lines += _imported_as_text(part, dry_run=dry_run)
    if dry_run:
        lines.append("This was a dry run: nothing was written.")
    if not any(part.result.changes for part in imported):
        is_same = all(part.result.disagreements.empty for part in imported)
        stored = "all of it was stored before" if is_same else "what was stored stays as it is"
        lines.append(f"Nothing new: {stored}.")
    return lines


def _columns_as_text(layout: Layout) -> str:
    values = ", ".join(dict.fromkeys(layout.values))
    return f"Columns: {layout.date!r} for the time, {values!r} for dominance."


def _stamp_as_text(layout: Layout) -> str:
    why = f"; {layout.reason}" if layout.reason else ""
    return f"Stamp rule: {layout.stamp} ({STAMP_MEANING[layout.stamp]}){why}."


def _imported_as_text(part: Imported, *, dry_run: bool) -> list[str]:
    dates = part.candles["date"]
    lines = [
        (
            f"{PAIR} {part.timeframe}: {len(dates)} candles, {_date(dates.iloc[0])} to "
            f"{_date(dates.iloc[-1])}, {part.result.added} of them new, {_count(part.gaps)}."
        )
    ]
    lines += _gaps_as_text(part.gaps)
    if part.left_out:
        lines.append(f"Left out {part.left_out} rows of candles that do not show how they ended.")
    if part.frozen:
        lines.append(
            f"Frozen: {len(part.frozen)} candles repeat one value for days, the first "
            f"{_date(part.frozen[0])}. The gate takes them for stale."
        )
    if part.jumps:
        days = ", ".join(f"{day:%Y-%m-%d}" for day in part.jumps[:SHOWN])
        lines.append(
            f"{len(part.jumps)} days jump by more than {MAX_JUMP:g} points and come back the next, "
            f"as errors of a provider do: {days}{', ...' if len(part.jumps) > SHOWN else ''}"
        )
    disagreements = part.result.disagreements
    if len(disagreements):
        replaced = int(disagreements["replaced"].sum())
        difference = (disagreements["offered"] - disagreements["stored"]).abs().median()
        lines.append(
            f"{len(disagreements)} candles disagree with those stored before, by "
            f"{difference:.2f} percentage points in the median: {replaced} replace the stored "
            f"ones, {len(disagreements) - replaced} stored ones stay. To correct stored candles "
            f"use --replace; to start afresh, move {part.file} away first."
        )
        lines += [
            f"  {_date(row.date)}: stored {row.stored:.4f}, new {row.offered:.4f}"
            for row in disagreements[:SHOWN].itertuples()
        ]
    return lines if dry_run else [*lines, f"Stored in {part.file}"]


def import_as_json(readings: Readings, imported: list[Imported]) -> dict[str, Any]:
    """Return the facts of `import_as_text`; dates in ISO 8601, UTC."""
    stamps, layout = readings.rows["stamp"], readings.layout
    return {
        "format": layout.format,
        "stamp": layout.stamp,
        "rows": len(stamps),
        "start": stamps.iloc[0].isoformat(),
        "end": stamps.iloc[-1].isoformat(),
        "columns": {"date": layout.date, "values": list(layout.values)},
        "stamp_reason": layout.reason,
        "timezone": layout.zone,
        "left_out": readings.left_out,
        "notes": readings.notes,
        "spacing_minutes": readings.spacing / pd.Timedelta(minutes=1),
        "timeframes": [_imported_as_json(part) for part in imported],
    }


def _imported_as_json(part: Imported) -> dict[str, Any]:
    disagreements = part.result.disagreements
    return {
        "timeframe": part.timeframe,
        "candles": len(part.candles),
        "start": part.candles["date"].iloc[0].isoformat(),
        "end": part.candles["date"].iloc[-1].isoformat(),
        "added": part.result.added,
        "gaps": _gaps_as_json(part.gaps),
        "rows_left_out": part.left_out,
        "disagreements": len(disagreements),
        "replaced": int(disagreements["replaced"].sum()),
        "frozen": len(part.frozen),
        "jumps": [day.isoformat() for day in part.jumps],
        "changes": [
            {
                "date": date.isoformat(),
                "stored": stored,
                "new": offered,
                "replaced": bool(replaced),
            }
            for date, stored, offered, replaced in zip(
                *(disagreements[name] for name in DISAGREEMENT), strict=True
            )
        ],
        "file": str(part.file),
    }


def statuses_as_text(datadir: Path, rule: GateRule, statuses: list[Status]) -> list[str]:
    """Describe what is stored, and what the gate says now."""
    label = " (SYNTHETIC, no market data)" if is_synthetic(datadir) else ""
    lines = [f"{PAIR} in {datadir}{label}", f"Gate: {rule}"]
    if not statuses:
        lines.append(
            f"Nothing is stored: `{altseason_command('dominance import FILE')}` reads a file you "
            f"have, and `{altseason_command('dominance download')}` fetches a year."
        )
    for status in statuses:
        lines += _status_as_text(status)
    return lines


def _status_as_text(status: Status) -> list[str]:
    freshness = f"allowed {describe_duration(status.max_age)}"
    if status.is_frozen:
        freshness += ", but frozen: one value for days, so it does not count"
    elif status.is_stale:
        freshness += ", so it is stale"
    return [
        (
            f"{status.timeframe}: {status.candles} candles, {_date(status.start)} to "
            f"{_date(status.end)} UTC, {_count(status.gaps)}"
        ),
        *_gaps_as_text(status.gaps),
        f"  newest close {status.close:.2f} %, {describe_duration(status.age)} old ({freshness})",
        *wrap(f"  {describe_verdict(status.verdict)}"),
    ]


def statuses_as_json(datadir: Path, rule: GateRule, statuses: list[Status]) -> dict[str, Any]:
    """Return the facts of `statuses_as_text`; dates in ISO 8601, UTC."""
    return {
        "datadir": str(datadir),
        "synthetic": is_synthetic(datadir),
        "rule": vars(rule),
        "timeframes": [
            {
                "timeframe": status.timeframe,
                "candles": status.candles,
                "start": status.start.isoformat(),
                "end": status.end.isoformat(),
                "gaps": _gaps_as_json(status.gaps),
                "age_hours": round(status.age / HOUR, 2),
                "max_age_hours": status.max_age / HOUR,
                "stale": status.is_stale,
                "frozen": status.is_frozen,
                "close": status.close,
                "gate_open": status.verdict.is_open,
                "gate": verdict_as_json(status.verdict),
            }
            for status in statuses
        ],
    }


def _gaps_as_text(gaps: list[Gap]) -> list[str]:
    lines = [f"  missing: {_date(gap.start)} to {_date(gap.end)}" for gap in gaps[:SHOWN]]
    if len(gaps) > SHOWN:
        lines.append(f"  and {len(gaps) - SHOWN} more")
    return lines


def _gaps_as_json(gaps: list[Gap]) -> list[dict[str, str]]:
    return [{"start": gap.start.isoformat(), "end": gap.end.isoformat()} for gap in gaps]


def _count(gaps: list[Gap]) -> str:
    return f"{len(gaps)} gap{'' if len(gaps) == 1 else 's'}" if gaps else "no gaps"


def _date(date: Any) -> str:
    return f"{date:%Y-%m-%d %H:%M}"
