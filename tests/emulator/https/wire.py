"""A loopback proxy that answers CONNECT for Azure's hosts and ends TLS itself, so that real clients run unmodified."""

import datetime
import http.server
import ipaddress
import ssl
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

USAGES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
USAGES += ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")


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


class Lost(Exception):
    """The connection ends without an answer."""


class Proxy:
    """Answers for every host that `serves` until closed. Any other host gets 403 and is listed in `strangers`."""

    def __init__(self, folder: Path, serves: Callable[[str], bool], answer: Callable[[Request], Response]) -> None:
        self.strangers: list[str] = []
        self.authority = Authority(folder)
        handler = _handler(serves, answer, self.authority, self.strangers)
        self._server, self._within = (_Server(("127.0.0.1", 0), handler) for _ in range(2))
        context = self.authority.context("127.0.0.1")
        self._within.socket = context.wrap_socket(self._within.socket, server_side=True)
        how = {"kwargs": {"poll_interval": 0.05}, "daemon": True}
        self._threads = [threading.Thread(target=it.serve_forever, **how) for it in (self._server, self._within)]
        for thread in self._threads:
            thread.start()

    def environ(self) -> dict[str, str]:
        """The variables that send a child process's HTTPS through here; plain HTTP is left alone."""
        address = f"http://127.0.0.1:{self._server.server_port}"
        return {"HTTPS_PROXY": address, "NO_PROXY": "", "REQUESTS_CA_BUNDLE": str(self.authority.file)}

    def inside(self, host: str) -> str:
        """Where a server inside Azure, which knows no proxy, finds a host: as the first part of a path."""
        return f"https://127.0.0.1:{self._within.server_port}/{host.replace('.', '_')}"

    def close(self) -> None:
        for server, thread in zip((self._server, self._within), self._threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone is no error of ours."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _handler(
    serves: Callable[[str], bool], answer: Callable[[Request], Response], authority: "Authority", strangers: list[str]
) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        host = ""

        def do_CONNECT(self) -> None:
            host, _, port = self.path.partition(":")
            if not serves(host) or port != "443":
                strangers.append(self.path)
                self.send_error(403, "not one of the emulated hosts")
                return
            self.send_response(200)
            self.end_headers()
            self.host = host
            with suppress(ssl.SSLError):  # who trusts public authorities only goes away
                self.request = authority.context(host).wrap_socket(self.connection, server_side=True)
                self.setup()
                self.close_connection = False

        def exchange(self) -> None:
            url = urlsplit(self.path)
            query = dict(parse_qsl(url.query, keep_blank_values=True))
            length = int(self.headers.get("Content-Length", 0))
            if len(body := self.rfile.read(length)) < length:
                self.close_connection = True  # its sender is gone: Azure does nothing with a part
                return
            host, path = self.host, unquote(url.path)
            if not host:
                first, _, rest = path.lstrip("/").partition("/")
                host, path = first.replace("_", "."), f"/{rest}"
            try:
                response = answer(Request(self.command, host, path, query, self.headers, body))
            except Lost:
                self.close_connection = True
                return
            self.send_response(response.status)
            headers = {name.lower(): value for name, value in response.headers.items()}
            for name, value in (headers | _length(response, headers)).items():
                self.send_header(name, value)
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


def _length(response: Response, headers: Mapping[str, str]) -> dict[str, str]:
    """An answer to HEAD has the length of what it leaves out."""
    return {"content-length": str(len(response.body)) if response.body else headers.get("content-length", "0")}


class Authority:
    """A throw-away certificate authority; the certificate that clients trust is `file`."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.file = folder, folder / "authority.pem"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Emulated Azure of a test")])
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        self._own = self._made(self._name, self._key.public_key(), constraints)
        self.file.write_bytes(self._own.public_bytes(Encoding.PEM))

    @cache  # noqa: B019
    def context(self, host: str) -> ssl.SSLContext:
        """The server's side of TLS for a host."""
        chain, key = self.leaf(host)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        return context

    def leaf(self, host: str) -> tuple[Path, Path]:
        """Certificate and key of a host or address."""
        key = ec.generate_private_key(ec.SECP256R1())
        address = host.replace(".", "").isdigit()
        name = x509.IPAddress(ipaddress.ip_address(host)) if address else x509.DNSName(host)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
        made = self._made(subject, key.public_key(), x509.SubjectAlternativeName([name]))
        files = self._folder / f"{host}.pem", self._folder / f"{host}.key"
        files[0].write_bytes(made.public_bytes(Encoding.PEM))
        files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return files

    def _made(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, extension: x509.ExtensionType
    ) -> x509.Certificate:
        now, public = datetime.datetime.now(datetime.UTC), self._key.public_key()
        usage = dict.fromkeys(USAGES, False) | {"digital_signature": True, "key_cert_sign": subject == self._name}
        return (
            x509.CertificateBuilder(self._name, subject, key, x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
            .sign(self._key, hashes.SHA256())
        )
