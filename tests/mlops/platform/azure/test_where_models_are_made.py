"""Where models are made is a setting: data, job, model and release with the identities and the rights of that place."""

import json
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlops import carried, digest
from mlops.errors import Misuse
from mlops.evidence import checklist, entries
from mlops.evidence.register import register
from mlops.platform.azure import follow, images, keys
from mlops.platform.azure.client import Azure
from mlops.platform.azure.data import AzureData
from mlops.platform.azure.endpoint import AzureEndpoint
from mlops.platform.azure.jobs import AzureJobs
from mlops.platform.azure.ledger import AzureLedger
from mlops.platform.azure.models import AzureModels
from mlops.platform.azure.names import Names
from mlops.platform.base import Model, Platform, Submission
from mlops.release import start
from mlops.release.tick import Controller
from mlops.settings import Settings, load
from mlops.specs.bind import bind
from tests.emulator.arm import OWNER
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.runs import scripted
from tests.emulator.rules.rule import dig
from tests.emulator.world import IDENTITY, REGISTRY, STORAGE, WORKSPACE
from tests.mlops.platform.azure.matrix import SHARED, give, organisation
from tests.mlops.platform.azure.online import Online, project
from tests.mlops.platform.azure.people import AsPerson
from tests.mlops.platform.azure.people import as_person as as_person
from tests.mlops.release.making import says
from tests.support.project import Project

PIPELINE = """
type: pipeline
display_name: train
experiment_name: shop
inputs:
  rows: {type: uri_file, path: azureml:rows@latest}
  seed: 7
outputs: {model: {type: uri_folder}, evaluation: {type: uri_folder}, verdicts: {type: uri_folder}}
settings: {default_compute: azureml:cpu}
jobs:
  train:
    type: command
    component: ../components/make.yml
    inputs: {rows: "${{parent.inputs.rows}}", seed: "${{parent.inputs.seed}}"}
    outputs:
      model: "${{parent.outputs.model}}"
      evaluation: "${{parent.outputs.evaluation}}"
      verdicts: "${{parent.outputs.verdicts}}"
"""
COMPONENT = """
type: command
name: make
display_name: Make a model
inputs: {rows: {type: uri_file}, seed: {type: integer}}
outputs: {model: {type: uri_folder}, evaluation: {type: uri_folder}, verdicts: {type: uri_folder}}
code: ../../src
environment: file:../environments/job.yml
command: >-
  python make.py ${{inputs.rows}} ${{inputs.seed}} ${{outputs.model}} ${{outputs.evaluation}} ${{outputs.verdicts}}
"""
PRIVATE: dict[tuple[str, str], Any] = {
    (STORAGE, "properties.publicNetworkAccess"): "Disabled",
    (REGISTRY, "properties.publicNetworkAccess"): "Disabled",
    (WORKSPACE, "properties.managedNetwork"): {
        "isolationMode": "AllowOnlyApprovedOutbound",
        "outboundRules": {
            "registry": {"type": "PrivateEndpoint", "destination": {"serviceResourceId": SHARED}},
        },
    },
}
"""What a stack of prod has that one of dev has not."""


@pytest.fixture(scope="module")
def names(cloud: Cloud) -> Names:
    return organisation(cloud)


class Place:
    """One workspace, which is that of dev and then that of prod, and a project that trains in one of them."""

    def __init__(self, cloud: Cloud, path: Path, as_person: AsPerson) -> None:
        self.cloud, self.path, self._as_person = cloud, path, as_person

    def act(self, who: str, environment: str) -> Azure:
        """The client of one that infra/roles.py names, with those rights."""
        name = f"{who} of {environment}"
        give(self.cloud.arm, self.cloud.directory.add(name).id, who, environment)
        return self._as_person(name, {}, environment)

    def enter(self, environment: str) -> Platform:
        """From here on it is this environment's, as CI's `deploy` finds it."""
        for (id, path), value in PRIVATE.items() if environment == "prod" else ():
            self.cloud.arm.change_behind(id, path, value)
        self.cloud.inside = environment == "prod"
        identity = self.cloud.arm.store.documents[IDENTITY]["properties"]["principalId"]
        give(self.cloud.arm, identity, "endpoint", environment)
        return platform(self.act("deploy", environment), self.path)

    def forget(self, kind: str) -> None:
        """A kind of asset is another environment's or another test's, and not here."""
        for each in reversed(self.cloud.arm.below(f"{WORKSPACE}/{kind}")):
            self.cloud.arm.delete(OWNER, each["id"])

    def shared(self) -> list[str]:
        """The models that the registry has."""
        return [each["id"] for each in self.cloud.arm.below(f"{SHARED}/models")]

    @property
    def known(self) -> Settings:
        return load(self.path / "mlops.yaml")


def platform(azure: Azure, path: Path) -> Platform:
    parts, ledger = (AzureJobs(azure, path), AzureModels(azure, path), AzureData(azure, path)), AzureLedger(azure)
    endpoint = AzureEndpoint(azure, path, ledger)
    return Platform(*parts, ledger, endpoint, partial(keys.signer, azure), azure.environment, azure.names.workspace)


