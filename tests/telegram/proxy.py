"""A CONNECT proxy that knows one host, and refuses every other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

HOST = "127.0.0.1"
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
CHUNK = 64 * 1024


class ConnectProxy:
    """Leads connections to one public address to a port of this machine."""

    def __init__(self, address: str, port: int) -> None:
        """Say what is known.

        :param address: as a client asks for it, such as "api.telegram.org:443".
        :param port: where the server in its place listens.
        """
        self._address = address
        self._port = port
        self.refused: list[str] = []

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[str]:
        """Listen on a free port, and give the proxy's URL."""
        self._connections: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._accept, HOST, 0)
        try:
            yield f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for connection in self._connections:
                connection.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._connect(reader, writer)
        finally:
            writer.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, *_ = head.decode("latin-1").split()
        if (method, target) != ("CONNECT", self._address):
            self.refused.append(target)
            writer.write(REFUSED)
            await writer.drain()
            return
        server_reader, server_writer = await asyncio.open_connection(HOST, self._port)
        try:
            writer.write(ESTABLISHED)
            await asyncio.gather(copy(reader, server_writer), copy(server_reader, writer))
        finally:
            server_writer.close()


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand on what comes, until the end of it."""
    while chunk := await reader.read(CHUNK):
        writer.write(chunk)
        await writer.drain()
    # The other side has nothing more to answer either.
    writer.close()
