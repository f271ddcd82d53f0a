"""`make backtest`: one backtest offline, on the sample market or on the user's candles.

Reads DATADIR, DOMINANCE, TIMERANGE and CONFIG from the environment, as make passes them. With
`--freqai`, as in `make backtest-freqai`, it backtests the strategy that learns.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parent.parent
USERDIR = ROOT / "user_data"
SAMPLE = USERDIR / "data" / "synthetic"
LOG = USERDIR / "logs" / "make-backtest.log"
TAIL_LINES = 5
# As in altseason/dominance/synthetic.py.
MARKER = "SYNTHETIC.txt"
RUNS = ROOT / "build" / "backtest"
OVERLAY = USERDIR / "overlays" / "freqai.json"
# The sample begins in 2021, and the model learns from the three years before.
FREQAI_TIMERANGE = "20240201-20240501"


def main(*, learns: bool) -> int:
    """Run the backtest, and print where its result is.

    :param learns: whether to backtest the strategy that learns.
    """
    datadir, dominance, timerange, config = (
        os.environ.get(name, "") for name in ("DATADIR", "DOMINANCE", "TIMERANGE", "CONFIG")
    )
    if dominance and not datadir:
        print("DOMINANCE needs DATADIR: the sample has its own dominance", file=sys.stderr)
        return 2
    if datadir and not Path(datadir).is_dir():
        print(f"DATADIR: expected a folder with candle files, found {datadir}", file=sys.stderr)
        return 2
    if learns and datadir and not timerange:
        print(
            "TIMERANGE: expected the time to test, with its end, such as 20210101-20211231; the "
            "model learns from the years before it",
            file=sys.stderr,
        )
        return 2
    config = config or str(ROOT / "config.json.example")
    source = Path(datadir).resolve() if datadir else SAMPLE
    if datadir and not dominance and not any(source.glob("BTCD_USD-*")):
        print(
            f"DATADIR: expected candles of BTCD/USD in {datadir}, found none; name your dominance "
            "file too: make backtest DATADIR=... DOMINANCE=my_dominance.csv",
            file=sys.stderr,
        )
        return 2
    run = RUNS / source.name
    data = link_candles(source, run / "data") if datadir else SAMPLE
    if dominance and (
        code := altseason("dominance", "import", dominance, "-c", config, "-d", data)
    ):
        return code
    if learns:
        return backtest(config, data, timerange or FREQAI_TIMERANGE, overlay=OVERLAY)
    return backtest(config, data, timerange)


def link_candles(source: Path, data: Path) -> Path:
    """Create a data directory of links, so that nothing is ever written to the user's own."""
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    for file in source.iterdir():
        if file.is_file():
            (data / file.name).symlink_to(file)
    return data


def backtest(config: str, data: Path, timerange: str, overlay: Path | None = None) -> int:
    """Run Freqtrade; a run without a new result has failed, whatever its exit code is.

    :param overlay: a configuration that names another strategy.
    """
    results = USERDIR / "backtest_results"
    before = set(results.glob("*.zip"))
    command = ["freqtrade", "backtesting", "-c", config]
    command += ["-c", overlay] if overlay else ["--strategy", "AltSeasonStrategy"]
    command += ["--cache", "none", "--userdir", USERDIR, "--datadir", data]
    if timerange:
        command += ["--timerange", timerange]
    print(f"Backtesting on {relative(data)}, about half a minute; log: {relative(LOG)}")
    sys.stdout.flush()
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with LOG.open("w", encoding="utf-8") as log:
        code = altseason("sandbox", "--datadir", data, "-c", config, "--", *command, messages=log)
    new = set(results.glob("*.zip")) - before
    if code or not new:
        lines = LOG.read_text(encoding="utf-8").splitlines()
        print(
            *lines[-TAIL_LINES:],
            f"The backtest failed; its log is {relative(LOG)}",
            sep="\n",
            file=sys.stderr,
        )
        return code or 1
    label = "SYNTHETIC market, result" if (data / MARKER).is_file() else "Result"
    print(f"{label}: {relative(new.pop())}")
    print(*(next_steps_of_freqai() if overlay else next_steps(config, data, timerange)), sep="\n")
    return 0


def next_steps(config: str, data: Path, timerange: str) -> list[str]:
    """Return possible next steps, with command lines that work in the current folder."""
    programs = relative(Path(sys.executable).parent)
    if data == SAMPLE and not timerange:
        timerange = "20220101-20220301"  # two months are enough for a first look
    stress = f"stress --offline -c {relative(Path(config))} -d {relative(data)}"
    return [
        "Next:",
        f"  {programs}/freqtrade backtesting-show",
        "      shows these tables again; FreqUI lists the result under Load results",
        *(
            [f"  {programs}/altseason {stress} -- \\", f"      --timerange {timerange}"]
            if timerange
            else [f"  {programs}/altseason {stress}"]
        ),
        "      shows at which cost per side no profit is left",
        "  make backtest DATADIR=my_candles DOMINANCE=my_dominance.csv",
        "      runs it on your own candles and dominance",
    ]


def next_steps_of_freqai() -> list[str]:
    """Return possible next steps after a backtest of the strategy that learns."""
    return [
        "Next:",
        f"  grep -A1 Fitted {relative(LOG)}",
        "      shows what the model learned from, and how good it was on later entries",
        "  make backtest-freqai DATADIR=my_candles DOMINANCE=my_dominance.csv TIMERANGE=...",
        "      runs it on your own candles and dominance; docs/freqai.md explains it",
    ]


def relative(path: Path) -> str:
    """Return a path relative to the current folder."""
    return os.path.relpath(path)


def altseason(*arguments: str | Path, messages: IO[str] | None = None) -> int:
    """Run one of our commands with this Python.

    :param messages: where its messages go instead of stderr.
    """
    command = [sys.executable, "-m", "altseason", *map(str, arguments)]
    return subprocess.run(command, stderr=messages, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(learns="--freqai" in sys.argv[1:]))
