"""A day of a data scientist: train, break the data, see the refusal, mend it, change a parameter, register."""

import json
import re

import polars as pl
import pytest

from mlops import platform, settings
from mlops.ci.change import this_change
from mlops.errors import Misuse
from mlops.evidence.entries import read
from mlops.evidence.register import register
from mlops.evidence.verify import in_force
from tests.support.project import Project

pytestmark = pytest.mark.xdist_group("day")

TRAIN = ("run", "azureml/pipelines/train.yml")


@pytest.fixture(scope="module")
def project(trained: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that the tests of this file use one after another, after a first look."""
    return trained.copy(tmp_path_factory.mktemp("day") / "project")


def listed(project: Project) -> list[dict]:
    return json.loads(project.mlops("models", "list", "--json").stdout)


def test_a_day_in_the_life(project: Project):
    data = project.path / "data" / "applications.parquet"
    sound = data.read_bytes()

    pl.read_parquet(data).with_columns(age=pl.lit(230)).write_parquet(data)
    broken = project.mlops(*TRAIN, "--register")
    assert broken.returncode == 1, broken.stdout + broken.stderr
    assert "applications.age" in broken.stdout and "230" in broken.stdout
    assert [model["version"] for model in listed(project)] == [1]

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
    again = {name for name, node in nodes.items() if node["state"] != "reused"}
    assert again == {"validate", "gate"}
    assert re.search(r"✓ quality: \d+ passed\n", another_limit.stderr)
    assert re.search(r"^\d+ gates, \d+ verdicts: \d+ passed, \d+ waived$", another_limit.stderr, re.MULTILINE)
    assert "at least 0.89" in project.mlops("runs", "show", "last", "--json").stdout

    changed = project.mlops(*TRAIN, "--set", "rounds=150", "--register", "-m", "fewer rounds")
    assert changed.returncode == 0, changed.stdout + changed.stderr
    assert "prepare reused" in changed.stdout and "train reused" not in changed.stdout
    [model] = [each for each in listed(project) if each["version"] == 2]
    assert model["lineage"]["parameters"]["rounds"] == "150"
    assert model["lineage"]["reason"] == "fewer rounds"
    assert model["lineage"]["uncommitted"] == ["rounds"]
    verified = project.mlops("release", "verify", f"{model['name']}:{model['version']}")
    assert verified.returncode == 0, verified.stdout + verified.stderr

    settings.write_text(settings.read_text().replace("auc: 0.89\n", "auc: 0.99\n"))
    findings = {"MLOPS_FINDINGS": ".mlops/findings"}
    weak = project.mlops(*TRAIN, **findings)
    assert weak.returncode == 1, weak.stdout + weak.stderr
    assert "refused by quality" in weak.stdout
    left = json.loads((project.path / ".mlops" / "findings" / "run.json").read_text())
    assert (left["status"], left["rows"] > 1000, left["remark"]) == (1, True, "")
    assert project.mlops("release", "status", **findings).returncode == 0
    said = project.mlops("ci", "comment", "--print", **findings).stdout
    assert "Not ready: 1 thing to mend" in said and "| **quality** | auc is " in said
    assert "more than noise" not in said and "compared with no model in service" in said
    assert ", 1 refused" in project.mlops("runs", "show", "last").stdout
    unregistered = project.mlops("models", "register", "last")
    assert unregistered.returncode == 1
    assert "was refused and is not registered" in unregistered.stderr

    again = project.mlops("models", "register", model["lineage"]["run"][:8])
    assert again.returncode == 0, again.stdout + again.stderr
    assert len(listed(project)) == 2

    [trained] = project.path.glob(f".mlops/runs/{model['lineage']['run']}/outputs/train/model/model.json")
    trained.write_text(trained.read_text() + " ")
    tampered = project.mlops("models", "register", model["lineage"]["run"][:8])
    assert tampered.returncode == 3
    assert "was changed or lost" in tampered.stderr


def test_bytes_that_are_judged_again_are_stated_again(project: Project, monkeypatch: pytest.MonkeyPatch):
    """Another limit gives the same bytes: the model keeps its version, and its newest statement counts.

    Each run of CI finds what it has registered, also where another one had registered the same bytes, or the same run.
    """
    for name, text in {"ACTIONS": "true", "SERVER_URL": "https://x", "REPOSITORY": "a/b", "RUN_ID": "7"}.items():
        monkeypatch.setenv(f"GITHUB_{name}", text)
    place, known = platform.open("local", project.path), settings.load(project.path / "mlops.yaml")
    records = [each for each in place.jobs.list()[0] if each["parameters"]["rounds"] == "200" and not each["status"]]
    runs = [each["run"] for each in reversed(records)]
    models = [register(run, place, project.path) for run in runs[:2]]
    monkeypatch.setenv("GITHUB_RUN_ID", "8")
    with pytest.raises(Misuse, match="has registered no model: .*https://x/a/b/actions/runs/8"):
        this_change(place, read(place, known)[0])
    models += [register(run, place, project.path) for run in (runs[0], runs[2], runs[2])]
    assert len(runs) == 3 and len({(each.version, each.digest) for each in models}) == 1
    entries, faults = read(place, known)
    assert [each.says["run"] for each in entries] == [runs[0], runs[1], runs[0], runs[2]] and not faults
    for number in ("7", "8"):
        monkeypatch.setenv("GITHUB_RUN_ID", number)
        assert this_change(place, entries) == f"{models[0].name}:{models[0].version}"
    monkeypatch.setenv("GITHUB_RUN_ID", "9")
    register(runs[2], place, project.path)
    assert this_change(place, read(place, known)[0]) == f"{models[0].name}:{models[0].version}", "no new training"
    monkeypatch.delenv("GITHUB_ACTIONS")
    register(runs[2], place, project.path)
    assert len(read(place, known)[0]) == len(entries) + 1, "outside CI there is nothing more to say"
    assert in_force(models[0], "local", place, known, entries).says["run"] == runs[-1]
    said = project.mlops("models", "register", runs[-1]).stdout
    assert f"The same bytes as version {models[0].version}, registered from run {runs[0][:8]}." in said
