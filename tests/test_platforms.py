"""Without `fcntl`, as on Windows: loading, import, status and a backtest work all the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

from altseason_lab.emulator.market import Market
from altseason_lab.host.overlay import exchange_settings, offline_environment
from tests.conftest import STRATEGIES
from tests.integration.freqtrade_runs import CONFIG, read_statistics
from tests.lab.emulator.serving import serving

# In one process, since each start of Freqtrade takes seconds.
SCRIPT = """
import sys
from pathlib import Path

sys.modules["fcntl"] = None
folder = Path.cwd()
from altseason.cli import main

data = ["--datadir", "data"]
print("import", main(["dominance", "import", "my.csv", *data]))
print("status", main(["dominance", "status", *data]))
print("record", main(["dominance", "record", "--once", *data]))

from freqtrade.resolvers import StrategyResolver
from tests.conftest import coin_candles

config = {
    "strategy": "AltSeasonStrategy",
    "strategy_path": sys.argv[1],
    "user_data_dir": folder,
    "datadir": folder / "data",
    "runmode": "backtest",
}
strategy = StrategyResolver.load_strategy(config)
strategy.ft_bot_start()
pair = {"pair": "ETH/USDT"}
candles = strategy.ft_advise_signals(strategy.advise_indicators(coin_candles(900), pair), pair)
print("signals", candles["alt_season"].iloc[-1], "enter_long" in candles)
"""


def test_strategy_import_and_status_work_and_record_says_what_it_needs(tmp_path: Path):
    rows = [f"2021-{month:02}-{day:02},50.0" for month in (1, 2) for day in range(1, 29)]
    (tmp_path / "data").mkdir()
    (tmp_path / "user_data").mkdir()
    (tmp_path / "user_data" / "strategies").symlink_to(STRATEGIES)
    (tmp_path / "my.csv").write_text("\n".join(["date,dominance", *rows]) + "\n")
    root = STRATEGIES.parent.parent
    paths = ["-c", f"import sys; sys.path[:0] = ['{STRATEGIES}', '{root}']\n{SCRIPT}"]
    found = subprocess.run(
        [sys.executable, *paths, STRATEGIES], cwd=tmp_path, capture_output=True, text=True
    )
    lines = found.stdout.splitlines()
    assert [line for line in lines if line.startswith(("import ", "status ", "record "))] == [
        "import 0",
        "status 0",
        "record 2",
    ], found.stdout + found.stderr
    assert "signals" in lines[-1]
    assert lines[-1].endswith("True")
    assert "Traceback" not in found.stderr
    assert "needs file locks" in found.stderr


def test_whole_backtest_runs_without_fcntl(tmp_path: Path, sample: Path):
    """Freqtrade's own command in a process of its own, in which nobody can import it."""
    (tmp_path / "sitecustomize.py").write_text('import sys\n\nsys.modules["fcntl"] = None\n')
    (tmp_path / "user_data" / "strategies").mkdir(parents=True)
    for name in ("AltSeasonStrategy.py", "altseason"):
        (tmp_path / "user_data" / "strategies" / name).symlink_to(STRATEGIES / name)
    script = "import fcntl"
    words = ["-m", "freqtrade", "backtesting", "--strategy", "AltSeasonStrategy"]
    words += ["--timerange", "20220101-20220201", "-c", "config.json", "-d", str(sample)]
    with serving(Market(sample)) as url:
        (tmp_path / "config.json").write_text(
            json.dumps({**CONFIG, "exchange": {**CONFIG["exchange"], **exchange_settings(url)}})
        )
        environment = {**offline_environment(os.environ, url), "PYTHONPATH": str(tmp_path)}
        importing, found = (
            subprocess.run(
                [sys.executable, *arguments],
                cwd=tmp_path,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            for arguments in (["-c", script], words)
        )
    assert "ModuleNotFoundError" in importing.stdout
    assert found.returncode == 0, found.stdout[-3000:]
    assert "Traceback" not in found.stdout
    assert "ERROR" not in found.stdout
    [result] = (tmp_path / "user_data" / "backtest_results").glob("*.zip")
    assert read_statistics(result)["AltSeasonStrategy"]["total_trades"] > 0
