"""Callers' requests go to deployments by their shares; each answer leaves a line in the traffic log."""

import asyncio
import json
import time
from collections.abc import Mapping
from random import Random
from typing import Any
from uuid import uuid4

from mlops.connections import Answer
from mlops.outcomes import ids
from mlops.platform.local.endpoint.server import Server
from mlops.serving.minutes import Minutes, lines

NAMED, CALLERS_ID = "azureml-model-deployment", "x-ms-client-request-id"
PASSED_ON = ("content-type", "accept", CALLERS_ID)
PASSED_BACK = ("content-type", "retry-after", CALLERS_ID)
MOST_BYTES = 10 * 2**20
MOST_HELD = 16 * MOST_BYTES
"""Bytes of all bodies under way at once; while one is passed on it is in memory up to three times."""
MOST_COPIES = 32
"""Copies under way at once, beside MOST_HELD and each of up to MOST_BYTES; a request beyond is not copied."""


class Router:
    """An ASGI application. `traffic` and `mirror` are percent by deployment, and may be set at any time."""

    def __init__(self, log: Minutes, key: bytes, draw: Random) -> None:
        self.servers: dict[str, Server] = {}
        self.traffic: Mapping[str, int] = {}
        self.mirror: Mapping[str, int] = {}
        self._log, self._key, self._draw = log, key, draw
        self._copies = set[asyncio.Task]()
        self._held = 0

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        body = bytearray()
        try:
            while (message := await receive())["type"] == "http.request":
                body += message["body"]
                self._held += len(message["body"])
                if not message["more_body"] or len(body) > MOST_BYTES or self._held > MOST_HELD:
                    return await self._passed_on(scope, bytes(body), send)
        finally:
            self._held -= len(body)

    async def _passed_on(self, scope: Mapping[str, Any], body: bytes, send: Any) -> None:
        headers = {name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]}
        headers[CALLERS_ID] = headers.get(CALLERS_ID) or str(uuid4())
        asked = scope["method"], scope["path"], {each: headers[each] for each in PASSED_ON if each in headers}, body
        named = headers.get(NAMED)
        name, copied = named or self._drawn(self.traffic), None
        if len(body) > MOST_BYTES:
            answer = refusal(413, f"the body has more than {MOST_BYTES:,} bytes: send fewer rows at a time.")
        elif self._held > MOST_HELD:
            answer = refusal(503, "too many large requests are under way. Ask again.", {"retry-after": "1"})
        elif server := self.servers.get(name or ""):
            copied = None if named or scope["path"] != "/score" else self._drawn(self.mirror, 100)
            answer = await self._answered(server, *asked)
        else:
            wrong = f"there is no deployment {named} here" if named else "no deployment has a share of the requests"
            answer = refusal(404, f"{wrong}.")
        back = {each: answer.headers[each] for each in PASSED_BACK if each in answer.headers}
        back |= {NAMED: name or "", CALLERS_ID: headers[CALLERS_ID], "content-length": str(len(answer.body))}
        pairs = [(each.encode("latin-1"), text.encode("latin-1")) for each, text in back.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
        await send({"type": "http.response.body", "body": answer.body})
        if copied:
            self._copy(copied, asked)

    def _drawn(self, shares: Mapping[str, int], of: int = 0) -> str | None:
        """One of them, each with its share; none with what is left to `of`."""
        place = self._draw.random() * (of or sum(shares.values()))
        for name, share in shares.items():
            if (place := place - share) < 0:
                return name
        return None

    def _copy(self, name: str, asked: tuple) -> None:
        """Let a deployment answer nobody, after the caller has the answer, and never more at once than it may."""
        if len(self._copies) < MOST_COPIES and (server := self.servers.get(name)):
            task = asyncio.create_task(self._answered(server, *asked, mirrored=True))
            self._copies.add(task)
            task.add_done_callback(self._copies.discard)

    async def _answered(
        self, server: Server, method: str, path: str, headers: Mapping[str, str], body: bytes, mirrored: bool = False
    ) -> Answer:
        since = time.perf_counter()
        try:
            answer = await server.ask(method, path, headers, body)
        except TimeoutError:
            answer = refusal(504, f"{server.name} did not answer in time.")
        except (OSError, EOFError) as error:
            answer = refusal(503, f"{server.name} did not answer: {error}. Ask again.", {"retry-after": "1"})
        if path == "/score":
            self._note(server.name, answer.status, (time.perf_counter() - since) * 1000, mirrored, headers[CALLERS_ID])
        return answer

    def _note(self, name: str, status: int, ms: float, mirrored: bool, request: str) -> None:
        said = {"time": time.time(), "deployment": name, "status": status, "ms": round(ms, 3), "mirrored": mirrored}
        try:
            self._log.append(lines([{**said, "id": ids.hashed(request, self._key)}]))
        except OSError as error:
            print(f"the traffic log lacks a line: {error}", flush=True)


def refusal(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Answer:
    body = json.dumps({"error": sentence, "details": []}).encode()
    return Answer(status, {"content-type": "application/json", **(headers or {})}, body)
