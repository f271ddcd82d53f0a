"""The report of an import: what it has read, by which rule, and what it has changed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from altseason.commands.reporting import (
    MAX_SHOWN,
    count_gaps,
    format_date,
    format_range,
    gaps_as_json,
    gaps_as_text,
)
from altseason.dominance.candles import candle_length, describe_duration
from altseason.dominance.importer import Imported
from altseason.dominance.outliers import MAX_JUMP
from altseason.history.download import MAX_LEVEL_DIFFERENCE
from altseason.sources.reading import STAMP_MEANING, Readings
from altseason.sources.rows import describe_left_out

DISAGREEMENT = ("date", "stored", "offered", "replaced")


@dataclass(frozen=True)
class TimeframeReport:
    """The result of an import for the candles of one timeframe."""

    imported: Imported

    @property
    def is_new(self) -> bool:
        """Return whether anything was stored."""
        return bool(self.imported.result.changes)

    @property
    def disagreements(self) -> pd.DataFrame:
        """Return the candles that differ from stored ones, as in `AppendResult`."""
        return self.imported.result.disagreements

    @property
    def replaced(self) -> int:
        """Return how many of these replace stored ones."""
        return int(self.disagreements["replaced"].sum())

    def as_text(self, *, is_dry_run: bool) -> list[str]:
        """Describe the candles, what is unusual about them, and what they change."""
        imported, dates = self.imported, self.imported.candles["date"]
        end = dates.iloc[-1] + candle_length(imported.timeframe)
        lines = [
            (
                f"{imported.pair} {imported.timeframe}: {len(dates)} candles, "
                f"{imported.result.added} of them new, {format_range(dates.iloc[0], end)}, "
                f"{count_gaps(imported.gaps)}."
            ),
            *gaps_as_text(imported.gaps),
        ]
        if imported.left_out:
            lines.append(f"Skipped {imported.left_out} rows of candles whose close is unknown.")
        if imported.frozen:
            lines.append(
                f"Frozen: {len(imported.frozen)} candles repeat one value for days, the first "
                f"{format_date(imported.frozen[0])}. The gate treats them as stale."
            )
        lines += self._outliers_as_text()
        lines += self._disagreements_as_text()
        return [*lines, f"Stored in {imported.file}"] if self.is_new and not is_dry_run else lines

    def _outliers_as_text(self) -> list[str]:
        outliers, file = self.imported.outliers, self.imported.outliers_kept
        if outliers.empty:
            return []
        if file is None:
            choice = "left out of the mean once the next day has ended (see --keep-outliers)"
        else:
            choice = f"counted in the mean because of {file}; delete it to leave them out"
        more = len(outliers) - MAX_SHOWN
        return [
            (
                f"Outliers ({len(outliers)}): days that jump by more than {MAX_JUMP:g} points and "
                f"come back on the next, like errors of a provider. They are stored, and {choice}."
            ),
            *(
                f"  {one.date:%Y-%m-%d}: {one.close:.2f} %, after {one.before:.2f} % and before "
                f"{one.after:.2f} %"
                for one in outliers[:MAX_SHOWN].itertuples()
            ),
            *([f"  and {more} more"] if more > 0 else []),
        ]

    def _disagreements_as_text(self) -> list[str]:
        rows = self.disagreements
        if rows.empty:
            return []
        differences = (rows["offered"] - rows["stored"]).abs()
        if differences.max() < 1e-9:
            by = "in open, high or low alone; the closes, by which the gate goes, are the same"
        else:
            by = f"by {differences.median():.2f} percentage points in the median"
        return [
            (
                f"{len(rows)} candles disagree with stored ones, {by}: {self.replaced} replace the "
                f"stored ones, {len(rows) - self.replaced} stored ones stay. To correct stored "
                f"candles, use --replace; to start again, move {self.imported.file} away first."
            ),
            *(
                f"  {format_date(date)}: stored {stored:.4f}, new {offered:.4f}"
                for date, stored, offered in zip(
                    *(rows[name][:MAX_SHOWN] for name in DISAGREEMENT[:3]), strict=True
                )
            ),
        ]

    @property
    def level_difference(self) -> float:
        """Return by how much most candles that are stored already differ, in percentage points.

        The median of new minus stored; 0 where half of them or fewer disagree.
        """
        in_both = len(self.imported.candles) - self.imported.result.added
        rows = self.disagreements
        return (rows["offered"] - rows["stored"]).median() if 2 * len(rows) > in_both else 0.0

    def level_as_text(self) -> list[str]:
        """Describe a level of the new candles that is another than the stored ones'."""
        difference = self.level_difference
        if abs(difference) <= MAX_LEVEL_DIFFERENCE:
            return []
        return [
            (
                f"The levels differ by {difference:+.2f} percentage points, so the file probably "
                f"comes from another provider than what is stored, and the gate would see a jump "
                f"where the one ends and the other begins. To keep one series per provider, move "
                f"{self.imported.file} away and import again, or use another --datadir."
            )
        ]

    def as_json(self) -> dict[str, Any]:
        """Return the same facts for a program, with each candle that disagrees."""
        imported, dates = self.imported, self.imported.candles["date"]
        return {
            "pair": imported.pair,
            "timeframe": imported.timeframe,
            "candles": len(dates),
            "start": dates.iloc[0].isoformat(),
            "end": dates.iloc[-1].isoformat(),
            "added": imported.result.added,
            "gaps": gaps_as_json(imported.gaps),
            "rows_left_out": imported.left_out,
            "disagreements": len(self.disagreements),
            "replaced": self.replaced,
            "level_difference": self.level_difference,
            "frozen": len(imported.frozen),
            "jumps": [day.isoformat() for day in imported.outliers["date"]],
            "outliers": [
                {**one, "date": one["date"].isoformat()}
                for one in imported.outliers.to_dict("records")
            ],
            "outliers_kept": imported.outliers_kept is not None,
            "changes": [
                {
                    "date": date.isoformat(),
                    "stored": stored,
                    "new": offered,
                    "replaced": bool(replaced),
                }
                for date, stored, offered, replaced in zip(
                    *(self.disagreements[name] for name in DISAGREEMENT), strict=True
                )
            ],
            "file": str(imported.file),
        }


