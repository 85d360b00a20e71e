"""`score.py` for Azure ML's own inference server: the same application, where no image of one's own can be used.

azureml/endpoints/online-deployment-inference-server.yml deploys it.
"""

import asyncio
import atexit
from threading import Thread
from typing import Any

from flask import Response

from mlops.serving.__main__ import application, options
from mlops.serving.app import App
from mlops.serving.sender import Sender

loop = asyncio.new_event_loop()
app: App


def init() -> None:
    """Load the model. The application runs in a thread of its own, since this server has one for each request."""
    global app
    given = options([])
    app = application(given)
    if given.spool:
        atexit.register(Sender(given.spool).close)
    atexit.register(app.log.close)
    Thread(target=loop.run_forever, daemon=True).start()


def run(data: str, request_headers: dict[str, str]) -> Response:
    """The answer to one request, whatever its status."""
    return asyncio.run_coroutine_threadsafe(_ask(data.encode(), request_headers), loop).result()


async def _ask(body: bytes, headers: dict[str, str]) -> Response:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"body": body}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    given = [(name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in headers.items()]
    await app({"path": "/score", "method": "POST", "headers": given}, receive, send)
    start, end = sent
    answered = [(name.decode("latin-1"), text.decode("latin-1")) for name, text in start["headers"]]
    return Response(end["body"], start["status"], answered)
