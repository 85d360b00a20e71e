"""What online deployments run on: for each a real server process of ours, with the model's bytes out of their asset.

Inside Azure nothing goes through a proxy, so hosts that a deployment's variables name are replaced there.
"""

import http.client
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import mlops
from tests.emulator.https.blobs import SUFFIX
from tests.emulator.https.wire import Response
from tests.emulator.ids import Id
from tests.emulator.rules.assets import located
from tests.emulator.rules.endpoints import asset
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.rule import dig
from tests.emulator.store import Document

if TYPE_CHECKING:
    from tests.emulator.https.cloud import Cloud

HOST = re.compile(r"https://([\w.-]+(?:" + re.escape(SUFFIX) + r"|\.vault\.azure\.net))")
START_SECONDS = 60.0
IDENTITY = "identity.internal"


class Server(NamedTuple):
    process: subprocess.Popen[bytes]
    port: int
    log: Path
    secret: str
    clients: tuple[str, ...]


class Servers:
    """By the deployment's id. What is stopped or replaced leaves nothing but its log. `python` has what they import."""

    def __init__(self, cloud: "Cloud", folder: Path) -> None:
        self._cloud, self._folder, self.python = cloud, folder, Path(sys.executable)
        self._running: dict[str, Server] = {}
        self._logs: dict[str, Path] = {}

    def start(self, deployment: Id, document: Document) -> None:
        """Raises Refusal when it does not get ready.

        Source: "Troubleshoot online endpoint deployment" (Microsoft Learn): ResourceNotReady.
        """
        self.stop(deployment)
        place = self._folder / deployment.name
        shutil.rmtree(place, ignore_errors=True)
        self._mount(document["properties"]["model"], deployment, place / "model")
        server = self._run(deployment, document, place)
        self._running[deployment.key], self._logs[deployment.key] = server, server.log
        late = time.monotonic() + START_SECONDS
        while self._asked(server, "GET", "/ready", {}, b"").status != 200:
            if server.process.poll() is not None or time.monotonic() > late:
                self.stop(deployment)
                message = "User container has crashed or terminated. Please see troubleshooting guide."
                raise Refusal(400, "ResourceNotReady", message)
            time.sleep(0.05)

    def stop(self, deployment: Id) -> None:
        if server := self._running.pop(deployment.key, None):
            server.process.terminate()
            server.process.wait()

    def close(self) -> None:
        for key in [*self._running]:
            self.stop(Id(key))

    def ask(self, deployment: Id, headers: dict[str, str], body: bytes) -> Response:
        """An answer of its server to a request for a score; of status 0 where there is none."""
        server = self._running.get(deployment.key)
        return self._asked(server, "POST", "/score", headers, body) if server else Response(0)

    def logs(self, deployment: Id, tail: int) -> str:
        log = self._logs.get(deployment.key)
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log else []
        return "\n".join(lines[-tail:])

    def client(self, secret: str, client: str) -> str:
        """The identity for which a container may ask, by the secret that only it has."""
        server = next((each for each in self._running.values() if each.secret == secret), None)
        if server is None or client not in server.clients:
            raise Refusal(400, "invalid_request", "No managed identity of that client id is assigned to this endpoint.")
        return client

    def _mount(self, model: str, deployment: Id, to: Path) -> None:
        found = asset(self._cloud.arm, model)
        assert found
        uri = found["properties"]["modelUri"]
        account, container, path = located(uri, self._cloud.arm, workspace(deployment))
        for name, content in self._cloud.blobs.all(account, container, path.rstrip("/") + "/").items():
            file = to / name.removeprefix(path.rstrip("/")).lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    def _run(self, deployment: Id, document: Document, place: Path) -> Server:
        endpoint = self._cloud.arm.find(deployment.parent.text) if deployment.parent else None
        held = dig(endpoint or {}, "identity.userAssignedIdentities", {}).values()
        inside, secret, port = self._cloud.proxy.inside, secrets.token_hex(8), _free_port()
        given = document["properties"].get("environmentVariables") or {}
        limits = document["properties"].get("requestSettings") or {}
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(mlops.__path__[0]).parent),
            "PYTHONDONTWRITEBYTECODE": "1",
            "AZUREML_MODEL_DIR": str(place / "model"),
            "MLOPS_SPOOL": str(place / "spool"),
            "MLOPS_PORT": str(port),
            "MLOPS_TIMEOUT_MS": str(_milliseconds(limits.get("requestTimeout", "PT5S"))),
            "SSL_CERT_FILE": str(self._cloud.proxy.authority.file),
            "MSI_ENDPOINT": f"{inside(IDENTITY)}/token",
            "MSI_SECRET": secret,
            **{name: HOST.sub(lambda at: inside(at[1]), text) for name, text in given.items()},
        }
        log = self._folder / "logs" / f"{deployment.name}-{secret}.txt"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as out:
            words = [self.python, "-m", "mlops.serving"]
            process = subprocess.Popen(words, env=environment, cwd=place, stdout=out, stderr=subprocess.STDOUT)
        return Server(process, port, log, secret, tuple(each["clientId"] for each in held))

    def _asked(self, server: Server, method: str, path: str, headers: dict[str, str], body: bytes) -> Response:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Response(answer.status, answer.read(), dict(answer.headers.items()))
        except OSError:
            return Response(0)
        finally:
            connection.close()


def workspace(id: Id) -> str:
    """The id of the workspace that something lies in."""
    return id.text[: id.text.lower().index("/onlineendpoints/")]


def _milliseconds(duration: str) -> int:
    """Of `PT5S`, as the client writes five seconds, or `PT0.5S`."""
    return round(float(duration.removeprefix("PT").removesuffix("S")) * 1000)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
