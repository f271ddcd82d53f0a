"""The service of a running bot: what it reports of history, and the messages that it forwards."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from altseason.dominance.candles import empty_candles
from altseason.dominance.store import DominanceStore
from altseason.dominance.synthetic import save_marker
from altseason.gate.reader import DominanceReader
from altseason.gate.rule import Dominance, GateRule
from altseason.gate.service import DominanceService, describe_history
from altseason.notifications import Notifier
from altseason.settings import DominanceSettings, load_settings
from tests.conftest import dominance_candles
from tests.providers.serving import Provider
from tests.providers.world import Market
from tests.recorder.feeds import feed_threads
from tests.recorder.simulation import dominance_config, utc

NOON = utc("2026-05-27 12:00")
RECORDS, KEEPS_AS_IT_IS = DominanceSettings(), DominanceSettings(backfill=False)
READS_ONLY = DominanceSettings(record=False)
DAY = pd.Timedelta(days=1)


def stored_up_to(end: str, count: int = 300) -> Dominance:
    """Daily candles up to the one that ends at a midnight."""
    begin = utc(end) - pd.Timedelta(days=count)
    candles = dominance_candles([50.0] * count, f"{begin:%Y-%m-%d}")
    return Dominance("1d", candles, candles, pd.Timedelta(hours=36))


NOTHING = Dominance("1d", empty_candles(), empty_candles(), pd.Timedelta(hours=36))


FIRST_90 = " The last 90 days are fetched within a few minutes; for more, run "
NONE, FIVE = "No daily dominance is stored.", "Dominance of 5 days since 2026-05-22 is missing."


def download(days: int) -> str:
    command = f"`altseason dominance download --days {days}`"
    return f"{command} (with the bot's own -c or --datadir), or import a file."


@pytest.mark.parametrize(
    ("dominance", "settings", "expected"),
    [
        (NOTHING, RECORDS, NONE + FIRST_90 + download(365)),
        (NOTHING, READS_ONLY, f"{NONE} To fill it, run {download(365)}"),
        (
            stored_up_to("2026-05-22"),
            RECORDS,
            f"{FIVE} It is fetched within a few minutes; if it is not, run {download(5)}",
        ),
        (stored_up_to("2026-05-22"), KEEPS_AS_IT_IS, f"{FIVE} To fill it, run {download(5)}"),
        (
            stored_up_to("2025-11-08"),
            RECORDS,
            f"Dominance of 200 days since 2025-11-08 is missing.{FIRST_90}{download(200)}",
        ),
        (
            stored_up_to("2024-05-27"),
            READS_ONLY,
            f"Dominance of 730 days since 2024-05-27 is missing. To fill it, run {download(365)}",
        ),
    ],
    ids=["empty", "empty, reads", "5", "5, kept", "200", "2 years, reads"],
)
def test_history_that_is_missing_is_described(
    dominance: Dominance, settings: DominanceSettings, expected: str
):
    assert describe_history(dominance, settings, NOON) == [expected]


def test_history_of_coinmarketcap_is_downloaded_in_full():
    settings = DominanceSettings(provider="coinmarketcap", record=False)
    [message] = describe_history(NOTHING, settings, NOON)
    assert "run `altseason dominance download` (with the bot's own" in message


@pytest.mark.parametrize("settings", [RECORDS, READS_ONLY])
def test_history_without_a_gap_is_not_described(settings: DominanceSettings):
    assert describe_history(stored_up_to("2026-05-27"), settings, NOON) == []


def test_gap_within_history_is_described():
    whole = stored_up_to("2026-05-27").candles
    candles = whole.drop(index=[260, 261, 290]).reset_index(drop=True)
    # 260 is 40 days before the last midnight.
    [message] = describe_history(
        Dominance("1d", candles, candles, pd.Timedelta(hours=36)), KEEPS_AS_IT_IS, NOON
    )
    assert "Dominance of 3 days since 2026-04-17 is missing" in message
    assert "--days 40" in message


class Bot:
    """The service of a bot, and what waits for Telegram."""

    def __init__(self, config: dict[str, Any]) -> None:
        config = {**config, "runmode": "dry_run"}
        self._notifier = Notifier(logging.getLogger(__name__))
        reader = DominanceReader(config, load_settings(config).dominance)
        self.service = DominanceService(config, reader, self._notifier)

    def report(self, rule: GateRule, now: pd.Timestamp) -> list[str]:
        self.service.report(lambda: rule, now)
        return self._notifier.drain()


@pytest.mark.usefixtures("registry")
def test_messages_are_forwarded_once(tmp_path: Path):
    now = pd.Timestamp.now(tz="UTC")
    bot = Bot(dominance_config(tmp_path, {}, record=False))
    first, second = bot.report(GateRule(), now)
    assert first.startswith("No daily dominance is stored. To fill it, run")
    assert second.startswith("The gate is closed: no dominance is stored.")
    assert bot.report(GateRule(), now) == []
    # A reload of the configuration reports again what is missing, but not that it is stale.
    assert Bot(dominance_config(tmp_path, {}, record=False)).report(GateRule(), now) == [first]


@pytest.mark.usefixtures("registry")
def test_error_in_describing_the_gate_is_reported_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    now = pd.Timestamp.now(tz="UTC")
    bot = Bot(dominance_config(tmp_path, {}, record=False))

    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(bot.service._watch, "observe", fail)
    _, told = bot.report(GateRule(), now)
    assert told.startswith("Could not describe the gate: ZeroDivisionError().")
    assert bot.report(GateRule(), now) == []


@pytest.mark.usefixtures("registry")
def test_messages_of_the_feed_are_among_them(
    tmp_path: Path, live_market: Market, live_server: Provider, wait_until: Callable[..., None]
):
    (tmp_path / "BTCD_USD-readings.jsonl").mkdir()
    today = pd.Timestamp.now(tz="UTC").floor("D")
    closes = dominance_candles([50.0] * 95, f"{today - pd.Timedelta(days=95):%Y-%m-%d}")
    DominanceStore(tmp_path).append(closes, "1d")
    bot = Bot(dominance_config(tmp_path, live_market.urls(live_server.url)))
    found: list[str] = []

    def collect() -> list[str]:
        found.extend(bot.report(GateRule(), pd.Timestamp.now(tz="UTC")))
        return found

    wait_until(lambda: len(collect()) > 1)
    assert found[0].startswith("The gate is open: dominance 50.00 %")
    assert "cannot be recorded" in found[1] or "Is a directory" in found[1]


@pytest.mark.usefixtures("registry")
def test_recording_that_a_reload_turns_off_ends(
    tmp_path: Path, live_market: Market, live_server: Provider, wait_until: Callable[..., None]
):
    Bot(dominance_config(tmp_path, live_market.urls(live_server.url)))
    wait_until(lambda: live_server.requests)
    Bot(dominance_config(tmp_path, live_market.urls(live_server.url), record=False))
    wait_until(lambda: not feed_threads())


@pytest.mark.usefixtures("registry")
def test_bot_on_synthetic_candles_runs_without_real_dominance(tmp_path: Path):
    save_marker(tmp_path, seed=1, version=1)
    messages = Bot(dominance_config(tmp_path, {})).report(
        GateRule("off"), pd.Timestamp.now(tz="UTC")
    )
    assert any("expected a folder for real candles" in message for message in messages)


@pytest.mark.usefixtures("registry")
def test_recorder_that_cannot_start_is_reported_once_and_lets_the_bot_trade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """As in a container with a limited number of processes and threads."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    now = pd.Timestamp.now(tz="UTC")
    bot = Bot(dominance_config(tmp_path, {}))
    [told] = [text for text in bot.report(GateRule(), now) if "not recorded" in text]
    assert told == (
        "Dominance is not recorded: starting to record failed with RuntimeError, see the log. "
        "Entries and exits continue; /reload_config tries again."
    )
    assert bot.report(GateRule(), now) == []
    monkeypatch.undo()
    again = Bot(dominance_config(tmp_path, {})).report(GateRule(), now)
    assert not [text for text in again if "not recorded" in text]


