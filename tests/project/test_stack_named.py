"""`make infra-…` refuses a stack that it does not take before it installs anything."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.project import Project


@pytest.mark.parametrize(
    ("target", "stack", "takes"),
    [
        ("infra-empty", "prod", "dev staging. docs/infrastructure.md says how a person takes prod down."),
        ("infra-destroy", "prod", "dev staging. docs/infrastructure.md says how a person takes prod down."),
        ("infra-up", "", "dev staging prod."),
        ("infra-preview", "production", "dev staging prod."),
    ],
)
def test_a_stack_that_a_target_does_not_take_is_refused_first(
    reference: Project, tmp_path: Path, target: str, stack: str, takes: str
) -> None:
    """The Makefile alone: there is nothing to install from."""
    shutil.copy(reference.path / "Makefile", tmp_path)
    done = subprocess.run(["make", target, f"STACK={stack}"], cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert done.returncode == 2
    assert f"say which stack, as in `make {target} STACK=dev`, one of: {takes}" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["Makefile"]
