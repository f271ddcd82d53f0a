"""Break what can break around recorder and orders, and count what is survived: `make faults`.

python -m reliability.faults [--seed N] [--scale small|full] [--part NAME] [--only NAME]
    [--write]
"""

import argparse
import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from random import Random

from reliability.recorder.answers import try_answers
from reliability.recorder.clocks import try_clocks
from reliability.recorder.connections import try_connections
from reliability.recorder.day import try_day
from reliability.recorder.folders import try_folders
from reliability.recorder.growth import try_growth
from reliability.recorder.history import try_history
from reliability.recorder.kills import try_kills
from reliability.recorder.processes import try_processes
from reliability.report import (
    describe_scenarios,
    find_commit,
    mark_change,
    save_part,
)
from reliability.tally import Scale, Scenario, Setting, Tally
from reliability.trading.crashes import try_crashes
from reliability.trading.orders import try_orders

SEED = 1
MODULE = "python -m reliability.faults"
SCENARIOS: dict[str, tuple[str, Scenario]] = {
    "answers": (
        "each wrong answer, error and jump of each provider, direct and by proxy; what is on disk",
        try_answers,
    ),
    "connections": (
        "hosts and proxies not there, hanging, dripping, hanging up; an outage of 60 s",
        try_connections,
    ),
    "clocks": (
        "a provider's clock two hours off; this clock put back, ahead, or asleep for days",
        try_clocks,
    ),
    "folders": (
        "a disk that is full, a file that may not grow, a folder that may not be written",
        try_folders,
    ),
    "processes": (
        "two and three processes on one folder, the one that polls killed; real recorders too",
        try_processes,
    ),
    "kills": (
        "a process killed by SIGKILL at any moment, 100 times on one folder; the one that goes on",
        try_kills,
    ),
    "growth": (
        "10,000 polls in one process: memory, threads and open files stay",
        try_growth,
    ),
    "day": (
        "a day of three processes, the primary well or often failing: 150 requests at most",
        try_day,
    ),
    "history": (
        "CoinMarketCap's history: each wrong response, gaps, a repeated one, a moved level",
        try_history,
    ),
    "orders": (
        "a live bot whose exchange fails in every way, at entry, stop and exit",
        try_orders,
    ),
    "crashes": (
        "a live bot killed before an order, before its answer, and with a position open",
        try_crashes,
    ),
}


# Written separately, each with the commit at which it was counted.
APART = {"trading": ("orders", "crashes"), "history": ("history",)}
PARTS = {
    **APART,
    "faults": tuple(name for name in SCENARIOS if name not in sum(APART.values(), ())),
}


def run_scenario(name: str, seed: int, scale: Scale) -> Tally:
    """Run one scenario in its own folder."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="reliability-") as folder:
        # Another user's process must have access.
        os.chmod(folder, 0o755)  # noqa: PTH101, S103 - see above
        SCENARIOS[name][1](Setting(Path(folder), Random(f"{seed} {name}"), scale), tally)
    return tally


def main(arguments: list[str] | None = None) -> int:
    """Run the scenarios and print their results; return 1 if a try was not survived."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--scale", choices=("small", "full"), default="full")
    parser.add_argument("--part", choices=PARTS, action="append")
    parser.add_argument("--only", choices=SCENARIOS, action="append")
    parser.add_argument("--write", action="store_true", help="write docs/reliability.json")
    options = parser.parse_args(arguments)
    if options.write and options.only:
        parser.error("--write: expected whole parts, found --only")
    logging.getLogger("altseason").setLevel(logging.CRITICAL)
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    is_well = True
    commit = find_commit()
    for part in options.part or PARTS:
        done = {}
        for name in PARTS[part]:
            if options.only and name not in options.only:
                continue
            start = time.monotonic()
            tally = run_scenario(name, options.seed, options.scale)
            done[name] = (SCENARIOS[name][0], tally)
            is_well = is_well and tally.survived == tally.tried
            _print(_describe(name, tally, time.monotonic() - start))
        if options.write:
            counted = {
                "commit": mark_change(commit, find_commit()),
                "seed": options.seed,
                "command": f"{MODULE} --scale {options.scale} --seed {options.seed} --part {part}",
                "scenarios": describe_scenarios(done),
            }
            save_part(part, counted)
    return 0 if is_well else 1


def _describe(name: str, tally: Tally, seconds: float) -> list[str]:
    line = (
        f"{name:12} tried {tally.tried:5}  survived {tally.survived:5}  lost {tally.lost:3}  "
        f"{seconds:6.1f} s"
    )
    notes = [f"not tried: {note}" for note in tally.notes]
    return [line, *(f"    {text}" for text in [*tally.problems, *notes])]


def _print(lines: Iterable[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
