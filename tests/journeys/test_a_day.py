"""A day of a data scientist: generate, train, break the data, see the refusal, mend it, change the code, register."""

import json

import polars as pl
import pytest

from tests.support.project import Project

pytestmark = pytest.mark.xdist_group("day")

TRAIN = ("run", "azureml/pipelines/train.yml")


@pytest.fixture(scope="module")
def project(reference: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that the tests of this file use one after another, with a sample of the data."""
    project = reference.copy(tmp_path_factory.mktemp("day") / "project")
    data = project.path / "data" / "applications.parquet"
    pl.read_parquet(data).head(20_000).write_parquet(data)
    return project


def test_a_day_in_the_life(project: Project):
    data = project.path / "data" / "applications.parquet"
    sound = data.read_bytes()

    first = project.mlops(*TRAIN, "-m", "a first look")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "quality" in first.stdout

    pl.read_parquet(data).with_columns(age=pl.lit(230)).write_parquet(data)
    broken = project.mlops(*TRAIN, "--register")
    assert broken.returncode == 1, broken.stdout + broken.stderr
    assert "applications.age" in broken.stdout and "230" in broken.stdout
    assert json.loads(project.mlops("models", "list", "--json").stdout) == []

    data.write_bytes(sound)
    mended = project.mlops(*TRAIN)
    assert mended.returncode == 0, mended.stdout + mended.stderr
    for step in ("prepare", "train", "evaluate"):
        assert f"{step} reused" in mended.stdout
    assert "validate reused" not in mended.stdout

    settings = project.path / "mlops.yaml"
    settings.write_text(settings.read_text().replace("auc: 0.9\n", "auc: 0.89\n"))
    another_limit = project.mlops(*TRAIN, "--json")
    nodes = json.loads(another_limit.stdout)["nodes"]
    assert {name for name, node in nodes.items() if node["state"] == "reused"} == {"prepare", "train", "evaluate"}
    assert "at least 0.89" in another_limit.stderr

    changed = project.mlops(*TRAIN, "--set", "rounds=40", "--register", "-m", "fewer rounds")
    assert changed.returncode == 0, changed.stdout + changed.stderr
    assert "prepare reused" in changed.stdout and "train reused" not in changed.stdout
    [model] = json.loads(project.mlops("models", "list", "--json").stdout)
    assert model["lineage"]["parameters"]["rounds"] == "40"
    assert model["lineage"]["reason"] == "fewer rounds"

    weak = project.mlops(*TRAIN, "--set", "rounds=1")
    assert weak.returncode == 1, weak.stdout + weak.stderr
    assert "refused by quality" in weak.stdout
    unregistered = project.mlops("models", "register", "last")
    assert unregistered.returncode == 1
    assert "was refused and is not registered" in unregistered.stderr

    again = project.mlops("models", "register", model["lineage"]["run"][:8])
    assert again.returncode == 0, again.stdout + again.stderr
    assert len(json.loads(project.mlops("models", "list", "--json").stdout)) == 1

    [trained] = project.path.glob(f".mlops/runs/{model['lineage']['run']}/outputs/train/model/model.json")
    trained.write_text(trained.read_text() + " ")
    tampered = project.mlops("models", "register", model["lineage"]["run"][:8])
    assert tampered.returncode == 3
    assert "was changed or lost" in tampered.stderr
