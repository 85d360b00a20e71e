"""A program takes its settings from the engine; files say only at which line a mistake stands."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from right_stacks import DEV, GONE, SLUG, Project
from settings import HERE

from mlops.errors import Misuse

PROGRAM = """
import json, sys
import pulumi, settings
from pathlib import Path
from pulumi.runtime import set_all_config, set_mocks

class Mocks(pulumi.runtime.Mocks):
    call = new_resource = None

settings.HERE = Path(sys.argv[1])
set_mocks(Mocks(), "triage", "dev", True)
set_all_config({f"triage:{key}": json.dumps(value) for key, value in json.loads(sys.argv[2]).items()})
try:
    print(settings.load().tags["project"])
except pulumi.RunError as error:
    print(error)
"""


@pytest.fixture
def load(project: Project) -> Callable[[Mapping[str, Any]], str]:
    """What a program says when the engine gives it this configuration."""
    project.read("dev")

    def run(config: Mapping[str, Any]) -> str:
        arguments = [sys.executable, "-c", PROGRAM, str(project.infra), json.dumps(config)]
        done = subprocess.run(arguments, cwd=HERE, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    return run


def test_a_program_takes_its_settings_from_the_engine(load: Callable[[Mapping[str, Any]], str]) -> None:
    assert load(DEV) == SLUG


def test_a_program_is_refused_in_sentences(load: Callable[[Mapping[str, Any]], str]) -> None:
    said = load({**DEV, "storage": {"redundancy": "RAID", "versions": True, "keep_deleted_days": 1}})
    assert said.startswith("nothing was changed, since the settings of dev are refused:\n")
    assert "`storage.redundancy` must be 'LRS', 'ZRS' or 'GZRS', not 'RAID'." in said
    assert "`storage.keep_deleted_days` must be at least 7, not 1." in said


def test_a_project_that_was_not_onboarded_is_told_how(load: Callable[[Mapping[str, Any]], str]) -> None:
    said = load(
        {**{topic: value for topic, value in DEV.items() if topic != "organisation"}, "logs": {"keep_days": 30}}
    )
    assert "Pulumi.dev.yaml:1: the project is not onboarded: add it to `projects.yaml`" in said
    assert "as `triage:organisation`." in said
    assert "`logs.scope` is missing; add it." in said, "what else is wrong is said too"


def test_a_project_that_was_not_onboarded_can_be_read_but_has_no_organisation(project: Project) -> None:
    project.change(project.stacks["dev"], "organisation", GONE)
    stack = project.read("dev")
    with pytest.raises(Misuse, match=r"^Pulumi\.dev\.yaml: the project is not onboarded: add it"):
        _ = stack.organisation
