"""The names that `mlops env sync` brings to a project are those that its real stack exports."""

import subprocess
from collections.abc import Callable

import pytest
import yaml

from mlops.errors import Failure, Misuse
from mlops.platform.azure import names
from tests.infra import TEMPLATE
from tests.infra.onboarded import Onboarded
from tests.infra.support import Stack

Act = Callable[[Stack], object]


@pytest.fixture
def sync(monkeypatch: pytest.MonkeyPatch) -> Callable[[Stack], names.Names]:
    def sync(stack: Stack) -> names.Names:
        for name, value in stack.env(stack.caller).items():
            monkeypatch.setenv(name, value)
        project = stack.folder.parent
        file = names.sync(project, stack.name)
        assert file == project / ".mlops" / "env" / f"{stack.name}.json"
        return names.read(project, stack.name)

    return sync


def test_what_a_stack_exports_is_written(up: Callable[[str], Onboarded], sync: Callable[[Stack], names.Names]) -> None:
    stack = up("dev").stack("dev")
    found, outputs = sync(stack), stack.outputs()
    assert found == names.of(outputs)
    assert found.computes == ("cpu",)
    assert f"/{found.registry}" in outputs["registry"] and "/" not in found.registry


def test_as_a_person_types_it(up: Callable[[str], Onboarded]) -> None:
    stack = up("dev").stack("dev")
    done = subprocess.run(
        [TEMPLATE / ".venv/bin/python", "-m", "mlops", "env", "sync", "dev"],
        cwd=stack.folder.parent,
        env=stack.env(stack.caller),
        capture_output=True,
        encoding="utf-8",
    )
    assert (done.returncode, "dev.json (what CI reads in the variable MLOPS_ENV_DEV)" in done.stdout) == (0, True)


def no_organisation(stack: Stack) -> None:
    file = stack.folder / "Pulumi.dev.yaml"
    document = yaml.safe_load(file.read_text())
    document["config"] = {key: value for key, value in document["config"].items() if "organisation" not in key}
    file.write_text(yaml.safe_dump(document))


@pytest.mark.parametrize(
    ("spoil", "error", "sentence"),
    [
        (
            lambda stack: stack.variables.update(PATH="/nowhere"),
            Misuse,
            "`pulumi` is not on the PATH: .*MLOPS_ENV_DEV",
        ),
        (no_organisation, Misuse, "Pulumi.dev.yaml: the project is not onboarded"),
        (
            lambda stack: stack.run("stack", "rm", "--yes", "--preserve-config").ok(),
            Misuse,
            "dev has no stack yet. Bring it up with: make",
        ),
        (lambda stack: None, Misuse, "the stack of dev has no output 'subscription'. Bring it up with: make infra-up"),
        (
            lambda stack: stack.variables.update(PULUMI_BACKEND_URL="file:///nowhere"),
            Failure,
            "pulumi could not read the stack of dev: unable to open bucket .* set PULUMI_BACKEND_URL",
        ),
    ],
    ids=["no pulumi", "not onboarded", "no stack", "no outputs", "no state"],
)
def test_what_keeps_them_away_is_one_sentence_and_leaves_the_old_ones(
    onboarded: Onboarded,
    sync: Callable[[Stack], names.Names],
    spoil: Act,
    error: type[Exception],
    sentence: str,
) -> None:
    stack = onboarded.begun("dev")
    old = names.place(stack.folder.parent, "dev")
    old.parent.mkdir(parents=True)
    old.write_text("old")
    spoil(stack)
    with pytest.raises(error, match=sentence):
        sync(stack)
    assert old.read_text() == "old"
