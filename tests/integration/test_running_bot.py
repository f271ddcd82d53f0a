"""A real dry-run bot, rehearsed: `why --live` queries it, and a reload reads its parameters."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.freqtrade_runs import Home
from tests.lab.sandbox.bots import Api, find_free_port
from tests.strategy.gated import PLAIN, define, write_strategies
from tests.warm import warm

STATED = " trades by the rule: "
STATES = {"stopentry": "paused", "stop": "stopped"}
NOT_ON_EXCHANGE = {"stoploss_on_exchange": False}
OURS = [sys.executable, "-m", "altseason"]


@contextmanager
def rehearsed(
    home: Home, sample: Path, api: Api, strategy: str = "AltSeasonStrategy"
) -> Iterator[subprocess.Popen[bytes]]:
    """A bot in the sandbox; its log is in log.txt."""
    words = ["sandbox", "--", "freqtrade", "trade", "--strategy", strategy]
    with (home.folder / "log.txt").open("wb") as log:
        bot = subprocess.Popen(
            [*OURS, *words, "--datadir", str(sample)],
            cwd=home.folder,
            env={**os.environ, "PYTHONPATH": str(home.strategies), "COLUMNS": "1000"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            api.wait_until_running(bot)
            yield bot
        finally:
            bot.send_signal(signal.SIGINT)
            bot.wait(60)


def rules(home: Home) -> list[str]:
    """Return what the bot reported of its rule, at its start and after each reload."""
    lines = (home.folder / "log.txt").read_text().splitlines()
    # Freqtrade logs what it sends to chats a second time.
    stated = [line for line in lines if STATED in line and "rpc_manager" not in line]
    return [line.partition(STATED)[2] for line in stated]


def wait_for(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def write_parameters(home: Home, mode: str, stoploss: float) -> Path:
    file = home.strategies / "AltSeasonStrategy.json"
    found = {"buy": {"gate_mode": mode}, "stoploss": {"stoploss": stoploss}}
    file.write_text(json.dumps({"strategy_name": "AltSeasonStrategy", "params": found}))
    return file


def why(home: Home, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*OURS, "why", "--live", "-c", "user_data/config.json", *words],
        cwd=home.folder,
        env=warm({**os.environ, "PYTHONPATH": str(home.strategies), **environment}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def reload(home: Home, api: Api, count: int) -> str:
    """Reload the bot, wait until it reports its rule again, and return it."""
    api.post("reload_config")
    wait_for(lambda: len(rules(home)) >= count)
    api_stoploss = api.get("show_config")["stoploss"]
    return f"{api_stoploss} {rules(home)[-1]}"


def check_why(run: Home, api: Api) -> None:
    """`why` explains the newest candle, as the bot's own API has it."""
    asked = why(run)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.startswith("Gate: dominance below its 20-day SMA.")
    assert {f"{coin}/USDT at" in asked.stdout for coin in ("ETH", "SOL")} == {True}
    assert max(map(len, asked.stdout.splitlines())) <= 80
    one = json.loads(why(run, "ETH/USDT", "--json").stdout)
    newest = api.get("pair_candles", pair="ETH/USDT", timeframe="1h", limit=1)
    columns = dict(zip(newest["columns"], newest["data"][-1], strict=True))
    [found] = one["pairs"]
    assert found["enters"] == (columns["enter_long"] == 1)
    assert {each["name"]: each["holds"] for each in found["conditions"]} == {
        name: bool(columns[name]) for name in columns if name.startswith(("is_", "has_"))
    }
    assert one["gate"]["dominance"] == pytest.approx(columns["close_btcd"])
    missing = why(run, "DOGE/USDT")
    assert missing.returncode == 2
    assert "its whitelist is ETH/USDT" in missing.stderr


def check_why_with_a_wrong_password(run: Home, api: Api) -> None:
    wrong = why(run, **{"FREQTRADE__API_SERVER__PASSWORD": "another-7f3a"})
    assert (wrong.returncode, wrong.stdout) == (2, "")
    [line] = wrong.stderr.splitlines()
    assert line == (
        f"altseason: http://127.0.0.1:{api.port}: expected a response of the bot, found: "
        "Unauthorized; check username and password of api_server, in the configuration or in "
        "FREQTRADE__API_SERVER__USERNAME and FREQTRADE__API_SERVER__PASSWORD"
    )


