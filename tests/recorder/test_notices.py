"""What waits for Telegram: nothing is left out without a word."""

from altseason.recorder.notices import Notices


def test_more_than_twenty_messages_are_counted():
    notices = Notices()
    for number in range(25):
        notices.tell(f"message {number}")
    first, *others = notices.collect()
    assert first.startswith("5 earlier messages")
    assert others == [f"message {number}" for number in range(5, 25)]
    notices.tell("one more")
    assert notices.collect() == ["one more"]


def test_begin_says_whether_it_is_new():
    notices = Notices()
    assert notices.begin("topic", "it fails", is_urgent=False)
    assert not notices.begin("topic", "it fails", is_urgent=False)
    assert notices.begin("topic", "it fails badly")
