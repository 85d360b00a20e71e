"""Data add, submit, share, deploy, tick: killed anywhere and typed again, they leave what one of them leaves."""

import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from mlops.platform.azure.client import Azure
from mlops.platform.azure.ledger import LEASE
from mlops.platform.azure.names import Names
from tests.emulator.arm import OWNER
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.directory import Principal
from tests.emulator.world import CONTAINER, GROUP, VAULT
from tests.mlops.platform.azure import online
from tests.mlops.platform.azure.acts import ACTS, TICK, Act, variables
from tests.mlops.platform.azure.conftest import ACCOUNT
from tests.mlops.platform.azure.held import hold
from tests.mlops.platform.azure.killed import Before, Ended, Typed, picture
from tests.mlops.platform.azure.matrix import registry
from tests.support.project import Project

KEY = f"{VAULT}/keys/sign"
deployer = online.person


@pytest.fixture(scope="module")
def person(cloud: Cloud, deployer: Principal) -> Principal:
    """CI of dev, which does it all."""
    cloud.arm.put(OWNER, KEY, {"properties": {"kty": "EC", "curveName": "P-256", "keyOps": ["sign", "verify"]}})
    sharer = "MLOps Model Sharer", registry(cloud.arm)
    for role, scope in (("MLOps Signer", KEY), ("MLOps Ledger Controller", CONTAINER), sharer):
        hold(cloud.arm, deployer.id, role, scope)
    cloud.arm.assign(deployer.id, "AzureML Data Scientist", GROUP)
    return deployer


@pytest.fixture(scope="module")
def typed(cloud: Cloud, person: Principal, names: Names, tmp_path_factory: pytest.TempPathFactory) -> Typed:
    return Typed(cloud, person, tmp_path_factory.mktemp("home"), variables(names))


@pytest.fixture
def act(
    request: pytest.FixtureRequest,
    cloud: Cloud,
    azure: Azure,
    reference: Project,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Act]:
    """In an empty workspace."""
    cloud.blobs.forget()
    documents, to = {**cloud.arm.store.documents.data}, tmp_path / "project"
    for name, value in variables(azure.names).items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(to / "src")
    yield ACTS[request.param](azure, cloud, reference.path, to)
    cloud.servers.close()
    cloud.arm.store.documents.data = documents


def done(before: Before, typed: Typed, act: Act) -> list[Ended]:
    """Type it, and what goes on with it, until it is over."""
    words, ends = act.words, list[Ended]()
    while not ends or ends[-1].status or act.over not in ends[-1].text:
        ends.append(typed.run(act.path, *words))
        text = ends[-1].text
        if "a killed one lets go after 60 seconds" in text:
            before.cloud.blobs.let_go(ACCOUNT, "ledger", LEASE.format("dev"))
        elif ends[-1].status:
            assert "is being released" in text or "is in service" in text, text
        assert len(ends) < 9, text
        words = TICK if act.over and "lets go" not in text else words
    return ends


def killed(before: Before, typed: Typed, act: Act, number: int, once: Counter[str]) -> str:
    """Kill it at a change, and type it again: as a row of a table."""
    before.again()
    first = typed.run(act.path, *act.words, kill_at=number)
    assert first.status == -signal.SIGKILL, first
    left = ", ".join(f"{count} {kind}" for kind, count in sorted(before.left().items()) if count) or "nothing"
    ends = done(before, typed, act)
    now = picture(before.cloud)
    assert now == once, f"killed at {number}: {[*(now - once)]} instead of {[*(once - now)]}"
    at = f"{first.changes[-1].method} {first.changes[-1].route}"
    return f"| {number} {at} | {left} | {' + '.join(str(len(each.calls)) for each in ends)} |"


@pytest.mark.parametrize("act", ACTS, indirect=True)
@pytest.mark.parametrize("some", [True, pytest.param(False, marks=pytest.mark.long)])
def test_what_is_killed_and_repeated_is_done_once(
    act: Act, some: bool, cloud: Cloud, typed: Typed, tmp_path: Path
) -> None:
    """After each change, or only after the one in the middle and the last one."""
    before = Before.of(cloud, act.path, tmp_path / "kept")
    whole, once = done(before, typed, act)[0], picture(cloud)
    numbers: Sequence[int] = range(1, len(whole.changes) + 1)
    if some:
        numbers = sorted({numbers[len(numbers) // 2], numbers[-1]})
    rows = [killed(before, typed, act, number, once) for number in numbers]
    print(f"\nmlops {' '.join(act.words)}: {len(whole.calls)} calls, {len(whole.changes)} that may change something")
    print("| killed at | left there | calls of the repeat |", "|---|---|---|", *rows, sep="\n")
