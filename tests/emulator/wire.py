"""A loopback proxy that answers CONNECT for Azure's hosts and ends TLS itself, so that real clients run unmodified."""

import datetime
import http.server
import ssl
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Request:
    """One request as a server sees it; `path` is percent-decoded, header names are case-insensitive."""

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    headers: Message
    body: bytes


@dataclass(frozen=True)
class Response:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Proxy:
    """Serves `hosts` through `answer` until closed. Any other host gets 403 and is listed in `strangers`."""

    def __init__(self, folder: Path, hosts: Collection[str], answer: Callable[[Request], Response]) -> None:
        self.strangers: list[str] = []
        self.authority, context = _certify(folder, hosts)
        self._server = _Server(("127.0.0.1", 0), _handler(hosts, answer, context, self.strangers))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def environ(self) -> dict[str, str]:
        """The variables that send a child process's HTTPS through here; plain HTTP is left alone."""
        address = f"http://127.0.0.1:{self._server.server_port}"
        return {"HTTPS_PROXY": address, "NO_PROXY": "", "REQUESTS_CA_BUNDLE": str(self.authority)}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


def _handler(
    hosts: Collection[str], answer: Callable[[Request], Response], context: ssl.SSLContext, strangers: list[str]
) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        host = ""

        def do_CONNECT(self) -> None:
            host, _, port = self.path.partition(":")
            if host not in hosts or port != "443":
                strangers.append(self.path)
                self.send_error(403, "not one of the emulated hosts")
                return
            self.send_response(200)
            self.end_headers()
            self.host, self.request = host, context.wrap_socket(self.connection, server_side=True)
            self.setup()
            self.close_connection = False

        def exchange(self) -> None:
            url = urlsplit(self.path)
            query = dict(parse_qsl(url.query, keep_blank_values=True))
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            response = answer(Request(self.command, self.host, unquote(url.path), query, self.headers, body))
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(response.body)

        do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = exchange

        def finish(self) -> None:
            super().finish()
            self.request.close()

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def _certify(folder: Path, hosts: Collection[str]) -> tuple[Path, ssl.SSLContext]:
    """A certificate for `hosts` that is its own authority, and the server's side of TLS with it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Emulated Azure of a test")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .sign(key, hashes.SHA256())
    )
    authority, chain = folder / "authority.pem", folder / "chain.pem"
    authority.write_bytes(certificate.public_bytes(Encoding.PEM))
    chain.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + authority.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return authority, context
