"""HTTP for a bounded crowd: on one connection too many, and on one that says nothing, nobody spends memory."""

import asyncio
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST = 512
BODY = b'{"error":"Too many are connected: ask again in a second.","details":[]}'
HEADERS = {
    "content-type": "application/json",
    "content-length": f"{len(BODY)}",
    "retry-after": "1",
    "connection": "close",
}


class Capped(HttpToolsProtocol):
    """For `uvicorn.Config(http=Capped)`. Beyond MOST connections requests are answered with 503, but for GET, which
    probes ask; a connection without a request is closed after as long as one that was kept."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
        if len(self.connections) > MOST:
            self.app = partial(_full, self.app)


async def _full(app: Any, scope: Any, receive: Any, send: Any) -> None:
    if scope["method"] == "GET":
        return await app(scope, receive, send)
    headers = [(name.encode(), text.encode()) for name, text in HEADERS.items()]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})
