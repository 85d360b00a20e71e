"""HTTP for a bounded crowd: one connection too many, one that says nothing and one that says too much cost little."""

import asyncio
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST, HEAD = 512, 2**16
LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
BODY = b'{"error":"Too many are connected: ask again in a second.","details":[]}'
HEADERS = [
    (b"content-type", b"application/json"),
    (b"content-length", b"%d" % len(BODY)),
    (b"retry-after", b"1"),
    (b"connection", b"close"),
]


class Capped(HttpToolsProtocol):
    """For `uvicorn.Config(http=Capped)`. Beyond MOST connections requests are answered with 503, but for GET, which
    probes ask. A request whose headers are larger than HEAD bytes is refused with 431, and a connection on which the
    headers of none have arrived is closed after as long as one that was kept."""

    head = 0
    """Bytes since the last that were of a request whose headers are there."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
        if len(self.connections) > MOST:
            self.app = partial(_full, self.app)

    def data_received(self, data: bytes) -> None:
        while data and not self.transport.is_closing():
            part, data = data[: HEAD - self.head], data[HEAD - self.head :]
            self.head += len(part)
            late, self.timeout_keep_alive_task, before = self.timeout_keep_alive_task, None, self.cycle
            super().data_received(part)
            if self.cycle is not before:
                self.head = 0
                late and late.cancel()
            else:  # no headers are complete yet, and uvicorn would wait without end from the first byte on
                self.timeout_keep_alive_task = late
            if self.head == HEAD:
                self.transport.write(LARGE)
                self.transport.close()

    def on_body(self, body: bytes) -> None:
        self.head = 0
        super().on_body(body)


async def _full(app: Any, scope: Any, receive: Any, send: Any) -> None:
    if scope["method"] == "GET":
        return await app(scope, receive, send)
    await send({"type": "http.response.start", "status": 503, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})
