"""Emulated blob storage that takes only tokens over HTTPS, and the place where a container in Azure ML gets one."""

import base64
import fcntl
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qs, quote, urlsplit
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener
from xml.etree import ElementTree

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.project import TEMPLATE

ACCOUNT, SECRET, CLIENT = "emulated", "a secret of the container", "00000000-0000-0000-0000-000000000007"


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
    certificate, key = _certificate(folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["--silent", "--disableTelemetry", "--skipApiVersionCheck", "--inMemoryPersistence", "--oauth", "basic"]
    place = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--cert", str(certificate), "--key", str(key)]
    known = {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{base64.b64encode(b'k' * 64).decode()}", "HOME": str(folder)}
    known["PATH"] = "/usr/local/bin:/usr/bin:/bin"
    process, identity = subprocess.Popen([_azurite(), *options, *place], env=known, cwd=folder), Identity()
    try:
        with served(identity) as msi:
            url = f"https://127.0.0.1:{port}/{ACCOUNT}"
            environment = {"MSI_ENDPOINT": msi, "MSI_SECRET": SECRET, "UAI_CLIENT_ID": CLIENT}
            environment |= {"SSL_CERT_FILE": str(certificate), "MLOPS_INFERENCE_LOG_URL": f"{url}/log"}
            found = Blobs(url, certificate, identity, environment)
            _wait(found)
            yield found
    finally:
        process.terminate()
        process.wait()


def _azurite() -> str:
    """Installed once from its lock, while other workers wait."""
    (TEMPLATE / ".cache").mkdir(exist_ok=True)
    with (TEMPLATE / ".cache" / "azurite.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        script = TEMPLATE / "tests" / "tools" / "azurite" / "install.sh"
        done = subprocess.run(["sh", script], capture_output=True, encoding="utf-8")
    if done.returncode == 3:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _wait(found: Blobs) -> None:
    for left in reversed(range(200)):
        try:
            for container in ("log", "restricted"):
                found.ask("PUT", f"{container}?restype=container")
            return
        except HTTPError:
            raise
        except OSError:
            if not left:
                raise
            time.sleep(0.1)


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Of 127.0.0.1, signed by itself, for a day."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "emulated")]),
    )
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files, pem = (folder / "certificate.pem", folder / "key.pem"), serialization.Encoding.PEM
    files[0].write_bytes(certificate.public_bytes(pem))
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(pem, *plain))
    return files
