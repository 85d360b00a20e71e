"""HTTP/1.1 as a client, over connections that are kept."""

import asyncio
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
MODELS_STATUS = "ms-azureml-model-error-statuscode"
"""Azure ML answers 424 for whatever a model's server answers other than 200, and says here what that was."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Connections:
    """Those to the server of a URL. What is asked must do no harm when it is asked twice. `headers` go with `post`.

    TLS goes through the proxy, and trusts the authorities, that the environment names: HTTPS_PROXY, REQUESTS_CA_BUNDLE.
    """

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        place = urlsplit(url)
        tls, self._host, self._path = place.scheme == "https", place.hostname or "", place.path
        self._headers = {"content-type": "application/json", **(headers or {})}
        self._port = place.port or (443 if tls else 80)
        self._tls = ssl.create_default_context(cafile=os.environ.get("REQUESTS_CA_BUNDLE")) if tls else None
        self._proxy = urlsplit(getproxies().get("https", "") if tls and not proxy_bypass(self._host) else "")
        self._idle = list[Connection]()

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
        return await self._exchange(await self._open(), sent + body)

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()

    async def _open(self) -> Connection:
        if not (self._tls and self._proxy.hostname):
            return await asyncio.open_connection(self._host, self._port, ssl=self._tls)
        reader, writer = await asyncio.open_connection(self._proxy.hostname, self._proxy.port)
        writer.write(f"CONNECT {self._host}:{self._port} HTTP/1.1\r\nhost: {self._host}\r\n\r\n".encode())
        if b" 200" not in (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")[0]:
            writer.close()
            raise ConnectionError(f"the proxy {self._proxy.netloc} does not lead to {self._host}")
        await writer.start_tls(self._tls, server_hostname=self._host)
        return reader, writer

    async def _exchange(self, connection: Connection, sent: bytes) -> Answer:
        reader, writer = connection
        try:
            writer.write(sent)
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
            pairs = (line.partition(":") for line in lines)
            headers = {name.strip().lower(): text.strip() for name, _, text in pairs}
            body = await reader.readexactly(int(headers["content-length"]))
            answer = Answer(int(headers.get(MODELS_STATUS, first.split()[1])), headers, body)
        except (ValueError, LookupError, asyncio.LimitOverrunError) as error:
            writer.close()
            raise EOFError(f"an answer that cannot be read: {error}") from error
        except BaseException:
            writer.close()
            raise
        if headers.get("connection", "").lower() == "close":
            writer.close()
        else:
            self._idle.append(connection)
        return answer
