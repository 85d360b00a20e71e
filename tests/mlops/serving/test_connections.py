"""A client over kept connections, and what a server may do to it."""

import asyncio

import pytest

from mlops.connections import Connections


def test_an_answer_with_headers_beyond_all_measure_is_no_answer() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nx: " + b"x" * 70_000 + b"\r\ncontent-length: 0\r\n\r\n")

    async def ask() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            await Connections(f"http://127.0.0.1:{port}/score").post(b"{}")

    with pytest.raises(EOFError, match="an answer that cannot be read: "):
        asyncio.run(ask())
