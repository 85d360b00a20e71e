"""`python load.py PORT PATH BODY CONNECTIONS SECONDS`: the same request over and over, as fast as it is answered.

Each connection sends its next request when the last is answered; where the server closes it, over a new one, which
counts into the time that the request takes. Prints JSON: answers a second, milliseconds, how many were not 200. The
first tenth of the time is not counted.
"""

import asyncio
import json
import statistics
import sys
import time
from pathlib import Path


class Caller(asyncio.Protocol):
    def __init__(self, port: int, request: bytes) -> None:
        self.port, self.request, self.wrong = port, request, 0
        self.took: list[tuple[float, float]] = []

    async def connect(self) -> None:
        self.sent = time.perf_counter()
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self.port)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.head, self.buffer = b"", b""
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.head and (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            self.head = self.buffer[:end].lower()
            self.length = end + 4 + int(self.head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if self.head and len(self.buffer) >= self.length:
            now = time.perf_counter()
            self.took.append((now, now - self.sent))
            self.wrong += self.head.split(b" ", 2)[1] != b"200"
            self.sent = now
            if b"connection: close" in self.head:
                self.transport.close()
                self.connecting = asyncio.ensure_future(self.connect())
            else:
                self.ask()


async def main(port: int, path: str, body: bytes, connections: int, seconds: float) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    callers = [Caller(port, f"{head}\r\n\r\n".encode() + body) for _ in range(connections)]
    await asyncio.gather(*(caller.connect() for caller in callers))
    start = time.perf_counter() + seconds / 10
    await asyncio.sleep(seconds)
    elapsed = time.perf_counter() - start
    took = sorted(took for caller in callers for at, took in caller.took if at >= start)
    if len(took) < 2:
        sys.exit(f"port {port} answered {len(took)} requests in {elapsed:.1f} seconds: measure on a machine with room")
    at = statistics.quantiles(took, n=100)
    figures = {"rate": len(took) / elapsed, "p50": at[49] * 1e3, "p95": at[94] * 1e3, "p99": at[98] * 1e3}
    print(json.dumps(figures | {"wrong": sum(caller.wrong for caller in callers)}))


if __name__ == "__main__":
    port, path, body, connections, seconds = sys.argv[1:]
    asyncio.run(main(int(port), path, Path(body).read_bytes(), int(connections), float(seconds)))
