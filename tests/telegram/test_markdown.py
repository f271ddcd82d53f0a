"""What we send is what Telegram takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from altseason.notifications import escape_telegram_markdown
from tests.telegram.refusals import find_refusal, find_unclosed

MARKS = r"_*`[]()\ a"
MESSAGES = st.text() | st.text(MARKS) | st.text("`\\a", max_size=8)


@pytest.mark.parametrize(
    ("text", "unclosed"),
    [
        ("", None),
        ("plain, with ] and \\ and a \\_ that is escaped", None),
        ("*Status:* `running`", None),
        ("_a_ *b* `c_*[` ```d` `` e``` [f](https://g)", None),
        ("`code that ends in \\`", None),
        ("BTCD_USD", 4),
        ("_a_b_", 4),
        ("2 * 3", 2),
        ("[a", 0),
        ("`a", 0),
        ("````", 0),
        ("\\`a`", 3),
    ],
)
def test_part_that_never_ends_is_found(text: str, unclosed: int | None):
    assert find_unclosed(text) == unclosed


def test_offset_is_in_bytes():
    refusal = find_refusal({"text": "é_", "parse_mode": "Markdown"})
    assert refusal.endswith("Can't find end of the entity starting at byte offset 2")


def test_plain_text_may_have_any_marks_but_not_any_length():
    assert find_refusal({"text": "_" * 4096}) == ""
    assert find_refusal({"text": "a" * 4097}) == "message is too long"


@given(MESSAGES)
def test_every_message_is_taken(message: str):
    assert find_refusal({"text": escape_telegram_markdown(message), "parse_mode": "Markdown"}) == ""


@pytest.mark.parametrize(
    ("message", "sent"),
    [
        ("Run `altseason dominance download`.", "Run `altseason dominance download`."),
        ("BTCD_USD-1d.feather is damaged", "`BTCD_USD-1d.feather is damaged`"),
        ("it's `a` and a_b", "`it's 'a' and a_b`"),
        ("a `` b", "`a '' b`"),
        (r"C:\`a`", r"`C:\'a'`"),
    ],
)
def test_marks_are_sent_as_code_where_they_would_not_be_taken(message: str, sent: str):
    assert escape_telegram_markdown(message) == sent


@pytest.mark.parametrize("end", ["", "`", "_"])
def test_long_message_is_cut(end: str):
    sent = escape_telegram_markdown("a" * 3000 + "`" + "b" * 3000 + end)
    assert sent.startswith("`" + "a" * 3000)
    assert sent.endswith("b ...`")
    assert len(sent) == 4002
    assert escape_telegram_markdown("a" * 4000) == "a" * 4000
