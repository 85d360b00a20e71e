"""Requests that wait together are answered together: a bounded queue with one consumer."""

import asyncio
import time
from collections.abc import Sequence
from threading import Thread
from typing import Any

from mlops.serving.scorer import Scorer

QUICK = 0.02
"""Seconds that a prediction may hold up the event loop; a longer one gets a thread, which costs more than it saves."""


class Queue:
    """Answers requests by a scorer. At most `max_waiting` wait, `timeout` seconds each.

    At most `max_work` predictions are made at once, unless one request alone takes more.
    """

    def __init__(self, scorer: Scorer, max_waiting: int, max_work: int, timeout: float) -> None:
        self.answer, self.work = scorer.answer, scorer.work
        self.max_waiting, self.max_work, self.timeout = max_waiting, max_work, timeout
        self.waiting: dict[asyncio.Future[Any], Any] = {}
        self.started: float | None = None
        self.pace = QUICK

    @property
    def lasts(self) -> float:
        """Seconds since the prediction under way began."""
        return 0.0 if self.started is None else time.monotonic() - self.started

    async def ask(self, request: Any) -> Any:
        """The answers. Raises what answering raised."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        if not self.waiting and self.started is None:
            loop.call_soon(self._next)
        self.waiting[future] = request
        try:
            return await future
        finally:
            self.waiting.pop(future, None)

    def _next(self) -> None:
        if self.started is not None or not self.waiting:
            return
        batch, work = {}, 0
        for future, request in self.waiting.items():
            if batch and work + self.work(request) > self.max_work:
                break
            batch[future] = request
            work += self.work(request)
        for future in batch:
            del self.waiting[future]
        self.started = time.monotonic()
        if work * self.pace <= QUICK:
            return self._settle(batch, work, self.answer([*batch.values()]))
        loop = asyncio.get_running_loop()

        def predict() -> None:
            loop.call_soon_threadsafe(self._settle, batch, work, self.answer([*batch.values()]))

        Thread(target=predict, daemon=True).start()

    def _settle(self, batch: dict[asyncio.Future[Any], Any], work: int, found: Sequence[Any]) -> None:
        self.pace, self.started = self.lasts / work, None
        for future, given in zip(batch, found, strict=True):
            if not future.done():
                (future.set_exception if isinstance(given, Exception) else future.set_result)(given)
        if self.waiting:
            asyncio.get_running_loop().call_soon(self._next)
