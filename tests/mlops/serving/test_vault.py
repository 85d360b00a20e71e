"""The key of the log's ids in Azure, from an emulated key vault that signs with a real key."""

import json
import subprocess
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256

from mlops.errors import Misuse
from mlops.outcomes import ids
from mlops.serving import identity, vault
from tests.mlops.serving.azure import CLIENT, SECRET, Identity, served
from tests.mlops.serving.servers import ROW, command, environment, running

KEYS = {f"/keys/inference-log/{version}": rsa.generate_private_key(65537, 2048) for version in ("1", "2")}


def signature(path: str, text: bytes) -> bytes:
    return KEYS[path].sign(text, padding.PKCS1v15(), utils.Prehashed(SHA256()))


class Vault(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path, _, rest = self.path.partition("/sign")
        may = self.headers["Authorization"] == "Bearer token" and rest == "?api-version=7.4" and asked["alg"] == "RS256"
        self.send_response(200 if may and path in KEYS else 403)
        self.end_headers()
        if may and path in KEYS:
            made = urlsafe_b64encode(signature(path, urlsafe_b64decode(asked["value"] + "=="))).rstrip(b"=")
            self.wfile.write(json.dumps({"kid": path, "value": made.decode()}).encode())

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture(scope="module")
def there() -> Iterator[tuple[str, dict[str, str]]]:
    """The address of the vault, and what the variables of a deployment say of the identity."""
    known = Identity(resource=identity.VAULT)
    known.token = lambda: "token"  # type: ignore[method-assign]
    with served(known) as msi, ThreadingHTTPServer(("127.0.0.1", 0), Vault) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        variables = {"MSI_ENDPOINT": msi, "MSI_SECRET": SECRET, "UAI_CLIENT_ID": CLIENT}
        yield f"http://127.0.0.1:{server.server_port}", variables
        server.shutdown()


def test_all_who_may_sign_make_one_key_and_another_version_is_another(there) -> None:
    url, variables = there
    keys = [vault.key(f"{url}/keys/inference-log/{version}", variables) for version in ("1", "1", "2")]
    assert keys[0] == keys[1] != keys[2] and {len(key) for key in keys} == {ids.BYTES}
    assert keys[0] == sha256(signature("/keys/inference-log/1", vault.SIGNED)).digest()


@pytest.mark.parametrize(
    ("path", "change", "says"),
    [
        ("/keys/other/1", {}, "HTTP Error 403"),
        ("/keys/inference-log/1", {"MSI_SECRET": "another"}, "HTTP Error 400"),
        ("/keys/inference-log/1", {"UAI_CLIENT_ID": "another"}, "HTTP Error 400"),
    ],
)
def test_who_may_not_sign_makes_none(there, path: str, change: dict[str, str], says: str) -> None:
    url, variables = there
    with pytest.raises(Misuse, match=f"{path}: does not sign .*{says}.*MLOPS_LOG_KEY_URL"):
        vault.key(url + path, variables | change)


def test_a_server_hashes_ids_with_it(there, artifact: Path, tmp_path: Path) -> None:
    url, variables = there
    own = environment() | variables | {"MLOPS_LOG_KEY_URL": f"{url}/keys/inference-log/1"}
    with running(command(f"--spool={tmp_path}", model=artifact), own) as server:
        assert server.score(ROW, x_ms_client_request_id="application-17").status == 200
        assert server.end() == 0
    [file] = (tmp_path / "predictions").iterdir()
    key = sha256(signature("/keys/inference-log/1", vault.SIGNED)).digest()
    assert json.loads(file.read_text())["id"] == ids.hashed("application-17", key)


def test_a_server_that_cannot_have_it_does_not_start(artifact: Path) -> None:
    own = environment() | {"MLOPS_LOG_KEY_URL": "https://127.0.0.1:1/keys/inference-log/1"}
    done = subprocess.run(command(model=artifact), env=own, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "does not sign for the key of the log's ids: KeyError: 'MSI_ENDPOINT'" in done.stderr
