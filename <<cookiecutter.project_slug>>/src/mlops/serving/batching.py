"""Requests that wait together are answered together: a bounded queue with one consumer."""

import asyncio
import time
from collections.abc import Callable, Sequence
from threading import Thread
from typing import Any

QUICK = 0.005
"""Seconds that a prediction may hold up the event loop; a longer one gets a thread."""


class Queue:
    """Answers requests with `answer`, which takes many and gives for each what it is answered, or an error.

    At most `max_waiting` requests wait and `max_rows` rows are predicted at once. Who asks waits `timeout` seconds.
    """

    def __init__(
        self, answer: Callable[[Sequence[Any]], Sequence[Any]], max_waiting: int, max_rows: int, timeout: float
    ) -> None:
        self.answer, self.max_waiting, self.max_rows, self.timeout = answer, max_waiting, max_rows, timeout
        self.waiting: dict[asyncio.Future[Any], Any] = {}
        self.started: float | None = None
        self.pace = QUICK

    @property
    def full(self) -> bool:
        return len(self.waiting) >= self.max_waiting

    @property
    def stuck(self) -> bool:
        """Whether one prediction takes longer than any caller waits."""
        return self.started is not None and time.monotonic() - self.started > self.timeout

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
        batch, rows = {}, 0
        for future, request in self.waiting.items():
            rows += len(request.rows)
            if batch and rows > self.max_rows:
                break
            batch[future] = request
        for future in batch:
            del self.waiting[future]
        self.started = time.monotonic()
        if rows * self.pace <= QUICK and not any(request.reasons for request in batch.values()):
            return self._settle(batch, self.answer([*batch.values()]))
        loop = asyncio.get_running_loop()

        def work() -> None:
            loop.call_soon_threadsafe(self._settle, batch, self.answer([*batch.values()]))

        Thread(target=work, daemon=True).start()

    def _settle(self, batch: dict[asyncio.Future[Any], Any], found: Sequence[Any]) -> None:
        self.pace = (time.monotonic() - (self.started or 0)) / sum(len(request.rows) for request in batch.values())
        self.started = None
        for future, given in zip(batch, found, strict=True):
            if not future.done():
                (future.set_exception if isinstance(given, Exception) else future.set_result)(given)
        if self.waiting:
            asyncio.get_running_loop().call_soon(self._next)
