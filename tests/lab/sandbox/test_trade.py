"""A real `freqtrade trade` in the sandbox: it trades by itself, on what is not the user's."""

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.lab.sandbox.bots import Api

Start = Callable[..., subprocess.Popen[str]]


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file and what is in it; Python's own cache is no part of what a user has."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files if path.parent.name != "__pycache__"}


def test_a_bot_trades_in_the_sandbox_and_leaves_the_users_folder_alone(
    home: Path,
    start: Start,
    write_config: Callable[..., str],
    write_candles: Callable[[str], Path],
    write_strategy: Callable[[str], None],
) -> None:
    api = Api()
    write_config(
        # As a user has it who trades for real.
        dry_run=False,
        db_url="sqlite:///user_data/live.sqlite",
        logfile="user_data/live.log",
        telegram={"enabled": True, "token": "1:real", "chat_id": "1"},
        fiat_display_currency="USD",
        api_server=api.section,
        initial_state="running",
        force_entry_enable=True,
        entry_pricing={"price_side": "other", "use_order_book": True},
        exit_pricing={"price_side": "other", "use_order_book": True},
        internals={"process_throttle_secs": 1},
    )
    write_candles("candles")
    write_strategy("")
    (home / "user_data" / "live.sqlite").write_bytes(b"a year of trades")
    (home / "tradesv3.dryrun.sqlite").write_bytes(b"a month of trades")
    before = files_below(home)

    process = start(
        *("--datadir", "candles", "--", "freqtrade", "trade", "--strategy", "ClockStrategy"),
        FREQTRADE__DRY_RUN="false",
    )
    api.wait_until_running(process)
    shown = api.get("show_config")
    assert (shown["dry_run"], shown["exchange"], shown["strategy"]) == (
        True,
        "binance",
        "ClockStrategy",
    )
    for trade in api.get("status"):
        api.post("forceexit", tradeid=str(trade["trade_id"]), ordertype="market")
    entered = api.post("forceenter", pair="ETH/USDT", side="long", ordertype="market")
    (trade,) = api.get("status")
    # Bought at the ask of the running candle, a little above its price.
    (candle,) = api.get("pair_candles", pair="ETH/USDT", timeframe="1h", limit=1)["data"]
    assert trade["trade_id"] == entered["trade_id"]
    assert trade["amount"] > 0
    assert 0.5 < trade["open_rate"] / candle[4] < 2
    api.post("forceexit", tradeid=str(trade["trade_id"]), ordertype="market")
    assert api.get("status") == []
    assert api.get("trades")["trades_count"] >= 1

    bots = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    output, messages = process.communicate(timeout=30)
    # 130 is what Freqtrade itself ends with, after it has cleaned up.
    assert process.returncode == 130, messages
    assert "Cleaning up modules" in messages
    assert not psutil.wait_procs(bots, timeout=0.5)[1]
    assert output == ""
    told = messages.splitlines()[:2]
    assert told[0].endswith("serves candles from candles")
    assert "dry-run rehearsal of trading ETH/USDT, SOL/USDT" in told[1]
    assert "Ctrl-C ends it" in told[1]
    assert "ERROR" not in messages
    assert files_below(home) == before
    # Freqtrade makes the folders that every user_data has, and none in them.
    assert not list((home / "user_data" / "data").iterdir())
