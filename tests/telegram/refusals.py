"""What Telegram does not take: https://core.telegram.org/bots/api#markdown-style."""

from collections.abc import Mapping
from typing import Any

MAX_CHARACTERS = 4096
# What begins a part of a message, and what ends it.
ENDS = {"_": "_", "*": "*", "`": "`", "```": "```", "[": "]"}


def find_refusal(parameters: Mapping[str, Any]) -> str:
    """Say why a message is refused, in Telegram's words; empty where it is taken.

    Of the parse modes only Markdown is looked at, and its marks count as characters, too.
    """
    text = str(parameters["text"])
    if len(text) > MAX_CHARACTERS:
        return "message is too long"
    unclosed = find_unclosed(text) if parameters.get("parse_mode") == "Markdown" else None
    if unclosed is None:
        return ""
    offset = len(text[:unclosed].encode())
    return f"can't parse entities: Can't find end of the entity starting at byte offset {offset}"


def find_unclosed(text: str) -> int | None:
    """Find where a part begins that never ends; within a part other marks are text."""
    position = 0
    while position < len(text):
        mark = "```" if text.startswith("```", position) else text[position]
        if mark == "\\" and text[position + 1 : position + 2] in {*"_*`["}:
            position += 2
        elif mark not in ENDS:
            position += 1
        else:
            end = text.find(ENDS[mark], position + len(mark))
            if end < 0:
                return position
            position = end + len(ENDS[mark])
    return None
