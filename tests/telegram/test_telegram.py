"""A real bot talks to Telegram's place on loopback."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import requests

from altseason_lab.emulator.in_thread import in_thread
from altseason_lab.emulator.live import LiveMarket, plan_shift, stored_span
from altseason_lab.emulator.market import Market
from altseason_lab.emulator.server import run_emulator
from tests.clock.replay import trade_environment, trade_words
from tests.telegram.bot_api import CHAT_ID, TOKEN
from tests.telegram.serving import TelegramApi, telegram_api


@pytest.fixture
def telegram() -> Iterator[TelegramApi]:
    with telegram_api() as api:
        yield api


@pytest.fixture
def emulator(sample: Path) -> Iterator[str]:
    """An exchange that lives now, on the sample's candles."""
    market = Market(sample)
    first, end = stored_span(market, market.symbols.values())
    shift = plan_shift(first, end, int(time.time() * 1000))
    with in_thread(run_emulator(LiveMarket(market, shift))) as url:
        yield url


@contextmanager
def trading(folder: Path, url: str, telegram: TelegramApi) -> Iterator[None]:
    """Run a bot that its owner has a chat with."""
    (folder / "data").mkdir()
    altseason = {"dominance": {"record": False}}
    settings = {"altseason": altseason, "internals": {"process_throttle_secs": 1}}
    words = [sys.executable, "-m", "freqtrade", *trade_words(folder, url, settings)]
    environment = {**trade_environment(url), **telegram.environment}
    output = folder / "output.txt"
    with output.open("w") as file:
        bot = subprocess.Popen(
            words, cwd=folder, env=environment, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        yield
        assert bot.poll() is None, output.read_text()[-5000:]
    finally:
        # Asked to end, it would wait for its Telegram thread for up to ten seconds.
        bot.kill()
        bot.wait()


def test_bot_tells_of_its_start_and_answers_commands(
    telegram: TelegramApi, emulator: str, tmp_path: Path
):
    folder = tmp_path / "bot"
    folder.mkdir()
    with trading(folder, emulator, telegram):
        telegram.wait_for(lambda text: "*Strategy:* `AltSeasonStrategy`" in text, 60)
        telegram.wait_for(lambda text: "Searching for USDT pairs" in text)
        # A stranger gets no answer; the next one is to the bot's owner.
        telegram.say("/version", chat_id=666)
        telegram.ask("/status", "no active trade")
        telegram.ask("/profit", "No trades yet.")
        telegram.ask("/stopentry", "Status: `paused, no more entries will occur from now.")
    assert not any("Version" in message for message in telegram.messages)
    assert (telegram.refused, telegram.rejected) == ([], [])


def test_message_is_refused_as_telegram_does(
    telegram: TelegramApi, monkeypatch: pytest.MonkeyPatch
):
    for name, value in telegram.environment.items():
        monkeypatch.setenv(name, value)

    def send(text: str) -> httpx.Response:
        message = {"chat_id": CHAT_ID, "text": text, "parse_mode": "Markdown"}
        return httpx.post(f"https://api.telegram.org/bot{TOKEN}/sendMessage", data=message)

    assert send("`BTCD_USD`").status_code == 200
    answers = [send("BTCD_USD"), send("a" * 4097)]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].json()["description"].startswith("Bad Request: can't parse entities: ")
    assert answers[1].json()["description"] == "Bad Request: message is too long"
    assert telegram.messages == ["`BTCD_USD`"]
    assert [text for text, _ in telegram.rejected] == ["BTCD_USD", "a" * 4097]


def test_proxy_leads_nowhere_else(telegram: TelegramApi, monkeypatch: pytest.MonkeyPatch):
    for name, value in telegram.environment.items():
        monkeypatch.setenv(name, value)
    with httpx.Client() as client:
        answer = client.get(f"https://api.telegram.org/bot{TOKEN}/getMe").json()
        assert answer["result"]["username"] == "altseason_bot"
        assert client.get("https://api.telegram.org/bot0:wrong/getMe").status_code == 404
        with pytest.raises(httpx.ProxyError, match="403"):
            client.get("https://api.coingecko.com/api/v3/global")
    with pytest.raises(requests.exceptions.ProxyError, match="403"):
        requests.get("https://pro-api.coinmarketcap.com/", timeout=5)
    assert telegram.refused == ["api.coingecko.com:443", "pro-api.coinmarketcap.com:443"]