def check_reloads(run: Home, api: Api, file: Path) -> None:
    """A reload reads a parameter file that was changed, and goes without one that was removed."""
    write_parameters(run, "level_and_falling", -0.08)
    stated = reload(run, api, 2)
    assert stated.startswith("-0.08 ")
    assert "gate_mode = level_and_falling" in stated
    file.unlink()
    stated = reload(run, api, 3)
    assert stated.startswith("-0.05 dominance below 55 %")
    assert "parameter file" not in stated


def check_health(api: Api) -> None:
    """Docker's health check reads the time of the last loop, which a stop ends."""
    for command, goes_on in (("stopentry", True), ("stop", False)):
        api.post(command)
        wait_for(lambda name=command: api.get("show_config")["state"] == STATES[name])
        # What was under way ends.
        time.sleep(2)
        last = api.get("health")["last_process_ts"]
        time.sleep(4)
        assert (api.get("health")["last_process_ts"] > last) is goes_on


def test_bot_is_asked_by_why_and_reads_a_changed_or_removed_parameter_file_on_a_reload(
    home: Callable[[Path], Home], sample: Path
):
    run, api = home(sample), Api()
    section = api.section
    run.write_config(
        initial_state="running", api_server=section, internals={"process_throttle_secs": 1}
    )
    file = write_parameters(run, "falling", -0.07)
    with rehearsed(run, sample, api):
        wait_for(lambda: len(rules(run)) == 1)
        assert "gate_mode = falling" in rules(run)[0]
        assert api.get("show_config")["stoploss"] == -0.07
        check_why(run, api)
        check_why_with_a_wrong_password(run, api)
        check_reloads(run, api, file)
        check_health(api)
    down = why(run)
    assert down.returncode == 2
    assert f"http://127.0.0.1:{api.port}: expected a running bot, found none" in down.stderr


def test_bot_without_an_api_is_answered_with_what_to_switch_on(
    home: Callable[[Path], Home], sample: Path
):
    """As one that is operated by Telegram alone."""
    run = home(sample)
    asked = why(run, FREQTRADE__API_SERVER__LISTEN_PORT=str(find_free_port()))
    assert (asked.returncode, asked.stdout) == (2, "")
    [line] = asked.stderr.splitlines()
    assert "expected a running bot, found none; enable api_server" in line


def write_gated(run: Home, threshold: float) -> None:
    write_strategies(run.strategies, PLAIN, define(f"threshold={threshold}"))


def wait_for_loops(api: Api, count: int) -> None:
    """Wait until the bot has begun some more loops; a reload begins anew, without a last one."""

    def ended() -> int:
        return api.get("health")["last_process_ts"] or 0

    for _ in range(count):
        last = ended()
        wait_for(lambda last=last: ended() > last)


def find_open_pairs(api: Api) -> set[str]:
    """Return the pairs of the open trades; none while the bot reloads."""
    if api.get("show_config")["state"] != "running":
        return set()
    return {trade["pair"] for trade in api.get("status")}


def reload_with(run: Home, api: Api, threshold: float) -> None:
    """Have a bot that runs take another threshold."""
    write_gated(run, threshold)
    count = len(rules(run))
    api.post("reload_config")
    wait_for(lambda: len(rules(run)) > count)
    wait_for_loops(api, 2)


def test_bot_with_a_strategy_of_a_user_enters_only_while_the_gate_is_open(
    home: Callable[[Path], Home], sample: Path
):
    run, api = home(sample), Api()
    run.write_config(
        initial_state="running",
        api_server=api.section,
        internals={"process_throttle_secs": 1},
        # So that orders are filled at once, and none is open when a trade is sold.
        order_types={**dict.fromkeys(("entry", "exit", "stoploss"), "market"), **NOT_ON_EXCHANGE},
        entry_pricing={"price_side": "other"},
        exit_pricing={"price_side": "other"},
    )
    write_gated(run, threshold=2)  # which no dominance is below
    with rehearsed(run, sample, api, "MyGated"):
        wait_for_loops(api, 5)
        assert find_open_pairs(api) == set()
        reload_with(run, api, threshold=99)
        wait_for(lambda: len(find_open_pairs(api)) == 4)
        reload_with(run, api, threshold=2)
        # Open trades stay as they are, and what is sold is not bought again.
        (sold, *others) = api.get("status")
        assert len(others) == 3
        api.post("forceexit", tradeid=str(sold["trade_id"]), ordertype="market")
        wait_for_loops(api, 5)
        assert find_open_pairs(api) == {trade["pair"] for trade in others}
        assert "BTC.D" in api.get("plot_config")["subplots"]
        explained = json.loads(why(run, sold["pair"], "--json").stdout)
        assert explained["gate"]["open"] is False
