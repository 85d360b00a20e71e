"""HTTP/1.1 as a client, over connections that are kept."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Connections:
    """Those to the server of a URL. What is asked must do no harm when it is asked twice. `headers` go with `post`."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        place = urlsplit(url)
        tls, self._host, self._path = place.scheme == "https", place.hostname or "", place.path
        self._headers = {"content-type": "application/json", **(headers or {})}
        self._place = {"host": self._host, "port": place.port or (443 if tls else 80), "ssl": tls or None}
        self._idle, self._closed = list[Connection](), False

    async def post(self, body: bytes) -> Answer:
        """Send JSON to the URL; `ask` says what is raised."""
        return await self.ask("POST", self._path, self._headers, body)

    async def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Raises OSError or EOFError when there is no answer. The answer has to have a content-length."""
        lines = [f"{method} {path} HTTP/1.1", f"host: {self._host}", f"content-length: {len(body)}"]
        sent = "\r\n".join([*lines, *(f"{name}: {text}" for name, text in headers.items()), "", ""]).encode("latin-1")
        while self._idle:
            try:
                return await self._exchange(self._idle.pop(), sent + body)
            except (OSError, EOFError):  # the server closed it in the meantime
                continue
        return await self._exchange(await asyncio.open_connection(**self._place), sent + body)

    def close(self) -> None:
        self._closed = True
        for _, writer in self._idle:
            writer.close()

    async def _exchange(self, connection: Connection, sent: bytes) -> Answer:
        reader, writer = connection
        try:
            writer.write(sent)
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
            pairs = (line.partition(":") for line in lines)
            headers = {name.strip().lower(): text.strip() for name, _, text in pairs}
            body = await reader.readexactly(int(headers["content-length"]))
            answer = Answer(int(first.split()[1]), headers, body)
        except (ValueError, LookupError) as error:
            writer.close()
            raise EOFError(f"an answer that cannot be read: {error}") from error
        except BaseException:
            writer.close()
            raise
        if self._closed or headers.get("connection", "").lower() == "close":
            writer.close()
        else:
            self._idle.append(connection)
        return answer
