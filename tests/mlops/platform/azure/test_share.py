"""Models as assets of the organisation's registry, where every environment reads them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlops import digest, uploads
from mlops.errors import Failure, Misuse
from mlops.platform.azure.models import AzureModels
from mlops.specs.load import read
from tests.emulator.arm import OWNER
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.routes.registry import R
from tests.emulator.world import STORAGE
from tests.mlops.platform.azure.bytes import forget
from tests.mlops.platform.azure.bytes import kept as kept
from tests.mlops.platform.azure.matrix import SHARED as REGISTRY
from tests.mlops.platform.azure.matrix import registry
from tests.mlops.platform.azure.people import AsPerson
from tests.mlops.platform.azure.people import as_person as as_person
from tests.mlops.platform.azure.registering import MAKER, made
from tests.mlops.platform.azure.registering import project as project
from tests.mlops.platform.test_models import artifact


class Agency:
    """An organisation with a registry, dev that shares, and staging and prod that only read."""

    def __init__(self, cloud: Cloud, as_person: AsPerson, project: Path) -> None:
        self.cloud, self._as_person, self._project = cloud, as_person, project
        self.dev = AzureModels(as_person("ci of dev", {**MAKER, "MLOps Model Sharer": REGISTRY}), project)

    def elsewhere(self, environment: str, clone: Path) -> AzureModels:
        """As CI of another environment sees it, in a clone of its own."""
        shutil.copytree(self._project, clone, ignore=shutil.ignore_patterns(".mlops"))
        return AzureModels(self._as_person(f"ci of {environment}", {"Reader": REGISTRY}, environment), clone)

    def build(self, without: str = "") -> str:
        """Build and share the images that the project has files for; the digest of the one that serves."""
        for file in (self._project / "azureml" / "environments").glob("*.yml"):
            spec = read(file).plain()
            context = uploads.context((file.parent / spec["build"]["path"]).resolve()).rpartition(":")[2]
            if file.stem != without:
                place = f"{REGISTRY}/environments/{spec['name']}/versions/{context[:16]}"
                self.cloud.arm.put(OWNER, place, {"properties": {"image": f"cr.azurecr.io/it@sha256:{'0' * 64}"}})
        return uploads.context(self._project)

    def shared(self, kind: str) -> list[str]:
        return sorted("/".join(each["id"].split("/")[-3::2]) for each in self.cloud.arm.below(f"{REGISTRY}/{kind}"))


@pytest.fixture
def agency(cloud: Cloud, as_person: AsPerson, project: Path) -> Iterator[Agency]:
    forget(cloud)
    registry(cloud.arm)
    yield Agency(cloud, as_person, project)
    cloud.arm.delete(OWNER, REGISTRY)


def test_what_is_shared_is_read_in_every_other_environment(agency: Agency, tmp_path: Path) -> None:
    image = agency.build()
    other = made(agency.dev, artifact(tmp_path / "a", "1"), image=image)
    model = made(agency.dev, artifact(tmp_path / "b", "2"), image=image)
    assert agency.dev.share("triage") == model, "under the number that it has"
    assert agency.shared("models") == ["triage/2"]
    staging = agency.elsewhere("staging", tmp_path / "staging")
    assert staging.list() == (model,) and staging.get(f"triage@{model.digest[:12]}") == model
    assert staging.statement("triage") == agency.dev.statement("triage:2")
    staging.fetch("triage:2", tmp_path / "fetched")
    assert digest.of_folder(tmp_path / "fetched") == model.digest
    with pytest.raises(Misuse, match=f"no version of 'triage' is 'triage:{other.version}'"):
        staging.get("triage:1")


def test_what_is_shared_again_is_found(agency: Agency, tmp_path: Path) -> None:
    image = agency.build()
    first = made(agency.dev, artifact(tmp_path / "a", "1"), image=image)
    assert agency.dev.share("triage") == agency.dev.share("triage:1") == first
    forget(agency.cloud)
    again = made(agency.dev, artifact(tmp_path / "b", "2"), image=image)
    assert (again.version, agency.dev.share("triage").version) == (1, 2), "a number that is taken is not used again"
    assert agency.shared("models") == ["triage/1", "triage/2"]


def test_a_share_that_broke_off_goes_on(agency: Agency, tmp_path: Path) -> None:
    made(agency.dev, artifact(tmp_path / "a", "1"), image=agency.build())
    model = agency.dev.get("triage")
    agency.cloud.lose("POST", f"{R}/import")
    with pytest.raises(Failure, match="the connection to Azure was lost"):
        agency.dev.share("triage")
    agency.cloud.mend()
    assert agency.dev.share("triage") == model
    assert agency.shared("models") == ["triage/1"]


def test_a_model_whose_image_was_not_built_is_not_shared(agency: Agency, tmp_path: Path) -> None:
    made(agency.dev, artifact(tmp_path / "a", "1"), image=agency.build(without="serve"))
    with pytest.raises(Misuse, match="the image of triage:1 is not in the registry mlr-agency.*env build --on dev"):
        agency.dev.share("triage")
    assert agency.shared("models") == []


def others(agency: Agency, name: str) -> None:
    """Let another project have a model in the registry."""
    tags = {"digest": "0" * 64, "project": "lending"}
    agency.cloud.arm.put(OWNER, f"{REGISTRY}/models/{name}/versions/1", {"properties": {"tags": tags}})


def test_what_another_project_has_in_the_registry_is_not_ours(agency: Agency, tmp_path: Path) -> None:
    model = made(agency.dev, artifact(tmp_path / "a", "1"), image=agency.build())
    agency.dev.share("triage")
    others(agency, "loans")
    staging = agency.elsewhere("staging", tmp_path / "staging")
    assert staging.list() == (model,)
    with pytest.raises(Misuse, match="no model is named 'loans'. There are: triage."):
        staging.get("loans")


def test_a_name_that_another_project_has_in_the_registry_is_refused(agency: Agency, tmp_path: Path) -> None:
    made(agency.dev, artifact(tmp_path / "a", "1"), image=agency.build())
    others(agency, "triage")
    with pytest.raises(Misuse, match="the name 'triage' is taken in the registry mlr-agency by lending. Give"):
        agency.dev.share("triage")


@pytest.mark.parametrize(("reads", "action"), [(False, "registries/read"), (True, "registries/assets/write")])
def test_who_may_not_share_is_told(
    agency: Agency, as_person: AsPerson, project: Path, tmp_path: Path, reads: bool, action: str
) -> None:
    made(agency.dev, artifact(tmp_path / "a", "1"), image=agency.build())
    scientist = AzureModels(as_person("ana", MAKER), project)
    if reads:
        agency.cloud.arm.assign(agency.cloud.directory.add("ana").id, "Reader", REGISTRY)
    with pytest.raises(Failure, match=f"may not do Microsoft.MachineLearningServices/{action} on dev. docs/rights.md"):
        scientist.share("triage")
    assert agency.shared("models") == []


def test_a_registry_that_is_not_there_is_said(agency: Agency, tmp_path: Path) -> None:
    made(agency.dev, artifact(tmp_path / "a", "1"), image=agency.build())
    agency.cloud.arm.delete(OWNER, REGISTRY)
    with pytest.raises(Failure, match="the organisation's registry is not there"):
        agency.dev.share("triage")


def test_private_storage_must_let_the_registry_in(agency: Agency, tmp_path: Path) -> None:
    made(agency.dev, artifact(tmp_path / "a", "1"), image=agency.build())
    acls = {"defaultAction": "Deny", "resourceAccessRules": []}
    agency.cloud.arm.change_behind(STORAGE, "properties.networkAcls", acls)
    with pytest.raises(Failure, match="dev is reached only from inside its network"):
        agency.dev.fetch("triage", tmp_path / "fetched")
    with pytest.raises(Failure, match="mlr-agency is not authorized to read the storage of the workspace"):
        agency.dev.share("triage")
    acls["resourceAccessRules"] = [{"resourceId": REGISTRY, "tenantId": "t"}]
    assert agency.dev.share("triage").version == 1
    agency.cloud.arm.change_behind(STORAGE, "properties.networkAcls", {})


def test_models_are_made_in_one_environment(agency: Agency, tmp_path: Path) -> None:
    staging = agency.elsewhere("staging", tmp_path / "staging")
    with pytest.raises(Misuse, match="models are registered on dev, as `training.where` in .* Use --on dev"):
        made(staging, artifact(tmp_path / "a", "1"))
    with pytest.raises(Misuse, match="models are shared on dev, .*Use --on dev"):
        staging.share("triage")


def test_where_data_may_not_leave_prod_models_are_made_there(
    agency: Agency, as_person: AsPerson, project: Path, tmp_path: Path
) -> None:
    file = project / "mlops.yaml"
    file.write_text(file.read_text().replace("where: dev", "where: prod"))
    with pytest.raises(Misuse, match="models are registered on prod"):
        made(AzureModels(as_person("ci of dev", {**MAKER, "Reader": REGISTRY}), project), artifact(tmp_path / "a", "1"))
    prod = AzureModels(as_person("ci of prod", {**MAKER, "MLOps Model Sharer": REGISTRY}, "prod"), project)
    model = made(prod, artifact(tmp_path / "b", "2"), image=agency.build())
    with pytest.raises(Misuse, match="models are made in prod, .*: they are released there, and never shared."):
        prod.share("triage")
    assert agency.shared("models") == []
    assert prod.place(model).endswith(f"/mlops/models/{model.digest}/artifact/")
