"""No command writes or prints a secret: a marker stands in each one, and is looked for."""

import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from altseason_lab.emulator.market import Market
from altseason_lab.emulator.overlay import exchange_settings, offline_environment
from tests.conftest import ROOT
from tests.integration.freqtrade_runs import Home
from tests.lab.emulator.serving import serving
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
    "status": [*OURS, "dominance", "status"],
    "download": [*OURS, "dominance", "download", "--days", "1"],
    "record": [*OURS, "dominance", "record", "--once"],
    "why": [*OURS, "why"],
    "why --live": [*OURS, "why", "--live", "--url", "http://127.0.0.1:9"],
    "stress": [*OURS, "stress", "--offline", "--delays", "0", "--", *SPAN],
}
# As a bot, it is stopped after a while; the address that it asks for dominance is not there.
STAYS = {"trade"}


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
    with serving(Market(sample)) as url:
        (run.folder / "emulator.json").write_text(json.dumps({"exchange": exchange_settings(url)}))
        words = [sys.executable, *COMMANDS[name]]
        options = ["-c", "user_data/config.json", "--datadir", str(sample)]
        if name in ("trade", "stress"):
            words += options
        else:
            words += [*options, "-c", "emulator.json"]
        environment = {**offline_environment(os.environ, url), **variables()}
        output = finish(words, run.folder, environment, stays=name in STAYS)
    assert output
    assert MARK not in output
    holding = [path for path in run.folder.rglob("*") if path.is_file() and holds(path)]
    assert [path.name for path in holding] == ["config.json"]


def finish(words: list[str], folder: Path, environment: dict[str, str], *, stays: bool) -> str:
    process = subprocess.Popen(
        words,
        cwd=folder,
        env=environment if stays else warm(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        output, _ = process.communicate(timeout=30 if stays else 300)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    return output


def holds(path: Path) -> bool:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return any(MARK.encode() in archive.read(name) for name in archive.namelist())
    return MARK.encode() in path.read_bytes()
