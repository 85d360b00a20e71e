"""What can be done once by a project of its own: the folder, and what is typed there."""

import json
import shutil
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import yaml

from mlops import carried, digest
from mlops.evidence.statements import Statement, signed
from mlops.platform import open as open_platform
from mlops.platform.azure import keys
from mlops.platform.azure.client import Azure
from mlops.platform.azure.names import Names
from mlops.platform.base import Platform
from mlops.release import start
from mlops.release.tick import Controller
from mlops.settings import load
from tests.emulator.arm import OWNER
from tests.emulator.https.cloud import Cloud
from tests.emulator.world import WORKSPACE
from tests.mlops.platform.azure.matrix import SHARED
from tests.mlops.platform.azure.online import project
from tests.mlops.platform.azure.small import FILES
from tests.mlops.release.making import says

TICK = ("release", "tick", "--on", "dev")


def variables(names: Names) -> dict[str, str]:
    """Who commits, and what the environment's stack exports."""
    roles = ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL")
    return {f"GIT_{role}": "person@example.org" for role in roles} | {"MLOPS_ENV_DEV": json.dumps(asdict(names))}


class Act(NamedTuple):
    """`over` is what a tick says when an act is done that ticks go on with."""

    path: Path
    words: tuple[str, ...]
    over: str = ""


class Shop:
    """A project whose models are small; `shop/predict.py` says what they do."""

    def __init__(self, azure: Azure, cloud: Cloud, reference: Path, to: Path) -> None:
        self.path, self._azure = project(to, reference), azure
        for scope in (WORKSPACE, SHARED):
            place = f"{scope}/environments/income-support-triage-serve/versions/0"
            cloud.arm.put(OWNER, place, {"properties": {"image": f"crlend.azurecr.io/it@sha256:{'0' * 64}"}})
        key = keys.signer(azure).public_key
        plain = yaml.safe_load((to / "mlops.yaml").read_text())
        plain["evidence"] = {"trusted_keys": {"dev": {key.keyid: key.keyval["public"]}}}
        (to / "mlops.yaml").write_text(yaml.safe_dump(plain))

    @property
    def platform(self) -> Platform:
        return open_platform("dev", self.path)

    @property
    def controller(self) -> Controller:
        return Controller(self.platform, self.path, load(self.path / "mlops.yaml"), "dev")

    def tick(self, until: str) -> None:
        done = [self.controller.tick()]
        while done[-1].act != until:
            assert len(done) < 5, done
            done.append(self.controller.tick())

    def register(self, number: int) -> str:
        artifact = self.path / "artifacts" / str(number)
        artifact.mkdir(parents=True)
        (artifact / "model.json").write_text(json.dumps({"salt": number}))
        carried.put(self.path / "src" / "shop", artifact)
        said = says() | {"time": datetime.now(UTC).isoformat()}
        statement = signed(Statement("build", {"shop": digest.of_folder(artifact)}, said), keys.signer(self._azure))
        model = self.platform.models.register("shop", artifact, {"schema": 1, **said}, statement)
        return f"shop:{model.version}"


def adds(azure: Azure, cloud: Cloud, reference: Path, to: Path) -> Act:
    files = {**FILES, **{f"rows/{number}.csv": str(number) for number in range(3)}}
    for name, text in files.items():
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_text(text)
    shutil.copy(reference / "mlops.yaml", to)
    return Act(to, ("data", "add", "rows", "rows", "--on", "dev"))


def submits(azure: Azure, cloud: Cloud, reference: Path, to: Path) -> Act:
    """With all that a submit sends: code, a build context, a folder that no asset is."""
    path = adds(azure, cloud, reference, to).path
    open_platform("dev", path).data.add("rows", path / "rows" / "0.csv")
    (path / "src" / "more.py").write_text("# more\n")
    file = path / "azureml" / "pipelines" / "train.yml"
    local = "rows@latest}\n  settings: {type: uri_folder, path: ../environments}"
    file.write_text(file.read_text().replace("rows@latest}", local))
    return Act(path, ("run", "azureml/pipelines/train.yml", "--on", "dev", "--no-follow"))


def shares(azure: Azure, cloud: Cloud, reference: Path, to: Path) -> Act:
    shop = Shop(azure, cloud, reference, to)
    return Act(to, ("models", "share", shop.register(1), "--on", "dev"))


def deploys(azure: Azure, cloud: Cloud, reference: Path, to: Path) -> Act:
    """The first release, which goes straight to all requests."""
    shop = Shop(azure, cloud, reference, to)
    return Act(to, ("release", "start", shop.register(1), "--on", "dev"), "nothing: ")


def ticks(azure: Azure, cloud: Cloud, reference: Path, to: Path) -> Act:
    """The one that gives a challenger its first step."""
    shop = Shop(azure, cloud, reference, to)
    for number, until in ((1, "champion"), (2, "deploy")):
        start.start(shop.controller, shop.register(number))
        shop.tick(until)
    return Act(to, TICK, "wait: ")


ACTS = {"data add": adds, "submit": submits, "share": shares, "deploy": deploys, "tick": ticks}
