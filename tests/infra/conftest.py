"""Fixtures of the infrastructure's tests. They run in the environment of `infra/`, by `pytest tests/infra`."""

import fcntl
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.infra.azurite import blob_storage
from tests.infra.cloud import Cloud
from tests.infra.onboarded import Onboarded
from tests.infra.onboarded import organisation as organisation_of
from tests.infra.support import PROJECT, TEMPLATE, Stack, copy
from tests.support.project import Project, generate

TOOLS = TEMPLATE / "tests" / "tools"


def prepare(script: Path) -> Path:
    """What a script under tests/tools prints; it installs once, while other workers wait."""
    cache = TEMPLATE / ".cache"
    cache.mkdir(exist_ok=True)
    with (cache / f"{script.parent.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
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
def reference(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The reference project, rendered once; never written to."""
    folder = tmp_path_factory.mktemp("reference")
    done = generate(folder, home=folder / "home")
    assert done.returncode == 0, done.stdout + done.stderr
    return Project(next(path for path in folder.iterdir() if (path / "mlops.yaml").exists()))


@pytest.fixture
def organisation(stack_of: Callable[..., Stack], tmp_path: Path) -> Stack:
    """The organisation's program on its one stack, with projects.yaml to change."""
    folder = copy(TEMPLATE / "infra", tmp_path / "template" / "infra")
    (tmp_path / "template" / PROJECT.name).symlink_to(PROJECT)
    return stack_of(folder, "main", PYTHONPATH=str(PROJECT / "src"))


@pytest.fixture(scope="session")
def _organised(engine: Path, reference: Project, tmp_path_factory: pytest.TempPathFactory) -> Onboarded:
    made = organisation_of(tmp_path_factory.mktemp("organised") / "root", engine, reference.path)
    made.organisation.up().ok()
    return made


@pytest.fixture
def onboarded(_organised: Onboarded, tmp_path: Path) -> Iterator[Onboarded]:
    """The organisation is up and knows the project, none of whose stacks is up yet."""
    made = _organised.copy(tmp_path / "onboarded")
    yield made
    made.cloud.close()


@pytest.fixture(scope="session")
def _brought_up(_organised: Onboarded, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Onboarded]:
    @cache
    def bring_up(name: str) -> Onboarded:
        made = _organised.copy(tmp_path_factory.mktemp(name) / "root")
        made.begun(name).up().ok()
        return made

    return bring_up


@pytest.fixture
def up(_brought_up: Callable[[str], Onboarded], tmp_path: Path) -> Iterator[Callable[[str], Onboarded]]:
    """One stack of the project is up: `up("prod")`."""
    copies: list[Onboarded] = []

    def bring_up(name: str) -> Onboarded:
        copies.append(_brought_up(name).copy(tmp_path / name))
        return copies[-1]

    yield bring_up
    for each in copies:
        each.cloud.close()
