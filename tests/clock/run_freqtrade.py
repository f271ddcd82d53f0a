"""Run Freqtrade in simulated time.

    python -m tests.clock.run_freqtrade --clock-file F --start ISO [--stop-at ISO] -- trade -c ...

At `--stop-at` the bot is ended as Ctrl-C would end it.
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from tests.clock.clock_file import ClockFile
from tests.clock.simulated import simulated_time
from tests.clock.turns import PATIENCE_SECONDS


def parse_moment(text: str) -> datetime:
    """Read an ISO time, which is UTC where it does not say."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run_freqtrade", description=__doc__)
    parser.add_argument("--clock-file", type=Path, required=True)
    parser.add_argument("--start", type=parse_moment, required=True)
    parser.add_argument("--stop-at", type=parse_moment)
    parser.add_argument("--patience", type=float, default=PATIENCE_SECONDS)
    parser.add_argument("words", nargs="+", metavar="FREQTRADE")
    return parser.parse_args()


def main() -> None:
    arguments = read_arguments()
    clock_file = ClockFile(arguments.clock_file, int(arguments.start.timestamp() * 1000))
    with simulated_time(
        arguments.start, clock_file, stop_at=arguments.stop_at, patience=arguments.patience
    ):
        # Only now, so that whoever takes `sleep` out of `time` takes the simulated one.
        from freqtrade.main import main as run

        run(arguments.words)


if __name__ == "__main__":
    main()
