"""Telegram's Bot API as far as Freqtrade uses it: one chat, in which a test talks to the bot.

https://core.telegram.org/bots/api
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from tests.telegram.refusals import find_refusal

TOKEN = "123456:test-token"  # noqa: S105 - nobody's
CHAT_ID = 4711
BOT = {"id": 123456, "is_bot": True, "first_name": "altseason", "username": "altseason_bot"}
# These change nothing that a test sees.
ACCEPTED = frozenset({"setMyCommands", "deleteMyCommands", "answerCallbackQuery"})
NOT_FOUND = {"ok": False, "error_code": 404, "description": "Not Found"}
PATIENCE_SECONDS = 30.0


class BotApi:
    """What was said in the chat; the server's loop writes, a test waits in its own thread."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        # Messages that were not taken, each with the reason.
        self.rejected: list[tuple[str, str]] = []
        self._updates: list[dict[str, Any]] = []
        self._said = 0
        self._is_polled = False
        self._changed = threading.Condition()

    def routes(self) -> list[web.RouteDef]:
        """Give the paths, with their handlers."""
        return [web.route("*", "/bot{token}/{method}", self.answer)]

    def say(self, text: str, *, chat_id: int = CHAT_ID, timeout: float = PATIENCE_SECONDS) -> None:
        """Say something to the bot, once it listens: what was said before, it drops."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._is_polled, timeout), "the bot never listens"
            self._said += 1
            message = build_message(self._said, text, chat_id)
            self._updates.append({"update_id": self._said, "message": message})

    def wait_for(
        self,
        predicate: Callable[[str], bool],
        timeout: float = PATIENCE_SECONDS,
        *,
        after: int = 0,
    ) -> str:
        """Wait for a message of the bot, and give the first that fits.

        :param after: how many of `messages` are not looked at.
        """
        found: list[str] = []

        def is_there() -> bool:
            found.extend(filter(predicate, self.messages[after:]))
            return bool(found)

        with self._changed:
            fits = self._changed.wait_for(is_there, timeout)
        assert fits, f"no such message in {timeout} s, only {self.messages[after:]}"
        return found[0]

    def ask(self, text: str, beginning: str = "", *, timeout: float = PATIENCE_SECONDS) -> str:
        """Say something, and give what the bot says next.

        :param beginning: of the answer, where the bot may say other things meanwhile.
        """
        known = len(self.messages)
        self.say(text)
        return self.wait_for(lambda answer: answer.startswith(beginning), timeout, after=known)

    async def answer(self, request: web.Request) -> web.Response:
        """Answer any method, of any token that is ours."""
        parameters = {**request.query, **await request.post()}
        method = request.match_info["method"]
        if request.match_info["token"] != TOKEN:
            return web.json_response(NOT_FOUND, status=404)
        if method == "getUpdates":
            result: Any = await self._poll(parameters)
        elif method == "sendMessage":
            if reason := find_refusal(parameters):
                return self._reject(parameters, reason)
            result = self._receive(parameters)
        elif method == "getMe":
            result = {**BOT, "can_join_groups": True, "can_read_all_group_messages": False}
        elif method == "deleteWebhook":
            result = self._drop(parameters)
        elif method in ACCEPTED:
            result = True
        else:
            return web.json_response(NOT_FOUND, status=404)
        return web.json_response({"ok": True, "result": result})

    async def _poll(self, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Give what was said since, and wait for something if nothing was."""
        offset = int(parameters.get("offset", 0))
        give_up = time.monotonic() + float(parameters.get("timeout", 0))
        with self._changed:
            self._is_polled = True
            self._changed.notify_all()
        while True:
            with self._changed:
                # Asking for what follows says that the rest has arrived.
                self._updates = [one for one in self._updates if one["update_id"] >= offset]
                if self._updates or time.monotonic() >= give_up:
                    return list(self._updates)
            await asyncio.sleep(0.02)

    def _receive(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        text = str(parameters["text"])
        with self._changed:
            self.messages.append(text)
            self._changed.notify_all()
            return build_message(len(self.messages), text, int(parameters["chat_id"]), BOT)

    def _reject(self, parameters: Mapping[str, Any], reason: str) -> web.Response:
        self.rejected.append((str(parameters["text"]), reason))
        answer = {"ok": False, "error_code": 400, "description": f"Bad Request: {reason}"}
        return web.json_response(answer, status=400)

    def _drop(self, parameters: Mapping[str, Any]) -> bool:
        if parameters.get("drop_pending_updates") == "true":
            with self._changed:
                self._updates.clear()
        return True


def build_message(
    number: int, text: str, chat_id: int, sender: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Build a message, in which a leading command is marked as one."""
    person = {"id": chat_id, "is_bot": False, "first_name": "Tester"}
    message = {
        "message_id": number,
        "date": int(time.time()),
        "chat": {"id": chat_id, "type": "private", "first_name": "Tester"},
        "from": sender or person,
        "text": text,
    }
    if text.startswith("/"):
        command = {"type": "bot_command", "offset": 0, "length": len(text.split()[0])}
        message["entities"] = [command]
    return message
