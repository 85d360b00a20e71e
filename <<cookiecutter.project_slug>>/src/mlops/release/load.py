"""Callers of a deployment: as many as come by the clock, answered or not, or a few who ask as often as they can.

Who waits for an answer before asking again slows down together with the server, and leaves out the very requests that
would have had to wait ("coordinated omission": Gil Tene, How NOT to Measure Latency, 2015). So what callers will meet
is measured by the clock, and a request counts from the moment at which it was due.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import cycle
from time import perf_counter

from mlops.connections import Connections
from mlops.platform.endpoint import Door

MOST = 256
"""Requests under way at once, several times as many as a server lets wait. One more is not sent, so has no answer."""


class Load:
    """`heard` has for each request the seconds from when it was due until its answer; None: none, or not 200, and
    `failed` counts why.

    No request takes longer than `patience`, in seconds.
    """

    def __init__(self, door: Door, bodies: Sequence[bytes], patience: float) -> None:
        self._connections = Connections(door.url, door.headers)
        self._bodies, self._patience, self._open = cycle(bodies), patience, 0
        self.heard, self.failed = list[float | None](), Counter[str]()

    async def by_the_clock(self, at: Sequence[float]) -> None:
        """Ask at these times: seconds from now, in order."""
        start = perf_counter()
        async with asyncio.TaskGroup() as asked:
            for each in at:
                if self._open < MOST or start + each > perf_counter():
                    await asyncio.sleep(start + each - perf_counter())
                if self._open < MOST:
                    asked.create_task(self._ask(start + each))
                else:
                    self._fails(f"not sent, as {MOST} were under way")
        self._connections.close()

    async def by_turns(self, callers: int, seconds: float) -> None:
        """Let so many callers each ask again as soon as they are answered."""
        until = perf_counter() + seconds

        async def call() -> None:
            while perf_counter() < until:
                await self._ask(perf_counter())

        await asyncio.gather(*(call() for _ in range(callers)))
        self._connections.close()

    async def _ask(self, due: float) -> None:
        self._open += 1
        try:
            async with asyncio.timeout(due + self._patience - perf_counter()):
                answer = await self._connections.post(next(self._bodies))
            if answer.status == 200:
                self.heard.append(perf_counter() - due)
            else:
                self._fails(f"status {answer.status}")
        except (OSError, EOFError) as error:
            self._fails(type(error).__name__)
        self._open -= 1

    def _fails(self, why: str) -> None:
        self.heard.append(None)
        self.failed[why] += 1
