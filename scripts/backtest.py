"""`make backtest`: one backtest offline, on the sample market or on candles that are only read.

Reads DATADIR, DOMINANCE, TIMERANGE and CONFIG from the environment, as make hands them on.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "user_data" / "data" / "synthetic"
RUNS = ROOT / "build" / "backtest"


def main() -> int:
    """Run the backtest, and say where its result lies."""
    datadir, dominance, timerange, config = (
        os.environ.get(name, "") for name in ("DATADIR", "DOMINANCE", "TIMERANGE", "CONFIG")
    )
    if dominance and not datadir:
        print("DOMINANCE needs DATADIR: the sample has its own dominance", file=sys.stderr)
        return 2
    if datadir and not Path(datadir).is_dir():
        print(f"DATADIR: expected a folder with candle files, found {datadir}", file=sys.stderr)
        return 2
    config = config or str(ROOT / "config.json.example")
    source = Path(datadir).resolve() if datadir else SAMPLE
    run = RUNS / source.name
    data = link_candles(source, run / "data") if datadir else SAMPLE
    (run / "user_data").mkdir(parents=True, exist_ok=True)
    if dominance and (
        code := altseason("dominance", "import", dominance, "-c", config, "-d", data)
    ):
        return code
    return backtest(config, data, timerange, run / "user_data")


def link_candles(source: Path, data: Path) -> Path:
    """Make a data directory of links, so that nothing is ever written to the one of the user."""
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    for file in source.iterdir():
        if file.is_file():
            (data / file.name).symlink_to(file)
    return data


def backtest(config: str, data: Path, timerange: str, userdir: Path) -> int:
    """Run Freqtrade; a run without a new result has failed, whatever its exit code."""
    results = userdir / "backtest_results"
    before = set(results.glob("*.zip"))
    command = ["freqtrade", "backtesting", "--strategy", "AltSeasonStrategy", "-c", config]
    command += ["--strategy-path", ROOT / "user_data" / "strategies", "--cache", "none"]
    command += ["--userdir", userdir, "--datadir", data]
    if timerange:
        command += ["--timerange", timerange]
    code = altseason("sandbox", "--datadir", data, "-c", config, "--", *command)
    new = set(results.glob("*.zip")) - before
    if code or not new:
        return code or 1
    label = "SYNTHETIC market, result" if data == SAMPLE else "Result"
    print(f"{label}: {os.path.relpath(new.pop())}")
    return 0


def altseason(*arguments: str | Path) -> int:
    """Run one of our commands with this Python."""
    command = [sys.executable, "-m", "altseason", *map(str, arguments)]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
