"""A month of simulated time, traded by a real bot, against a backtest of the same month.

python -m tests.reliability.soak

Then the same for two days with a loop a minute, and what providers that never answer cost the bot.
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

from altseason.sample.model import DEFAULT_SEED
from tests.reliability.latency import measure_latency
from tests.reliability.report import find_commit, save_part
from tests.reliability.soak_runs import Span, live_through, prepare, run_backtest
from tests.reliability.soak_verdict import judge

COMMAND = "python -m tests.reliability.soak"
# The month of the sample in which the gate changes most often, eight times; chosen by the sample's
# dominance alone, before anything was traded in it.
MONTH = Span(datetime(2021, 9, 1, tzinfo=UTC), datetime(2021, 10, 1, tzinfo=UTC))
# The season of that month with the most entries, and its end; with the orders that the example
# places, and a loop a minute.
MINUTES = Span(datetime(2021, 9, 24, 20, tzinfo=UTC), datetime(2021, 9, 27, 2, tzinfo=UTC))
EVERY_MINUTE: dict[str, Any] = {
    "internals": {"process_throttle_secs": 60},
    "entry_pricing": {"price_side": "same"},
    "exit_pricing": {"price_side": "same"},
}
PARTS = ("month", "minutes", "latency")


def soak(span: Span, **changes: Any) -> tuple[dict[str, Any], list[str]]:
    """Trade through a time, backtest it, and give the figures and what is wrong with them."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        place = prepare(Path(folder))
        live = live_through(place, span, **changes)
        verdict = judge(place, span, live, run_backtest(place, span, **changes))
    minutes = round((time.monotonic() - started) / 60, 1)
    return {**verdict.figures, "minutes": minutes}, verdict.problems


def describe(name: str, figures: Mapping[str, Any]) -> list[str]:
    """Give a table of figures."""
    lines = [name]
    for key, value in figures.items():
        if isinstance(value, Mapping):
            lines.append(f"    {key.replace('_', ' ')}")
            lines += [f"        {what}: {found}" for what, found in value.items()]
        else:
            lines.append(f"    {key.replace('_', ' '):34} {value}")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Run everything, and tell by the exit code whether all is well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append", help="write no report")
    options = parser.parse_args(arguments)
    part: dict[str, Any] = {"seed": DEFAULT_SEED, "command": COMMAND}
    problems: list[str] = []
    for name in options.only or PARTS:
        if name == "latency":
            part[name], found = measure_latency()
        else:
            part[name], found = soak(MONTH) if name == "month" else soak(MINUTES, **EVERY_MINUTE)
        problems += [f"{name}: {problem}" for problem in found]
        _print([*describe(name, part[name]), *(f"    {problem}" for problem in found)])
    if not options.only:
        save_part("soak", {"commit": find_commit(), **part})
    return 1 if problems else 0


def _print(lines: Iterable[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
