"""Emulated blob storage as the home of an engine's state."""

import base64
import hashlib
import hmac
import secrets
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path

ACCOUNT, CONTAINER = "emulated", "state"


@contextmanager
def blob_storage(command: str, folder: Path) -> Iterator[dict[str, str]]:
    """Serves one empty container; what the engine's environment needs to keep its state there."""
    key = base64.b64encode(secrets.token_bytes(64)).decode()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["--silent", "--disableTelemetry", "--skipApiVersionCheck", "--location", str(folder)]
    env = {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{key}", "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder)}
    process = subprocess.Popen([command, *options, "--blobHost", "127.0.0.1", "--blobPort", str(port)], env=env)
    try:
        _make_container(port, key)
        place = f"storage_account={ACCOUNT}&domain=127.0.0.1:{port}&protocol=http&localemu=true"
        yield {
            "PULUMI_BACKEND_URL": f"azblob://{CONTAINER}?{place}",
            "AZURE_STORAGE_ACCOUNT": ACCOUNT,
            "AZURE_STORAGE_KEY": key,
        }
    finally:
        process.terminate()
        process.wait()


def _make_container(port: int, key: str) -> None:
    """Signed as "Authorize with Shared Key" (Microsoft Learn) says; asked again until the service is up."""
    date, version = formatdate(usegmt=True), "2021-12-02"
    headers = f"x-ms-date:{date}\nx-ms-version:{version}\n"
    resource = f"/{ACCOUNT}/{ACCOUNT}/{CONTAINER}\nrestype:container"
    text = "PUT" + "\n" * 12 + headers + resource
    signed = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256)
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/{ACCOUNT}/{CONTAINER}?restype=container",
        method="PUT",
        headers={
            "Authorization": f"SharedKey {ACCOUNT}:{base64.b64encode(signed.digest()).decode()}",
            "x-ms-date": date,
            "x-ms-version": version,
        },
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for left in reversed(range(200)):
        try:
            direct.open(request).close()
            return
        except urllib.error.HTTPError:
            raise
        except OSError:
            if not left:
                raise
            time.sleep(0.1)
