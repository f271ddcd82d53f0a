"""A month of simulated time, traded by a real bot, compared with a backtest of the same month.

python -m reliability.soak

Then the same for two days with one loop per minute, and the effect of dead providers on a bot.
Writes its part of docs/reliability.json.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from altseason_lab.sample.model import DEFAULT_SEED
from reliability.report import describe_scenarios, find_commit, mark_change, save_part
from reliability.soak.latency import measure_latency
from reliability.soak.runs import Span, live_through, prepare, run_backtest
from reliability.soak.verdict import judge
from reliability.tally import Tally

COMMAND = "python -m reliability.soak"
# The month of the sample in which the gate changes most often, eight times; chosen by dominance
# alone, before anything was traded in it.
MONTH = Span(datetime(2021, 9, 1, tzinfo=UTC), datetime(2021, 10, 1, tzinfo=UTC))
# The alt season of that month with the most entries, and its end; with the orders of the example
# configuration, and one loop per minute.
MINUTES = Span(datetime(2021, 9, 24, 20, tzinfo=UTC), datetime(2021, 9, 27, 2, tzinfo=UTC))
EVERY_MINUTE: dict[str, Any] = {
    "internals": {"process_throttle_secs": 60},
    "entry_pricing": {"price_side": "same"},
    "exit_pricing": {"price_side": "same"},
}
PARTS = ("month", "minutes", "latency")
# What each part counts.
WHAT = {
    "month_candles": "candles of a month that a bot lives through, with the signals of a backtest",
    "month_entries": "entries of that month, made in the backtest as well or for a known cause not",
    "minutes_candles": "candles of two days with a loop a minute, with the signals of a backtest",
    "minutes_entries": "entries of those days, in the backtest as well or for a known cause not",
    "latency": "measurements of a bot with dead providers: loop, its period, stop-loss",
}
Counted = dict[str, Tally]


def soak(name: str, span: Span, **changes: Any) -> tuple[dict[str, Any], Counted, list[str]]:
    """Trade through a time, backtest it, and return the figures, the counts and the problems."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        folders = prepare(Path(folder))
        live = live_through(folders, span, **changes)
        verdict = judge(folders, span, live, run_backtest(folders, span, **changes))
    minutes = round((time.monotonic() - started) / 60, 1)
    counted = {
        f"{name}_candles": verdict.counted_candles,
        f"{name}_entries": verdict.counted_entries,
    }
    return {**verdict.figures, "minutes": minutes}, counted, verdict.problems


def run_part(name: str) -> tuple[dict[str, Any], Counted, list[str]]:
    """Run one of `PARTS`, and return its figures, its counts and the problems."""
    if name == "month":
        return soak(name, MONTH)
    if name == "minutes":
        return soak(name, MINUTES, **EVERY_MINUTE)
    figures, tally = measure_latency()
    return figures, {name: tally}, tally.problems


def describe(name: str, figures: Mapping[str, Any]) -> list[str]:
    """Return a table of figures."""
    lines = [name]
    for key, value in figures.items():
        if isinstance(value, Mapping):
            lines.append(f"    {key.replace('_', ' ')}")
            lines += [f"        {what}: {found}" for what, found in value.items()]
        else:
            lines.append(f"    {key.replace('_', ' '):34} {value}")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Run everything; return 1 if there is a problem."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append", help="write no report")
    options = parser.parse_args(arguments)
    commit = find_commit()
    part: dict[str, Any] = {"seed": DEFAULT_SEED, "command": COMMAND}
    counted: Counted = {}
    problems: list[str] = []
    for name in options.only or PARTS:
        part[name], tallies, found = run_part(name)
        counted |= tallies
        problems += [f"{name}: {problem}" for problem in found]
        _print([*describe(name, part[name]), *(f"    {problem}" for problem in found)])
    if not options.only:
        part["commit"] = mark_change(commit, find_commit())
        part["scenarios"] = describe_scenarios(
            {name: (WHAT[name], tally) for name, tally in counted.items()}
        )
        save_part("soak", part)
    return 1 if problems else 0


def _print(lines: Iterable[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
