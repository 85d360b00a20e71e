from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.mlops.serving.servers import Server, command, running


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifact")
    (folder / "model.json").write_text("{}")
    return folder


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
