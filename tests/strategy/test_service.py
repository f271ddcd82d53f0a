"""What a strategy does besides trading: notify, and record dominance."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.conftest import coin_candles
from tests.integration.freqtrade_runs import write_subclass
from tests.providers.serving import Provider, Reply, serving
from tests.providers.world import Market
from tests.recorder.simulation import dominance_config
from tests.strategy.trading import MIDNIGHT, Load, confirm, messages, store_days


def test_what_happens_twice_is_notified_twice(load_live: Load):
    """Freqtrade itself drops messages that it has already sent in the same candle."""
    strategy = load_live()
    messages(strategy)  # of its start
    for _ in range(2):
        strategy.notifier.notify("CoinGecko is unreachable.")
    assert messages(strategy) == ["CoinGecko is unreachable."] * 2


def test_change_of_the_gate_is_notified_once(load_live: Load, tmp_path: Path):
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    store_days(tmp_path, [60.0] * 100, today - timedelta(days=1))
    strategy = load_live(altseason={"dominance": {"record": False, "max_age_hours": 100}})
    now = datetime.now(UTC)
    strategy.bot_loop_start(current_time=now)
    messages(strategy)  # that a day is missing
    store_days(tmp_path, [50.0], today)
    strategy.bot_loop_start(current_time=now)
    [message] = messages(strategy)
    assert "Alt season has begun: dominance 50.00 %" in message
    strategy.bot_loop_start(current_time=now)
    assert messages(strategy) == []


def test_check_that_fails_in_a_loop_is_notified_until_it_works_again(load_live: Load):
    strategy = load_live()
    outcomes = [ValueError("no"), ValueError("no"), None, ValueError("no")]

    def check(now: datetime) -> None:
        if error := outcomes.pop(0):
            raise error

    strategy.alt_season_gate.loop_checks.append(check)
    messages(strategy)  # of its start
    counts = []
    while outcomes:
        strategy.bot_loop_start(current_time=datetime.now(UTC))
        counts.append(sum("failed with ValueError" in text for text in messages(strategy)))
    assert counts == [1, 0, 0, 1]


def test_bot_reports_at_its_start_what_it_trades_by(load_live: Load, tmp_path: Path):
    def start(body: str) -> list[str]:
        write_subclass(tmp_path, "Mine", body)
        strategy = load_live(strategy="Mine", strategy_path=str(tmp_path))
        strategy.bot_loop_start(current_time=datetime.now(UTC))
        return [message.strip("`") for message in messages(strategy)][1:]  # after what is missing

    level = '    buy_params = {"gate_mode": "level"}'
    rule, gate = start(level)
    assert rule.startswith(
        "Mine trades by the rule: dominance below 55 %. From the config: "
        "altseason.dominance.record = False"
    )
    assert "From the strategy's own code: gate_mode = level." in rule
    assert "dominance_threshold = 55, " in rule.split("Defaults: ")[1]
    assert gate.startswith("The gate is closed: no dominance is stored.")
    # /reload_config makes a new object: what has not changed is not reported again.
    assert start(level) == []
    warning, rule = start('    buy_params = {"gate_mode": "off"}')
    assert warning == "WARNING: the gate is off (gate_mode), so dominance holds back no entry."
    assert "From the strategy's own code: gate_mode = off." in rule


def test_backtest_starts_nothing_and_notifies_nothing(load_strategy: Load, tmp_path: Path):
    store_days(tmp_path, [60.0] * 3, MIDNIGHT)
    strategy = load_strategy()
    strategy.bot_loop_start(current_time=MIDNIGHT + timedelta(days=100))
    assert messages(strategy) == []
    assert [path.name for path in tmp_path.iterdir() if "lock" in path.name] == [".altseason.lock"]


def test_provider_that_hangs_holds_up_neither_indicators_nor_the_loop(
    load_live: Load, tmp_path: Path, live_market: Market, wait_until: Callable[..., None]
):
    live_market.faults = dict.fromkeys(live_market.percent, Reply(b"", way="hang"))
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    store_days(tmp_path, [50.0] * 100, today)
    with serving(live_market.answer) as server:
        strategy = load_live(**dominance_config(tmp_path, live_market.urls(server.url)))
        wait_until(lambda: server.requests)
        begun = time.monotonic()
        strategy.bot_loop_start(current_time=datetime.now(UTC))
        dataframe = strategy.advise_indicators(coin_candles(500), {"pair": "ETH/USDT"})
        strategy.ft_advise_signals(dataframe, {"pair": "ETH/USDT"})
        assert confirm(strategy, datetime.now(UTC))
        # A hanging answer takes 5 seconds, and the call that waits for it is the first one still.
        assert time.monotonic() - begun < 4
        assert len(server.requests) == 1


def test_strategy_that_records_makes_its_own_candles(
    load_live: Load,
    tmp_path: Path,
    live_market: Market,
    live_server: Provider,
    wait_until: Callable[..., None],
):
    load_live(**dominance_config(tmp_path, live_market.urls(live_server.url)))
    # Four lines: what the primary says, and three that are compared with it.
    log = tmp_path / "BTCD_USD-readings.jsonl"
    wait_until(lambda: log.exists() and log.read_text().count("\n") == 4)
    assert live_server.count("/coingecko/") == 1


def test_bot_that_is_given_an_evidence_card_looks_for_it_and_trades_on(
    load_live: Load, tmp_path: Path
):
    """Its path is relative to the user data directory."""
    settings = {"dominance": {"record": False}, "evidence_card": "card.json"}
    strategy = load_live(altseason=settings)
    strategy.bot_loop_start(current_time=datetime.now(UTC))
    warnings = [text for text in strategy.notifier._raised if text == "evidence card"]
    assert warnings == ["evidence card"]
    strategy = load_live(altseason={"dominance": {"record": False}})
    strategy.bot_loop_start(current_time=datetime.now(UTC))
    assert "evidence card" not in strategy.notifier._raised
