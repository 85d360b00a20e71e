from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote
from urllib.request import ProxyHandler, build_opener

import pytest

from mlops.serving import sender
from tests.mlops.serving.azure import Blobs, blobs
from tests.mlops.serving.servers import Server, command, made, running


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("artifact"))


@pytest.fixture(scope="session")
def server(artifact: Path) -> Iterator[Server]:
    """One for all tests that leave it as it was."""
    with running(command("--version=wards:3", "--max-rows=50", "--max-mb=1", model=artifact)) as found:
        yield found


@pytest.fixture
def start(artifact: Path) -> Iterator[Callable[..., Server]]:
    """A server of one's own, with options."""
    with ExitStack() as stack:
        yield lambda *options: stack.enter_context(running(command(*options, model=artifact)))


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blobs]:
    with blobs(tmp_path_factory.mktemp("blobs")) as service:
        yield service


@pytest.fixture
def azure(service: Blobs, monkeypatch: pytest.MonkeyPatch) -> Blobs:
    """The service, trusted by this process, with no blob in it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(service.certificate))
    monkeypatch.setattr(sender, "direct", build_opener(ProxyHandler({})))
    for container in ("log", "restricted"):
        for name in service.names(container):
            service.ask("DELETE", f"{container}/{quote(name)}")
    service.identity.asked.clear()
    return service
