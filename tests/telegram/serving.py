"""Telegram on loopback: python-telegram-bot asks a proxy for a server that a test has signed."""

import ssl
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import trustme
from aiohttp import web

from altseason_lab.emulator.in_thread import in_thread
from tests.telegram.bot_api import CHAT_ID, TOKEN, BotApi
from tests.telegram.proxy import HOST, ConnectProxy

NAME = "api.telegram.org"


class TelegramApi(BotApi):
    """The chat, and what a bot needs in its environment to find it."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.environment: dict[str, str] = {}
        # Hosts, with their ports, for which the bot asked the proxy in vain.
        self.refused: list[str] = []
        self._authority = trustme.CA()
        self._authority_file = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(str(self._authority_file))

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[None]:
        """Listen on free ports of the loopback interface."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._authority.issue_cert(NAME).configure_cert(context)
        application = web.Application()
        application.add_routes(self.routes())
        # A poll that is being answered is not worth waiting for.
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, 0, ssl_context=context).start()
            proxy = ConnectProxy(f"{NAME}:443", runner.addresses[0][1])
            self.refused = proxy.refused
            async with proxy.listen() as url:
                self.environment = self._build_environment(url)
                yield
        finally:
            await runner.cleanup()

    def _build_environment(self, proxy: str) -> dict[str, str]:
        local = f"{HOST},localhost"
        return {
            # The lower case wins where there are both.
            "HTTPS_PROXY": proxy,
            "https_proxy": proxy,
            "NO_PROXY": local,
            "no_proxy": local,
            "SSL_CERT_FILE": str(self._authority_file),
            "FREQTRADE__TELEGRAM__ENABLED": "true",
            "FREQTRADE__TELEGRAM__TOKEN": TOKEN,
            "FREQTRADE__TELEGRAM__CHAT_ID": str(CHAT_ID),
        }


@contextmanager
def telegram_api() -> Iterator[TelegramApi]:
    """Serve Telegram's Bot API while a test runs."""
    with tempfile.TemporaryDirectory() as folder:
        api = TelegramApi(Path(folder))
        with in_thread(api.serve()):
            yield api
