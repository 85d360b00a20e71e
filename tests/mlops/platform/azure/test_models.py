"""Models as assets of a workspace."""

import shutil
from pathlib import Path

import pytest

from mlops import digest
from mlops.errors import Failure, Misuse
from mlops.platform.azure.client import Azure
from mlops.platform.azure.models import AzureModels
from tests.emulator.https.cloud import Cloud
from tests.emulator.world import WORKSPACE
from tests.mlops.platform.azure.bytes import Bytes
from tests.mlops.platform.azure.bytes import kept as kept
from tests.mlops.platform.azure.people import as_person as as_person
from tests.mlops.platform.azure.registering import made, versions
from tests.mlops.platform.azure.registering import models as models
from tests.mlops.platform.azure.registering import project as project
from tests.mlops.platform.test_models import artifact


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
