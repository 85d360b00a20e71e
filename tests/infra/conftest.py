"""Fixtures of the infrastructure's tests. They run in the environment of `infra/`, by `pytest tests/infra`."""

import fcntl
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.infra import PROJECT, TEMPLATE
from tests.infra.azurite import blob_storage
from tests.infra.cloud import Cloud
from tests.infra.onboarded import Onboarded
from tests.infra.onboarded import organisation as organisation_of
from tests.infra.support import Stack, copy

TOOLS = TEMPLATE / "tests" / "tools"
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # each process that is started would compile all that it imports


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """While nobody else is, on this machine."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def prepare(script: Path) -> Path:
    """What a script under tests/tools prints; it installs once, while other workers wait."""
    cache = TEMPLATE / ".cache"
    cache.mkdir(exist_ok=True)
    with alone(cache / f"{script.parent.name}.lock"):
        done = subprocess.run(["sh", script], capture_output=True, encoding="utf-8")
    if done.returncode == 3:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One loud line for each tool that is missing, instead of silence."""
    reasons = Counter(str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", []))
    for reason, number in reasons.items():
        line = f"INFRASTRUCTURE NOT TESTED: {number} tests skipped. {reason.removeprefix('Skipped: ')}"
        terminalreporter.write_line(line, red=True, bold=True)


@pytest.fixture(scope="session")
def engine() -> Path:
    """The folder of `pulumi` and its language host."""
    return prepare(TOOLS / "engine" / "build.sh")


@pytest.fixture
def azurite(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Variables that put a stack's state into a blob container."""
    with blob_storage(str(prepare(TOOLS / "azurite" / "install.sh")), tmp_path) as variables:
        yield variables


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """A fresh subscription, with an owner."""
    cloud = Cloud()
    yield cloud
    cloud.close()


@pytest.fixture
def stack_of(engine: Path, cloud: Cloud, tmp_path: Path) -> Callable[..., Stack]:
    """A new stack of a program: `stack_of(folder, "dev", PYTHONPATH=...)`."""

    def make(folder: Path, name: str, **variables: str) -> Stack:
        return Stack(folder, name, cloud, engine, tmp_path / "scratch", variables).init()

    return make


@pytest.fixture
def small(stack_of: Callable[..., Stack], tmp_path: Path) -> Stack:
    """The small program of these tests, on a stack of its own."""
    return stack_of(copy(Path(__file__).parent / "programs" / "small", tmp_path / "small"), "test")


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """A folder that one worker fills, while the others wait: `once(name, fill)`."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def filled(name: str, fill: Callable[[Path], object]) -> Path:
        folder, new = shared / name, shared / f"{name}.new"
        with alone(shared / f"{name}.lock"):
            if not folder.exists():
                shutil.rmtree(new, ignore_errors=True)
                fill(new)
                new.rename(folder)
        return folder

    return filled


@pytest.fixture
def organisation(stack_of: Callable[..., Stack], tmp_path: Path) -> Stack:
    """The organisation's program on its one stack, with projects.yaml to change."""
    folder = copy(TEMPLATE / "infra", tmp_path / "template" / "infra")
    (tmp_path / "template" / PROJECT.name).symlink_to(PROJECT)
    return stack_of(folder, "main", PYTHONPATH=str(PROJECT / "src"))


@pytest.fixture(scope="session")
def _organised(engine: Path, once: Callable[..., Path]) -> Path:
    def organise(folder: Path) -> None:
        made = organisation_of(folder, engine)
        made.organisation.up().ok()
        made.begin()
        made.save()

    return once("organised", organise)


@pytest.fixture
def onboarded(_organised: Path, engine: Path, tmp_path: Path) -> Iterator[Onboarded]:
    """The organisation is up and knows the project, none of whose stacks is up yet."""
    made = Onboarded.copy(_organised, tmp_path / "onboarded", engine)
    yield made
    made.cloud.close()


@pytest.fixture
def up(
    _organised: Path, engine: Path, once: Callable[..., Path], tmp_path: Path
) -> Iterator[Callable[[str], Onboarded]]:
    """One stack of the project is up: `up("prod")`."""
    copies: list[Onboarded] = []

    def bring_up(name: str) -> Onboarded:
        def fill(folder: Path) -> None:
            made = Onboarded.copy(_organised, folder, engine)
            stack, policy = made.begun(name), folder / "project/infra/policy"
            made.first["preview"] = stack.preview(policy=policy, caller=made.principal(name, "reader")).ok()
            made.first["up"] = stack.up(policy=policy).ok()
            made.save()

        copies.append(Onboarded.copy(once(name, fill), tmp_path / name, engine))
        return copies[-1]

    yield bring_up
    for each in copies:
        each.cloud.close()
