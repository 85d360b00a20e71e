"""The projects whose workflows are looked at: each CI system with each way of serving, and each Python once."""

from collections.abc import Mapping
from itertools import product

import pytest

from tests.support.project import Project, render
from tests.workflows.model import AZURE, GITHUB

SYSTEMS = (GITHUB, AZURE)
SERVINGS = ("online-and-batch", "batch")
PYTHONS = {"online-and-batch": "3.12", "batch": "3.13"}
"""Of the others than the reference project; it is in the files of Azure DevOps only."""
Projects = Mapping[tuple[str, str], Project]


@pytest.fixture(scope="session")
def projects(reference: Project, tmp_path_factory: pytest.TempPathFactory) -> Projects:
    """By system and serving. Read them, never write to them."""
    folder, first = tmp_path_factory.mktemp("workflows"), (SYSTEMS[0], SERVINGS[0])
    others = [each for each in product(SYSTEMS, SERVINGS) if each != first]
    return {first: reference} | {
        (system, serving): Project(
            render(folder / system / serving, ci_system=system, serving=serving, python_version=PYTHONS[serving])
        )
        for system, serving in others
    }
