"""Azurite, Microsoft's emulator of blob storage: one account that takes only tokens, over HTTPS."""

import base64
import fcntl
import http.client
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.project import TEMPLATE

ACCOUNT = "emulated"


@contextmanager
def azurite(certificate: Path, key: Path, folder: Path) -> Iterator[int]:
    """The port where it answers for 127.0.0.1 with this certificate. What it keeps is in memory."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["--silent", "--disableTelemetry", "--skipApiVersionCheck", "--inMemoryPersistence", "--oauth", "basic"]
    place = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--cert", str(certificate), "--key", str(key)]
    known = {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{base64.b64encode(b'k' * 64).decode()}", "HOME": str(folder)}
    known["PATH"] = "/usr/local/bin:/usr/bin:/bin"
    process = subprocess.Popen([_script(), *options, *place], env=known, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _script() -> str:
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


def _wait(port: int) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for left in reversed(range(200)):
        try:
            connection = http.client.HTTPSConnection("127.0.0.1", port, context=context)
            connection.request("GET", "/")
            connection.getresponse().read()
            return
        except OSError:
            if not left:
                raise
            time.sleep(0.1)
