"""Random single changes of valid specs: whatever the official loader refuses, the linter refuses."""

from pathlib import Path
from typing import Any

import pytest

from mlops.specs.lint.check import lint
from tests.support.mutants import mutants
from tests.support.official_loader import failures
from tests.support.project import Project

pytestmark = pytest.mark.network

COUNT, SEED = 300, 20261122


def test_whatever_the_official_loader_refuses_of_random_mutants_is_refused(
    specs: Project, azure_python: Path, record_property: Any
) -> None:
    folder = specs.path / "azureml"
    files = [file for file in sorted(folder.rglob("*.yml")) if file.parent != folder / "data"]
    changed = dict(mutants(files, COUNT, SEED))
    refused = failures(azure_python, changed)
    found = {file: lint([file], specs.path, "dev")[1] for file in changed}
    record_property("refused by the official loader", len(refused))
    record_property("refused by the linter", sum(map(bool, found.values())))
    assert len(refused) > COUNT / 5
    assert {changed[file]: said for file, said in refused.items() if not found[file]} == {}