@pytest.fixture
def place(
    cloud: Cloud, reference: Project, tmp_path: Path, as_person: AsPerson, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Place]]:
    """`place("prod")`: committed, with the images that dev built and shared."""
    cloud.arm.clock.advance(minutes=60)
    monkeypatch.setattr(follow, "PAUSES", (0.01,))
    held = {(id, path): dig(cloud.arm.store.documents[id], path) for id, path in PRIVATE}

    def made(where: str) -> Place:
        path = project(tmp_path / "project", reference.path)
        found = Place(cloud, path, as_person)
        found.forget("data")
        monkeypatch.syspath_prepend(path / "src")
        azure = found.act("deploy", "dev")
        for name in (".amlignore", ".gitignore"):
            shutil.copy(reference.path / name, path)
        for name, text in (("pipelines/small.yml", PIPELINE), ("components/make.yml", COMPONENT)):
            (path / "azureml" / name).write_text(text)
        (path / "src" / "make.py").write_text(f"# {where}\n")
        key = keys.signer(azure).public_key
        settle(path, where, {key.keyid: key.keyval["public"]})
        begin = (["init", "-q", "-b", "main"], ["config", "user.email", "person@example.org"])
        for command in (*begin, ["add", "-A"], ["commit", "-q", "-m", "all of it"]):
            Project(path).git(*command)
        list(images.build(azure, path))
        if where == "prod":
            found.forget("environments")
        return found

    yield made
    cloud.inside = False
    for (id, path), value in held.items():
        cloud.arm.change_behind(id, path, value)


def settle(path: Path, where: str, key: dict[str, str]) -> None:
    """Where models are made, whom it trusts and who answers for it."""
    plain = yaml.safe_load((path / "mlops.yaml").read_text())
    plain["training"]["where"] = where
    plain["evidence"] = {"trusted_keys": dict.fromkeys(("dev", "staging", "prod"), key)}
    plain["people"]["one_person"] = "A single person tries it out."
    plain["release"]["approval"] = "never"
    plain["environments"] |= {each: plain["environments"][each] | {"instances": ONE} for each in ("staging", "prod")}
    (path / "mlops.yaml").write_text(yaml.safe_dump(plain))


ONE = {"least": 1, "most": 1}


def train(place: Place, here: Platform, on: str, salt: int = 7) -> Model:
    """Add data, run the pipeline, register what it made, which no other salt makes; 7 is the one that is committed."""
    path = place.path
    (path / ".mlops").mkdir(exist_ok=True)
    (path / ".mlops" / "rows.csv").write_text("a,b\n" * salt)
    here.data.add("rows", path / ".mlops" / "rows.csv")
    artifact = path / ".mlops" / f"made{salt}"
    artifact.mkdir()
    (artifact / "model.json").write_text(json.dumps({"salt": salt}))
    carried.put(path / "src" / "shop", artifact)
    judged = {"model": digest.of_folder(artifact), "verdicts": says()["verdicts"]}
    wrote = {
        "train.model": {str(it.relative_to(artifact)): it.read_bytes() for it in artifact.rglob("*") if it.is_file()},
        "train.evaluation": {"metrics.json": json.dumps(says()["evaluation"]).encode()},
        "train.verdicts": {"verdicts.json": json.dumps(judged).encode()},
    }
    place.cloud.runs.plan = scripted(wrote)
    job = bind(path / "azureml" / "pipelines" / "small.yml", project=path, remote=True)
    run = here.jobs.submit(Submission(job, False, "to see"))
    *_, last = here.jobs.follow(run)
    assert last.status == 0, last
    return register(run, here, path, on)


def release(place: Place, here: Platform, on: str) -> Online:
    """Sign for the model, release it, and ask it something."""
    model, known = here.models.get("shop"), place.known
    asked = checklist.required(checklist.load(place.path / "responsible_ai", known))
    for role in {each.role for each in asked.values()}:
        facts: dict[str, Any] = {"role": role, "who": known.people.signs[role][0], "model": model.digest}
        entries.add(here, known, on, "sign-off", model.lineage["system"], facts)
    controller = Controller(here, place.path, known, on)
    start.start(controller, "shop")
    acts = [controller.tick().act for _ in range(2)]
    assert acts == ["deploy", "champion"]
    endpoint = here.endpoint
    assert isinstance(endpoint, AzureEndpoint)
    online = Online(place.cloud, endpoint._azure, place.path)
    assert [status for status, _ in online.ask()] == [200]
    return online


def deployed(online: Online) -> tuple[str, str]:
    """What the deployment is made of."""
    [found] = [it["properties"] for it in online.cloud.arm.below(f"{online.id}/deployments")]
    return found["model"], found["environmentId"]


def test_what_dev_trained_is_shared_and_released_elsewhere(place: Callable[[str], Place]) -> None:
    there = place("dev")
    dev = there.enter("dev")
    model = train(there, dev, "dev")
    assert dev.models.share("shop") == model
    there.forget("environments")
    there.forget("models")
    online = release(there, there.enter("staging"), "staging")
    for named in deployed(online):
        assert named.startswith("azureml://registries/mlr-agency/")
    online.forget()


def test_what_prod_trained_is_released_there_and_never_leaves_it(place: Callable[[str], Place]) -> None:
    there = place("prod")
    shared = there.shared()
    prod = there.enter("prod")
    model = train(there, prod, "prod")
    with pytest.raises(Misuse, match="models are made in prod, .* where the data may not leave it: .* never shared"):
        prod.models.share("shop")
    online = release(there, prod, "prod")
    found, image = deployed(online)
    assert found.endswith(f"/models/shop/versions/{model.version}") and "registries" not in found
    assert image.startswith("azureml://registries/mlr-agency/environments/")
    assert there.shared() == shared
    online.forget()