@dataclass(frozen=True)
class ImportReport:
    """An import or a dry run of one.

    :param source: the file that was read, or the provider.
    :param created: the data directory, if it did not exist before.
    """

    source: Path | str
    readings: Readings
    imported: list[Imported]
    is_dry_run: bool = False
    created: Path | None = None

    @property
    def timeframes(self) -> list[TimeframeReport]:
        """Return the result for each timeframe."""
        return [TimeframeReport(one) for one in self.imported]

    def as_text(self) -> list[str]:
        """Describe what was read, by which rule, and what it changed."""
        lines = self._readings_as_text()
        for timeframe in self.timeframes:
            lines += timeframe.as_text(is_dry_run=self.is_dry_run)
            if isinstance(self.source, Path):  # a download reports it by itself
                lines += timeframe.level_as_text()
        if self.created is not None and self.is_dry_run:
            lines.append(f"Data directory {self.created} does not exist; an import creates it.")
        elif self.created is not None:
            lines.append(f"Created data directory: {self.created}")
        if self.is_dry_run:
            lines.append("This was a dry run: nothing was written.")
        if not any(timeframe.is_new for timeframe in self.timeframes):
            is_same = all(timeframe.disagreements.empty for timeframe in self.timeframes)
            stored = "all of it is stored already" if is_same else "stored candles stay as they are"
            lines.append(f"Nothing new: {stored}.")
        return lines

    def _readings_as_text(self) -> list[str]:
        readings, layout = self.readings, self.readings.layout
        stamps, values = readings.rows["stamp"], ", ".join(dict.fromkeys(layout.values))
        why = f"; {layout.reason}" if layout.reason else ""
        lines = [
            (
                f"Read {self.source} as {layout.format}: {len(stamps)} rows, "
                f"{format_date(stamps.iloc[0])} to {format_date(stamps.iloc[-1])} UTC, every "
                f"{describe_duration(readings.spacing)}."
            ),
            f"Columns: {layout.date!r} for the time, {values!r} for dominance.",
            f"Stamp rule: {layout.stamp} ({STAMP_MEANING[layout.stamp]}){why}.",
        ]
        if layout.zone:
            lines.append(f"Time zone: {layout.zone}.")
        if readings.left_out:
            lines.append(f"Left out: {describe_left_out(readings.left_out)}.")
        lines += readings.notes
        if not readings.was_sorted:
            lines.append("The rows were not in chronological order and were sorted.")
        return lines

    def as_json(self) -> dict[str, Any]:
        """Return the same facts for a program; dates in ISO 8601, UTC."""
        readings, layout = self.readings, self.readings.layout
        stamps = readings.rows["stamp"]
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
            "timeframes": [timeframe.as_json() for timeframe in self.timeframes],
            "created_datadir": None if self.created is None else str(self.created),
            "dry_run": self.is_dry_run,
        }
