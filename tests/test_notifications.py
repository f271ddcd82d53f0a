"""Alerts, and the queue of messages for Telegram, from which nothing is dropped silently."""

import logging
import pickle

import pytest

from altseason.notifications import Notifier


def test_more_than_twenty_messages_are_counted():
    notifier = Notifier(logging.getLogger(__name__))
    for number in range(25):
        notifier.notify(f"message {number}")
    first, *others = notifier.drain()
    assert first.startswith("5 earlier messages")
    assert others == [f"message {number}" for number in range(5, 25)]
    notifier.notify("one more")
    assert notifier.drain() == ["one more"]


def test_begin_says_whether_it_is_new():
    notifier = Notifier(logging.getLogger(__name__))
    assert notifier.raise_alert("topic", "it fails", is_urgent=False)
    assert not notifier.raise_alert("topic", "it fails", is_urgent=False)
    assert notifier.raise_alert("topic", "it fails badly")


def test_alert_is_raised_once_until_it_is_cleared():
    sent: list[str] = []
    notifier = Notifier(logging.getLogger(__name__), sent.append)
    for number in range(3):
        notifier.raise_alert("stop", f"refused {number}")
    notifier.clear("stop", "accepted")
    notifier.clear("stop", "accepted")
    notifier.raise_alert("stop", "refused again")
    assert sent == ["refused 0", "accepted", "refused again"]


def test_what_only_the_log_was_told_is_cleared_there_alone(caplog: pytest.LogCaptureFixture):
    sent: list[str] = []
    notifier = Notifier(logging.getLogger(__name__), sent.append)
    caplog.set_level(logging.INFO)
    assert notifier.warn("slow", topic="provider")
    assert not notifier.warn("slower", topic="provider")
    notifier.clear("provider", "fast again")
    assert sent == []
    assert caplog.messages == ["slow", "fast again"]


def test_forwarded_message_is_not_logged_twice(caplog: pytest.LogCaptureFixture):
    sent: list[str] = []
    feed = Notifier(logging.getLogger("feed"))
    bot = Notifier(logging.getLogger("bot"), sent.append)
    feed.raise_alert("folder", "cannot be written")
    bot.forward(feed)
    bot.forward(feed)
    assert sent == ["cannot be written"]
    assert caplog.messages == ["cannot be written"]


def test_notifier_can_be_sent_to_another_process():
    notifier = Notifier(logging.getLogger(__name__))
    notifier.raise_alert("folder", "cannot be written")
    sent = pickle.loads(pickle.dumps(notifier))  # noqa: S301 - what was written just now
    assert not sent.raise_alert("folder", "cannot be written")
    assert sent.drain() == ["cannot be written"]
