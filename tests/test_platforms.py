"""Where Python has no `fcntl`, as on Windows: load, import, status and a backtest all the same."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import STRATEGIES

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
