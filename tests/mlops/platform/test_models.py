"""The registry of models on the laptop."""

import multiprocessing
import shutil
from pathlib import Path

import pytest

from mlops import digest
from mlops.errors import Failure, Misuse
from mlops.platform.base import Models
from mlops.platform.local.models import LocalModels


@pytest.fixture
def models(tmp_path: Path) -> Models:
    return LocalModels(tmp_path / ".mlops")


def artifact(place: Path, content: str) -> Path:
    (place / "deep").mkdir(parents=True)
    (place / "model.txt").write_text(content)
    (place / "deep" / "more.txt").write_text("more")
    return place


def test_versions_count_up_and_the_same_bytes_find_theirs(models: Models, tmp_path: Path) -> None:
    first = models.register("triage", artifact(tmp_path / "a", "1"), {"run": "r1"}, b"")
    second = models.register("triage", artifact(tmp_path / "b", "2"), {"run": "r2"}, b"")
    again = models.register("triage", artifact(tmp_path / "c", "1"), {"run": "r3"}, b"")
    assert (first.version, second.version) == (1, 2)
    assert first.digest == digest.of_folder(tmp_path / "a")
    assert again == first and again.lineage == {"run": "r1"}
    assert models.list() == (first, second)


def test_a_model_keeps_its_first_statement(models: Models, tmp_path: Path) -> None:
    for place, statement in (("a", b"first"), ("b", b"second")):
        models.register("triage", artifact(tmp_path / place, "1"), {}, statement)
    assert models.statement("triage") == b"first"
    (tmp_path / ".mlops" / "models" / "triage" / "1" / "build.dsse.json").unlink()
    with pytest.raises(Failure, match="the build statement of triage, is missing. Register the model again"):
        models.statement("triage")


def test_a_model_is_named_by_version_by_digest_or_as_the_latest(models: Models, tmp_path: Path) -> None:
    first = models.register("triage", artifact(tmp_path / "a", "1"), {}, b"")
    second = models.register("triage", artifact(tmp_path / "b", "2"), {}, b"")
    assert models.get("triage:1") == models.get(f"triage@{first.digest[:12]}") == first
    assert models.get("triage") == second


@pytest.mark.parametrize(
    "reference", ["triage:3", "triage:x", "triage@000000000000", "triage@", "triage:", ":1", "other", "../triage", ""]
)
def test_a_reference_that_names_nothing_is_said_with_what_there_is(
    models: Models, tmp_path: Path, reference: str
) -> None:
    models.register("triage", artifact(tmp_path / "a", "1"), {}, b"")
    with pytest.raises(Misuse, match="triage"):
        models.get(reference)


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "a:1", "a@b"])
def test_a_name_that_a_reference_could_not_hold_is_refused(models: Models, tmp_path: Path, name: str) -> None:
    with pytest.raises(Misuse, match="cannot name a model"):
        models.register(name, artifact(tmp_path / "a", "1"), {}, b"")


def test_nothing_to_register_is_refused(models: Models, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "empty", tmp_path / "absent"):
        with pytest.raises(Misuse, match="no model in"):
            models.register("triage", place, {}, b"")


def test_fetch_gives_the_same_bytes_and_notices_damage(models: Models, tmp_path: Path) -> None:
    model = models.register("triage", artifact(tmp_path / "a", "1"), {}, b"")
    shutil.rmtree(tmp_path / "a")
    models.fetch("triage:1", tmp_path / "fetched")
    assert digest.of_folder(tmp_path / "fetched") == model.digest
    (tmp_path / ".mlops" / "models" / "triage" / "1" / "content" / "model.txt").write_text("3")
    with pytest.raises(Failure, match="triage:1 no longer have its digest"):
        models.fetch("triage:1", tmp_path / "again")
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("harm", ["changed", "removed"])
def test_a_damaged_model_is_put_right_by_registering_it_again(models: Models, tmp_path: Path, harm: str) -> None:
    model = models.register("triage", artifact(tmp_path / "a", "1"), {"run": "r1"}, b"")
    stored = tmp_path / ".mlops" / "models" / "triage" / "1" / "content"
    if harm == "changed":
        (stored / "model.txt").write_text("3")
    else:
        shutil.rmtree(stored)
    with pytest.raises(Failure, match="Register the model again from its run"):
        models.fetch("triage:1", tmp_path / "fetched")
    assert models.register("triage", tmp_path / "a", {"run": "r2"}, b"") == model
    models.fetch("triage:1", tmp_path / "fetched")
    assert digest.of_folder(tmp_path / "fetched") == model.digest and models.list() == (model,)


def test_a_damaged_record_stops_no_other_model(models: Models, tmp_path: Path) -> None:
    models.register("triage", artifact(tmp_path / "a", "1"), {}, b"")
    (tmp_path / ".mlops" / "models" / "triage" / "1" / "version.json").write_text("{")
    second = models.register("triage", artifact(tmp_path / "b", "2"), {}, b"")
    assert second.version == 2 and models.list() == (second,)
    with pytest.raises(
        Misuse, match="version.json of triage:1 is damaged. Restore it; or register the model again from its run"
    ):
        models.get("triage:1")


def register(state: Path, place: Path) -> int:
    return LocalModels(state).register("triage", place, {}, b"").version


def test_models_registered_at_once_get_versions_of_their_own(tmp_path: Path) -> None:
    places = [artifact(tmp_path / str(number), str(number // 2)) for number in range(12)]
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        versions = pool.starmap(register, [(tmp_path / ".mlops", place) for place in places])
    assert sorted(set(versions)) == [1, 2, 3, 4, 5, 6]
    assert all(versions[number] == versions[number + 1] for number in range(0, 12, 2))


def test_a_registry_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where a folder must be")
    with pytest.raises(Failure, match="could not write"):
        LocalModels(tmp_path).register("triage", artifact(tmp_path / "a", "1"), {}, b"")


def test_a_model_of_this_machine_is_not_shared(models: Models) -> None:
    with pytest.raises(Misuse, match="triage:1 is on this machine, and the registry takes models of Azure ML"):
        models.share("triage:1")
