"""Models as assets of a workspace, and of the organisation's registry once they are shared."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from securesystemslib.signer import CryptoSigner

from mlops import digest, uploads
from mlops.errors import Failure, Misuse
from mlops.evidence.statements import Statement, signed
from mlops.platform.azure.client import Azure
from mlops.platform.azure.models import AzureModels
from mlops.platform.base import Model
from mlops.specs.load import read
from tests.emulator.arm import OWNER
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.routes.registry import R
from tests.emulator.world import GROUP, STORAGE, WORKSPACE
from tests.mlops.platform.azure.bytes import Bytes, forget
from tests.mlops.platform.azure.bytes import kept as kept
from tests.mlops.platform.azure.matrix import SHARED as REGISTRY
from tests.mlops.platform.azure.matrix import registry
from tests.mlops.platform.azure.people import AsPerson
from tests.mlops.platform.azure.people import as_person as as_person
from tests.mlops.platform.test_models import artifact
from tests.support.project import Project

MAKER = {"Reader": GROUP, "AzureML Data Scientist": GROUP, "Storage Blob Data Contributor": GROUP}
KEY = CryptoSigner.generate_ed25519()


@pytest.fixture
def project(reference: Project, tmp_path: Path) -> Path:
    """What says where models are made, and which images there are."""
    for name in ("azureml", "requirements"):
        shutil.copytree(reference.path / name, tmp_path / "project" / name)
    shutil.copy(reference.path / "mlops.yaml", tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def models(azure: Azure, kept: Bytes, project: Path) -> AzureModels:
    return AzureModels(azure, project)


def made(models: AzureModels, place: Path, mlflow: Path | None = None, **says: Any) -> Model:
    """Register a folder, with a statement that says more than a tag holds."""
    lineage = {"run": "r1", "image": "context:sha256:0", "verdicts": ["v" * 1000], **says}
    statement = signed(Statement("build", {"triage": digest.of_folder(place)}, lineage), KEY)
    return models.register("triage", place, lineage, statement, mlflow)


def versions(cloud: Cloud, scope: str = WORKSPACE) -> list[str]:
    return [each["name"] for each in cloud.arm.below(f"{scope}/models")]


def test_versions_count_up_and_the_same_bytes_find_theirs(models: AzureModels, tmp_path: Path) -> None:
    first = made(models, artifact(tmp_path / "a", "1"))
    second = made(models, artifact(tmp_path / "b", "2"), run="r2")
    again = made(models, artifact(tmp_path / "c", "1"), run="r3")
    assert (first.version, second.version) == (1, 2)
    assert first.digest == digest.of_folder(tmp_path / "a")
    assert again == first and again.lineage["run"] == "r1"
    assert models.list() == (first, second)
    assert models.get("triage:1") == models.get(f"triage@{first.digest[:12]}") == first
    assert models.get("triage") == second


def test_a_version_says_in_tags_what_people_look_for_and_in_its_statement_all(
    models: AzureModels, cloud: Cloud, tmp_path: Path
) -> None:
    model = made(models, artifact(tmp_path / "a", "1"))
    [found] = cloud.arm.below(f"{WORKSPACE}/models")
    tags = found["properties"]["tags"]
    assert tags.pop("project") and tags == {"digest": model.digest, "run": "r1", "image": "context:sha256:0"}
    assert model.lineage["verdicts"] == ["v" * 1000]


@pytest.mark.parametrize("asked", ["triage:3", "triage:x", "triage@000000000000", "other", "../triage", ""])
def test_a_reference_that_names_nothing_is_said_with_what_there_is(
    models: AzureModels, tmp_path: Path, asked: str
) -> None:
    made(models, artifact(tmp_path / "a", "1"))
    with pytest.raises(Misuse, match="triage"):
        models.get(asked)


def test_what_is_no_model_is_refused(models: AzureModels, tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="no model in"):
        models.register("triage", tmp_path / "absent", {}, b"")
    with pytest.raises(Misuse, match="cannot name a model"):
        models.register("../up", artifact(tmp_path / "a", "1"), {}, b"")


def form(place: Path, time: str) -> Path:
    """As MLflow writes a model: with the artifact in it, and the time."""
    artifact(place / "artifact", "1")
    (place / "MLmodel").write_text(time)
    return place


def test_an_asset_holds_the_artifact_its_statement_and_what_mlflow_needs(
    models: AzureModels, kept: Bytes, tmp_path: Path
) -> None:
    model = made(models, artifact(tmp_path / "a", "1"), form(tmp_path / "mlflow", "now"))
    place = f"mlops/models/{model.digest}"
    names = ["MLmodel", "artifact/deep/more.txt", "artifact/model.txt", "build.dsse.json"]
    assert sorted(kept.all(place)) == [f"{place}/{name}" for name in names]
    there = kept.all(place)
    assert made(models, tmp_path / "a", form(tmp_path / "later", "later"), run="r2") == model
    assert kept.all(place) == there and there[f"{place}/MLmodel"] == b"now"


@pytest.mark.parametrize("sent", range(4))
def test_a_register_whose_connection_is_lost_goes_on_where_it_was(
    models: AzureModels, kept: Bytes, tmp_path: Path, sent: int
) -> None:
    place, mlflow = artifact(tmp_path / "a", "1"), form(tmp_path / "mlflow", "now")
    kept.lose(after=sent)
    with pytest.raises(Failure, match="the connection to Azure was lost. Repeat the same command"):
        made(models, place, mlflow)
    assert versions(kept.cloud) == []
    kept.cloud.mend()
    model = made(models, place, mlflow, run="r2")
    assert versions(kept.cloud) == ["1"] and len(kept.all("mlops/models/")) == 4
    assert models.get("triage").lineage == model.lineage and model.lineage["run"] == ("r2" if sent < 3 else "r1")


def test_fetch_gives_the_same_bytes_and_notices_damage(
    models: AzureModels, azure: Azure, project: Path, kept: Bytes, tmp_path: Path
) -> None:
    model = made(models, artifact(tmp_path / "a", "1"))
    models.fetch("triage:1", tmp_path / "fetched")
    assert digest.of_folder(tmp_path / "fetched") == model.digest == digest.of_folder(models.content("triage"))
    with pytest.raises(Misuse, match="fetched: is there already. Name another place."):
        models.fetch("triage:1", tmp_path / "fetched")
    (models.content("triage") / "model.txt").write_text("3")
    assert digest.of_folder(models.content("triage")) == model.digest, "a copy that was changed here is fetched again"
    kept.write(f"mlops/models/{model.digest}/artifact/model.txt", b"3")
    shutil.rmtree(project / ".mlops")
    with pytest.raises(Failure, match="triage:1 no longer have its digest"):
        models.fetch("triage:1", tmp_path / "again")
    assert not (tmp_path / "again").exists()
    assert made(models, tmp_path / "a") == model, "registering it again puts it right"
    models.fetch("triage:1", tmp_path / "again")


def test_a_statement_that_is_gone_is_said(models: AzureModels, kept: Bytes, tmp_path: Path) -> None:
    model = made(models, artifact(tmp_path / "a", "1"))
    assert models.statement("triage").startswith(b"{")
    kept.cloud.blobs.forget()
    shutil.rmtree(tmp_path / "project" / ".mlops")
    with pytest.raises(Failure, match=f"the build statement of triage:{model.version} is missing in dev. Register"):
        models.get("triage")
    assert made(models, tmp_path / "a") == model, "registering it again puts it right"


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