@pytest.mark.usefixtures("registry")
def test_reason_for_which_candles_cannot_be_read_is_among_the_messages(tmp_path: Path):
    now = pd.Timestamp.now(tz="UTC")
    stored = tmp_path / "BTCD_USD-1d.feather"
    stored.write_bytes(b"garbage")
    bot = Bot(dominance_config(tmp_path, {}, record=False))
    [told] = bot.report(GateRule(), now)
    assert told.startswith(f"The gate is closed: {stored}: expected dominance candles, found ")
    assert f"move {stored} away" in told
    assert bot.report(GateRule(), now) == []


@pytest.mark.usefixtures("registry")
def test_candles_that_are_damaged_later_are_reported_with_the_reason_once(tmp_path: Path):
    now = pd.Timestamp.now(tz="UTC")
    closes = dominance_candles([50.0] * 95, f"{now.floor('D') - 95 * DAY:%Y-%m-%d}")
    DominanceStore(tmp_path).append(closes, "1d")
    bot = Bot(dominance_config(tmp_path, {}, record=False))
    assert len(bot.report(GateRule(), now)) == 1
    (tmp_path / "BTCD_USD-1d.feather").write_bytes(b"garbage")
    [told] = bot.report(GateRule(), now)
    assert told.startswith(f"Dominance cannot be read: {tmp_path}/BTCD_USD-1d.feather: expected ")
    assert told.endswith("The gate is closed for entries; exits continue.")
    assert bot.report(GateRule(), now) == []


@pytest.mark.usefixtures("registry")
def test_recorder_that_a_reload_cannot_change_goes_on_and_is_listened_to(
    tmp_path: Path, live_market: Market, live_server: Provider, wait_until: Callable[..., None]
):
    config = dominance_config(tmp_path, live_market.urls(live_server.url))
    Bot(config)
    wait_until(lambda: live_server.requests)
    bot = Bot({**config, "coingecko": {"api_key": "two words"}})
    feed = bot.service._feed
    assert feed is not None
    feed.notifier.notify("from the recorder")
    told = bot.report(GateRule(), pd.Timestamp.now(tz="UTC"))
    assert "from the recorder" in told
    [kept] = [text for text in told if "as before" in text]
    assert kept.startswith("Dominance is recorded as before the change: ")
    assert "two words" not in kept


@pytest.mark.usefixtures("registry")
def test_bot_starts_where_its_history_cannot_be_described(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("altseason.gate.service.describe_history", fail)
    [told] = Bot(dominance_config(tmp_path, {}, record=False)).report(
        GateRule(), pd.Timestamp.now(tz="UTC")
    )
    assert told.startswith("The gate is closed: no dominance is stored.")
