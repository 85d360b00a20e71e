"""Emulated blob storage that takes only tokens over HTTPS, and the place where a container in Azure ML gets one."""

import base64
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener
from xml.etree import ElementTree

from tests.emulator.https.wire import Authority
from tests.support.azurite import ACCOUNT, azurite

SECRET, CLIENT = "a secret of the container", "00000000-0000-0000-0000-000000000007"


@dataclass
class Identity:
    """Gives tokens that end after `seconds`, to whoever asks rightly, and counts them."""

    seconds: int = 3600
    resource: str = "https://storage.azure.com/"
    asked: list[dict[str, list[str]]] = field(default_factory=list)

    def token(self) -> str:
        now = int(time.time())
        said = {"aud": "https://storage.azure.com", "iss": "https://sts.windows.net/0/", "iat": now, "nbf": now - 9}
        parts = {"alg": "none", "typ": "JWT"}, said | {"exp": now + self.seconds}
        return (
            ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."
        )


@contextmanager
def served(identity: Identity) -> Iterator[str]:
    """The address that MSI_ENDPOINT names."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            identity.asked.append(query)
            wanted = {"api-version": ["2017-09-01"], "resource": [identity.resource], "clientid": [CLIENT]}
            right = self.headers["secret"] == SECRET and query == wanted
            said = {"access_token": identity.token(), "expires_on": str(int(time.time()) + identity.seconds)}
            self.send_response(200 if right else 400)
            self.end_headers()
            self.wfile.write(json.dumps(said if right else {}).encode())

        def log_message(self, format: str, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/msi/token/"
        server.shutdown()


@dataclass(frozen=True)
class Blobs:
    """Two containers, `log` and `restricted`, and what a deployment's environment says of them."""

    url: str
    certificate: Path
    identity: Identity
    environment: dict[str, str]

    def ask(self, method: str, path: str, **headers: str) -> bytes:
        opener = build_opener(
            ProxyHandler({}), HTTPSHandler(context=ssl.create_default_context(cafile=self.certificate))
        )
        own = {"Authorization": f"Bearer {self.identity.token()}", "x-ms-version": "2021-12-02"}
        request = Request(f"{self.url}/{path}", b"" if method == "PUT" else None, own | headers, method=method)
        with opener.open(request) as answer:
            return answer.read()

    def names(self, container: str) -> list[str]:
        found = ElementTree.fromstring(self.ask("GET", f"{container}?restype=container&comp=list"))
        return sorted(str(each.text) for each in found.iter("Name"))

    def all(self, container: str) -> dict[str, bytes]:
        return {name: self.ask("GET", f"{container}/{quote(name)}") for name in self.names(container)}


@contextmanager
def blobs(folder: Path) -> Iterator[Blobs]:
    authority, identity = Authority(folder), Identity()
    with azurite(*authority.leaf("127.0.0.1"), folder) as port, served(identity) as msi:
        url = f"https://127.0.0.1:{port}/{ACCOUNT}"
        environment = {"MSI_ENDPOINT": msi, "MSI_SECRET": SECRET, "UAI_CLIENT_ID": CLIENT}
        environment |= {"SSL_CERT_FILE": str(authority.file), "MLOPS_INFERENCE_LOG_URL": f"{url}/log"}
        found = Blobs(url, authority.file, identity, environment)
        for container in ("log", "restricted"):
            found.ask("PUT", f"{container}?restype=container")
        yield found
