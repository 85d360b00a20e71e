"""Images are built once, in dev, from what names them, and shared with all other environments."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from azure.containerregistry import ContainerRegistryClient
from azure.core.exceptions import HttpResponseError

from mlops.errors import Failure
from mlops.platform.azure import images, names
from mlops.platform.azure.client import ARM, Azure
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.directory import Principal
from tests.emulator.https.routes.registry import R
from tests.emulator.world import GROUP, REGISTRY, WORKSPACE
from tests.mlops.platform.azure.matrix import give, registry
from tests.mlops.platform.azure.people import AsPerson
from tests.mlops.platform.azure.people import as_person as as_person
from tests.mlops.platform.azure.seen import Seen
from tests.support.project import Project

JOB = "name: job\nbuild:\n  path: ../../requirements\n"
SERVE = """name: serve
build:
  path: ../..
  dockerfile_path: requirements/serving.Dockerfile
inference_config:
  liveness_route: {port: 8000, path: /live}
  readiness_route: {port: 8000, path: /ready}
  scoring_route: {port: 8000, path: /score}
"""
VERSIONS = "Microsoft.MachineLearningServices/workspaces/environments/versions"


@pytest.fixture(scope="module")
def person(cloud: Cloud) -> Principal:
    """CI after a merge, and a registry that may copy what it shares."""
    registry(cloud.arm)
    made = cloud.directory.add("deploy")
    give(cloud.arm, made.id, "deploy", "dev")
    return made


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """With an image that is like that of no other test."""
    project = tmp_path / "project"
    (project / "azureml/environments").mkdir(parents=True)
    (project / "azureml/environments/job.yml").write_text(JOB)
    (project / "azureml/environments/serve.yml").write_text(SERVE)
    (project / "requirements").mkdir()
    for name in ("Dockerfile", "serving.Dockerfile"):
        (project / "requirements" / name).write_text(f"FROM base\n# {tmp_path}\n")
    return project


def made(azure: Azure, project: Path) -> list[str]:
    return list(images.build(azure, project))


def test_each_image_is_built_once_and_named_by_its_digest(azure: Azure, cloud: Cloud, project: Path) -> None:
    first = made(azure, project)
    assert [line.partition(" is ")[2] for line in first] == ["built and shared"] * 2
    held = dict(cloud.images.tags)
    assert [line.rpartition(" is ")[2] for line in made(azure, project)] == ["there already"] * 2
    assert cloud.images.tags == held
    name, version = first[1].split()[0].split(":")
    found = azure.ml.environments.get(name, version)
    assert found.image == f"crlend.azurecr.io/serve@{held['crlend', name, version]}"
    assert (found.inference_config.scoring_route.port, found.inference_config.scoring_route.path) == (8000, "/score")
    there = azure.registry.environments.get(name, version)
    assert there.image.partition("@")[2] == held["crlend", name, version] and "crlend" not in there.image


def test_a_share_that_was_interrupted_goes_on(azure: Azure, cloud: Cloud, project: Path) -> None:
    cloud.lose("POST", f"{R}/import")
    with pytest.raises(Failure, match="the connection to Azure was lost"):
        made(azure, project)
    cloud.mend()
    assert [line.partition(" is ")[2] for line in made(azure, project)] == ["shared", "built and shared"]


@pytest.mark.parametrize(
    ("who", "environment", "action"),
    [
        ("data_scientists", "dev", "Microsoft.ContainerRegistry/registries/listBuildSourceUploadUrl"),
        ("deploy", "prod", "Microsoft.MachineLearningServices/registries/assets/write"),
    ],
)
def test_only_deploy_of_dev_may_build_and_share(
    as_person: AsPerson, person: Principal, cloud: Cloud, project: Path, who: str, environment: str, action: str
) -> None:
    name = f"{who} of {environment}"
    give(cloud.arm, cloud.directory.add(name).id, who, environment)
    with pytest.raises(Failure, match=f"may not do {action}"):
        made(as_person(name, {}), project)


def test_a_person_builds_what_a_project_describes(
    reference: Project, azure: Azure, cloud: Cloud, person: Principal, tmp_path: Path
) -> None:
    here = reference.copy(tmp_path / "own")
    names.place(here.path, "dev").parent.mkdir(parents=True)
    names.place(here.path, "dev").write_text(json.dumps(asdict(azure.names)))
    variables = cloud.environ(person, tmp_path)
    done = here.mlops("env", "build", "--on", "dev", **variables)
    assert (done.returncode, done.stdout.count(" is built and shared\n")) == (0, 3), done.stderr
    said = [f"building {line} in dev; this takes some minutes" for line in done.stdout.split() if ":" in line]
    assert done.stderr.splitlines() == said
    assert here.mlops("env", "build", "--on", "dev", **variables).stdout == done.stdout.replace(
        "built and shared", "there already"
    )


def test_other_files_are_another_version(azure: Azure, project: Path) -> None:
    [job, serve] = made(azure, project)
    (project / "notes.md").write_text("only the server is built from the whole project")
    assert made(azure, project)[0] == job.replace("built and shared", "there already")
    (project / "requirements/base.txt").write_text("numpy==2\n")
    again = made(azure, project)
    assert all(line.endswith("is built and shared") for line in again) and not {*again} & {job, serve}


def test_what_was_interrupted_goes_on_with_the_image_that_it_built(azure: Azure, cloud: Cloud, project: Path) -> None:
    cloud.arm.faults.fail(code="UserError", status=400, type=VERSIONS, verb="put")
    with pytest.raises(Failure, match="dev: .UserError."):
        made(azure, project)
    held = dict(cloud.images.tags)
    assert made(azure, project)[0].endswith("is built and shared")
    assert held.items() <= cloud.images.tags.items()


def test_an_image_that_serves_is_deleted_by_nobody(azure: Azure, cloud: Cloud, project: Path) -> None:
    job, serve = ((name, version) for name, version in (line.split()[0].split(":") for line in made(azure, project)))
    registry = ContainerRegistryClient(f"https://{azure.names.image_registry}", azure.credential, audience=ARM)
    with pytest.raises(HttpResponseError, match="disallowed"):
        registry.delete_manifest(serve[0], cloud.images.tags["crlend", *serve])
    registry.delete_manifest(job[0], cloud.images.tags["crlend", *job])
    assert ("crlend", *serve) in cloud.images.tags and ("crlend", *job) not in cloud.images.tags


def test_a_build_that_fails_is_said_with_the_end_of_its_log(
    azure: Azure, cloud: Cloud, project: Path, seen: Seen
) -> None:
    log = [f"line {number}" for number in range(40)]
    cloud.images.failing.append("\n".join([*log, "ERROR: no matching distribution for numpy==99"]))
    with seen.fails("an image that cannot be built", "was not built .Failed.. Correct the Dockerfile") as said:
        made(azure, project)
    assert "numpy==99" in str(said.value) and "line 39" in str(said.value) and "line 9\n" not in str(said.value)
    (project / "requirements/Dockerfile").unlink()
    with pytest.raises(Failure, match="lstat Dockerfile: no such file"):
        made(azure, project)


def test_a_closed_registry_builds_nothing(azure: Azure, cloud: Cloud, project: Path, seen: Seen) -> None:
    cloud.arm.change_behind(REGISTRY, "properties.publicNetworkAccess", "Disabled")
    with seen.fails("a registry of images that is closed", "dev is reached only from inside its network"):
        made(azure, project)
    cloud.arm.change_behind(REGISTRY, "properties.publicNetworkAccess", "Enabled")


def test_who_may_only_read_builds_nothing(
    azure: Azure, cloud: Cloud, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = cloud.directory.add("reader")
    cloud.arm.assign(reader.id, "Reader", GROUP)
    for name, value in cloud.environ(reader, tmp_path).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Failure, match="may not do .*/registries/listBuildSourceUploadUrl/action on dev"):
        made(azure, project)
    assert not [each for each in cloud.arm.below(WORKSPACE) if each.get("systemData", {}).get("createdBy") == reader.id]


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_later_environments_never_build(reference: Project, environment: str) -> None:
    done = reference.mlops("env", "build", "--on", environment)
    assert (done.returncode, f"{environment} never builds: it runs what dev built" in done.stderr) == (2, True)
