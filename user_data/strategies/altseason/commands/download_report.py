"""What a download tells a person, and what it tells a program."""

from pathlib import Path
from typing import Any

import pandas as pd

from altseason.commands import reports
from altseason.dominance.candles import DAY
from altseason.history.download import MAX_LEVEL_DIFFERENCE, Downloaded, DownloadReport, Plan
from altseason.history.shares import MAX_MISSING
from altseason.sources.coingecko import PROVIDER
from altseason.sources.reading import Readings


def download_as_text(plan: Plan, report: DownloadReport) -> list[str]:
    """Describe what was fetched, what was made of it, and what that changed."""
    downloaded, readings, level = report.downloaded, report.readings, report.level
    lines = [*_made_as_text(downloaded), *_left_out_as_text(plan, downloaded, readings)]
    if level is not None:
        lines.append(
            f"On {level.days} days that were stored before it differs by {level.difference:+.2f} "
            f"percentage points in the median."
        )
        if abs(level.difference) > MAX_LEVEL_DIFFERENCE:
            lines.append(
                "The levels differ, so what is stored probably comes from another provider. For "
                "one series of one provider move the stored file away, and download again."
            )
    return [*lines, *reports.import_as_text(Path(PROVIDER), readings, report.imported)]


def download_as_json(plan: Plan, report: DownloadReport) -> dict[str, Any]:
    """Return the facts of `download_as_text`; dates in ISO 8601, UTC."""
    downloaded, level = report.downloaded, report.level
    history, current = downloaded.history, downloaded.current
    return {
        "source": plan.source,
        "days_asked": plan.days,
        "coins": downloaded.coins or None,
        "coins_kept_from_before": downloaded.kept,
        "survivors_only": current is not None,
        "current": current.dominance if current else None,
        "factor": history.factor,
        "days_left_out": [f"{day:%Y-%m-%d}" for day in _days_left_out(plan, downloaded)],
        "days_still_missing": plan.unreached,
        "level": None if level is None else vars(level),
        **reports.import_as_json(report.readings, report.imported),
    }


def _made_as_text(downloaded: Downloaded) -> list[str]:
    history, current = downloaded.history, downloaded.current
    if current is None:
        return [f"{history.name}, as {PROVIDER} has both."]
    kept = f" ({downloaded.kept} of them were fetched before)" if downloaded.kept else ""
    return [
        (
            f"{history.name}{kept}, times {history.factor:.4f}, so that the share of now equals "
            f"{PROVIDER}'s {current.dominance:.2f} %."
        ),
        (
            "Survivorship bias: only today's largest coins are counted, so dominance is "
            "overstated the further back you go."
        ),
    ]


def _left_out_as_text(plan: Plan, downloaded: Downloaded, readings: Readings) -> list[str]:
    lines = []
    days = _days_left_out(plan, downloaded)
    if days:
        shown = ", ".join(f"{day:%Y-%m-%d}" for day in days[: reports.SHOWN])
        lines.append(
            f"Left out {len(days)} days on which coins with more than {MAX_MISSING:.0%} of the "
            f"sum have no market cap: {shown}{', ...' if len(days) > reports.SHOWN else ''}"
        )
    if len(readings.rows) < plan.days:
        lines.append(f"Of the {plan.days} days asked for, {len(readings.rows)} could be made.")
    if plan.unreached:
        lines.append(
            f"{plan.unreached} days between the newest stored candle and these stay missing: "
            f"import them from a file."
        )
    return lines


def _days_left_out(plan: Plan, downloaded: Downloaded) -> list[pd.Timestamp]:
    """Return the days asked for that are left out, by the date of their candle."""
    first = plan.latest - plan.days * DAY
    return [end - DAY for end in downloaded.history.left_out if end > first]
