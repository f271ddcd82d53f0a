"""No command writes or prints a secret: each one holds a marker, which is searched for."""

import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from altseason_lab.emulator.live import LiveMarket
from altseason_lab.emulator.market import Market, wall_clock
from altseason_lab.emulator.rehearsal import plan_rehearsal
from altseason_lab.host.overlay import exchange_settings, offline_environment
from tests.conftest import ROOT
from tests.integration.freqtrade_runs import CONFIG, Home
from tests.lab.emulator.serving import serving
from tests.recorder.simulation import SimulatedClock, make_recording, record
from tests.warm import warm

MARK = "planted-7f3a91-planted-7f3a91-planted"
URL = f"https://user:{MARK}@127.0.0.1:9/v1"
SECRETS: dict[str, Any] = {
    "api_server": {
        "enabled": False,
        "listen_ip_address": "127.0.0.1",
        "listen_port": 8080,
        "username": "x",
        "password": MARK,
        "jwt_secret_key": MARK,
        "ws_token": MARK,
    },
    "telegram": {"enabled": False, "token": MARK, "chat_id": MARK},
    "coingecko": {"api_key": MARK, "is_demo": True},
}
DOMINANCE = {"coinmarketcap_key": MARK, "urls": {"coingecko": URL, "coinlore": URL}}
SPAN = ("--timerange", "20220101-20220115")
OURS = ["-m", "altseason"]
COMMANDS: dict[str, list[str]] = {
    "backtesting": ["-m", "freqtrade", "backtesting", "--strategy", "AltSeasonStrategy", *SPAN],
    "hyperopt": [
        *("-m", "freqtrade", "hyperopt", "--strategy", "AltSeasonStrategy", *SPAN, "-e", "2"),
        *("-j", "1", "--spaces", "buy", "--hyperopt-loss", "SharpeHyperOptLossDaily"),
    ],
    "lookahead": [
        "-m",
        "freqtrade",
        "recursive-analysis",
        "--strategy",
        "AltSeasonStrategy",
        *SPAN,
    ],
    "trade": ["-m", "altseason", "sandbox", "--", "freqtrade", "trade"],
    "trade alone": ["-m", "freqtrade", "trade", "--strategy", "AltSeasonStrategy"],
    "status": [*OURS, "dominance", "status"],
    "import": [*OURS, "dominance", "import", "dominance.csv"],
    "rebuild": [*OURS, "dominance", "rebuild"],
    "sample": [*OURS, "sample"],
    "download": [*OURS, "dominance", "download", "--days", "1"],
    "record": [*OURS, "dominance", "record", "--once"],
    "why": [*OURS, "why"],
    "why --live": [*OURS, "why", "--live", "--url", "http://127.0.0.1:9"],
    "stress": [*OURS, "stress", "--offline", "--delays", "0", "--", *SPAN],
}
# As bots, they are stopped in the end; the address that they ask for dominance is not there.
STAYS = {"trade", "trade alone"}
# These have a data directory of their own: the sample's is only read.
WRITES = {"trade alone", "import", "rebuild", "sample"}
IS_TRADING = "Bot heartbeat"


def variables() -> dict[str, str]:
    """Every secret variable that the example names."""
    names = re.findall(r"^#?\s*(FREQTRADE__\w+)=", (ROOT / ".env.example").read_text(), re.M)
    secret = [name for name in names if re.search("KEY|SECRET|TOKEN|PASSWORD|CHAT_ID", name)]
    assert len(secret) >= 5
    return dict.fromkeys(secret, MARK)


@pytest.mark.parametrize(
    "name",
    [
        name if name == "backtesting" else pytest.param(name, marks=pytest.mark.slow)
        for name in COMMANDS
    ],
)
def test_no_secret_is_written_or_printed(sample: Path, home: Any, name: str):
    run: Home = home(sample)
    run.write_config(
        **SECRETS,
        altseason={"dominance": DOMINANCE},
        strategy="AltSeasonStrategy",
        db_url="sqlite://",
    )
    datadir = make_datadir(run.folder) if name in WRITES else sample
    with serving_candles(sample, is_live=name == "trade alone") as (url, exchange):
        (run.folder / "emulator.json").write_text(json.dumps({"exchange": exchange}))
        words = [sys.executable, *COMMANDS[name]]
        options = ["-c", "user_data/config.json", "--datadir", str(datadir)]
        if name in ("trade", "stress"):
            words += options
        else:
            words += [*options, "-c", "emulator.json"]
        environment = {**offline_environment(os.environ, url), **variables()}
        output = finish(words, run.folder, environment, stays=name in STAYS)
    assert output
    assert MARK not in output
    assert "Traceback" not in output
    holding = [path for path in run.folder.rglob("*") if path.is_file() and holds(path)]
    assert [path.name for path in holding] == ["config.json"]


def make_datadir(folder: Path) -> Path:
    """A data directory with a recorded reading, and beside it a file to import."""
    (folder / "dominance.csv").write_text("date,dominance\n2021-01-01,60.5\n2021-01-02,59.5\n")
    datadir, clock = folder / "data", SimulatedClock()
    datadir.mkdir()
    record(make_recording(datadir, clock), clock, "2023-03-14 23:30", 57.5)
    return datadir


@contextmanager
def serving_candles(sample: Path, *, is_live: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Serve the sample, as it is or so that it ends now; yield its URL and settings for it."""
    market: Market | LiveMarket = Market(sample)
    if is_live:
        market = plan_rehearsal(Market(sample), CONFIG, wall_clock()).market
    with serving(market, wall_clock) as url:
        yield url, exchange_settings(url, is_live=is_live)


def finish(words: list[str], folder: Path, environment: dict[str, str], *, stays: bool) -> str:
    """Let a command end, or end it once it trades; return all that it printed."""
    with subprocess.Popen(
        words,
        cwd=folder,
        env=environment if stays else warm(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if stays and IS_TRADING in line:
                process.send_signal(signal.SIGINT)
    assert any(IS_TRADING in line for line in lines) == stays, lines[-20:]
    return "".join(lines)


def holds(path: Path) -> bool:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return any(MARK.encode() in archive.read(name) for name in archive.namelist())
    return MARK.encode() in path.read_bytes()
