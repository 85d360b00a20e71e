"""The ASGI application: routes, and what a request must look like before its rows are read."""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from traceback import walk_tb
from typing import Any

import msgspec

from mlops.contract.request import schema
from mlops.serving.batching import Queue
from mlops.serving.log import Log
from mlops.serving.metrics import Metrics
from mlops.serving.openapi import openapi
from mlops.serving.request import Rejected
from mlops.serving.scorer import Scorer

JSON, TEXT = b"application/json", b"text/plain; version=0.0.4; charset=utf-8"
HUNG = 6
"""How many times as long as any caller waits one prediction may take until it counts as hung."""
DEEP = 5
"""How many places of an error the server's log names."""
EXTRA = {408: {b"connection": b"close"}, 503: {b"retry-after": b"1"}}

encode = msgspec.json.Encoder().encode
Headers = dict[bytes, bytes]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class App:
    """Answers `POST /score` from the queue. `about` names model, deployment and digest; it is part of `/metadata`."""

    def __init__(
        self, scorer: Scorer, queue: Queue, metrics: Metrics, log: Log, about: dict[str, str], max_mb: int
    ) -> None:
        self.reader, self.queue, self.metrics, self.log, self.about = scorer.reader, queue, metrics, log, about
        self.named = {name: about[name] for name in ("model", "deployment")}
        self.max_bytes, self.reading = max_mb * 1_000_000, 0
        limits = {"rows": self.reader.max_rows, "bytes": self.max_bytes, "seconds": queue.timeout}
        metadata = encode(about | {"features": schema(scorer.contract), "limits": limits})
        description = encode(openapi(scorer.reader, about["model"]))
        self.pages: dict[str, Callable[[], tuple[int, bytes, bytes]]] = {
            "/live": lambda: _probe(b"live", queue.lasts < queue.timeout * HUNG),
            "/ready": lambda: _probe(b"ready", queue.lasts < queue.timeout),
            "/metadata": lambda: (200, metadata, JSON),
            "/openapi.json": lambda: (200, description, JSON),
            "/metrics": lambda: (200, metrics.page(), TEXT),
        }

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if path == "/score" and method == "POST":
            await self._score(dict(scope["headers"]), receive, send)
        elif path in self.pages and method == "GET":
            await _respond(send, *self.pages[path]())
        elif path == "/score" or path in self.pages:
            allowed = "POST" if path == "/score" else "GET"
            error = {"error": f"{path} takes {allowed} and nothing else.", "details": []}
            await _respond(send, 405, encode(error), JSON, {b"allow": allowed.encode()})
        else:
            error = {"error": f"There is {', '.join(('/score', *self.pages))}, and nothing else.", "details": []}
            await _respond(send, 404, encode(error), JSON)

    async def _score(self, headers: Headers, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        asked = headers.get(b"x-ms-client-request-id", b"").decode("latin-1")
        plain = asked.isascii() and asked.isprintable() and len(asked) <= 128
        id = (plain and asked) or secrets.token_hex(16)
        request: Any = None
        found, predictions, status = [], b"", 200
        try:
            async with asyncio.timeout(self.queue.timeout):
                request = await self._read(plain, headers, receive)
                found = await self.queue.ask(request)
            predictions = msgspec.Raw(encode(found))
            answer = self.named | {"id": id, "predictions": predictions}
        except Rejected as refusal:
            status, answer = refusal.status, {"error": refusal.error, "details": refusal.details, "id": id}
        except TimeoutError:
            status, who = (503, "The model did not answer") if request else (408, "The body did not arrive")
            what = f"{who} within {self.queue.timeout:g} seconds: ask again, perhaps with fewer rows."
            answer = {"error": what, "details": [], "id": id}
        except Exception as error:
            logging.error("request %s failed: %s", self.log.id(id) or "(no key)", _where(error))
            status, what = 500, "The model failed on this request. The server's log says why."
            answer = {"error": what, "details": [], "id": id}
        own = {b"x-ms-client-request-id": id.encode("latin-1")} | EXTRA.get(status, {})
        await _respond(send, status, encode(answer), JSON, own)
        self.metrics.answered(status, time.perf_counter() - started, len(found))
        if found:
            bare = [{name: each[name] for name in each if name != "reasons"} for each in found if request.reasons]
            self.log.write(id, request.rows, bare or predictions)

    async def _read(self, plain: bool, headers: Headers, receive: Receive) -> Any:
        """The request. Raises Rejected for all that is wrong with it, before its body is read where that is possible.

        Bodies that are being read take the places of requests that wait: so many of at most `max_bytes` are in memory.
        """
        if self.reading + len(self.queue.waiting) >= self.queue.max_waiting:
            raise Rejected(503, "Too many requests wait already: ask again in a second.")
        if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != JSON:
            raise Rejected(415, "Send JSON, and say so with the header Content-Type: application/json.")
        if not plain:
            raise Rejected(400, "x-ms-client-request-id has at most 128 characters, all of printable ASCII.")
        self.reading += 1
        try:
            return self.reader.read(await self._body(receive))
        finally:
            self.reading -= 1

    async def _body(self, receive: Receive) -> bytearray:
        body, more = bytearray(), True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self.max_bytes:
                raise Rejected(413, f"The body is larger than {self.max_bytes:,} bytes: send fewer rows at once.")
        return body


def _probe(name: bytes, well: bool) -> tuple[int, bytes, bytes]:
    return 200 if well else 503, b'{"%s":%s}' % (name, b"true" if well else b"false"), JSON


def _where(error: Exception) -> str:
    """An error's type and its innermost places, without its message, which may quote a value."""
    frames = [f"{frame.f_code.co_filename}:{line}" for frame, line in walk_tb(error.__traceback__)]
    return f"{type(error).__name__} at {', called at '.join(frames[: -DEEP - 1 : -1])}"


async def _respond(send: Send, status: int, body: bytes, media: bytes, headers: Headers | None = None) -> None:
    about = [(b"content-type", media), (b"content-length", b"%d" % len(body)), *(headers or {}).items()]
    await send({"type": "http.response.start", "status": status, "headers": about})
    await send({"type": "http.response.body", "body": body})
