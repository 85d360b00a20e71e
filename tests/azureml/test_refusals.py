"""Mistakes in the job files that the official client or Azure refuses: each poison must be refused for its reason."""

import pytest

from tests.emulator.client import Azure, Refused
from tests.support.project import Project

pytestmark = pytest.mark.network

PIPELINE, COMPONENT = "azureml/pipelines/train.yml", "azureml/components/train.yml"
ENVIRONMENT = "azureml/environments/job.yml"
POISONS = {
    "environment": (
        *(COMPONENT, "file:../environments/job.yml", "azureml:nothing:1"),
        "Could not find asset .*/environments/nothing/versions/1",
    ),
    "component": (
        *(PIPELINE, "../components/gate.yml", "azureml:nothing:1"),
        "Could not find asset .*/components/nothing/versions/1",
    ),
    "data-version": (
        *(PIPELINE, "azureml:applications@latest", "azureml:applications:7"),
        "Could not find asset .*/data/applications/versions/7",
    ),
    "compute": (PIPELINE, "azureml:cpu", "azureml:gpu", "Unknown compute target 'gpu'"),
    "dockerfile": (ENVIRONMENT, "dockerfile_path: Dockerfile", "dockerfile_path: Nofile", "nothing at .*/Nofile"),
    "binding": (
        *(PIPELINE, "parent.jobs.train.outputs.baselines", "parent.jobs.train.outputs.nothing"),
        r"evaluate\.inputs\.baselines is bound to nothing",
    ),
    "optional-input": (
        *(PIPELINE, "\n  seed: 7", "\n  champion:\n    type: uri_folder\n    optional: true\n  seed: 7"),
        r"'optional': \['Unknown field\.'\]",
    ),
}


@pytest.mark.parametrize("poison", POISONS)
def test_a_wrong_reference_is_refused(azure: Azure, project: Project, poison: str) -> None:
    file, right, wrong, reason = POISONS[poison]
    text = (project.path / file).read_text(encoding="utf-8")
    assert text.count(right) == 1
    (project.path / file).write_text(text.replace(right, wrong), encoding="utf-8")
    with pytest.raises(Refused, match=reason):
        azure.submit(project.path)


def test_data_that_was_never_registered_is_refused(azure: Azure, reference: Project) -> None:
    azure.forget()
    with pytest.raises(Refused, match="Asset applications does not exist in workspace mlw-lend"):
        azure.submit(reference.path, register=False)
