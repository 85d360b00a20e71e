"""An emulated subscription together with the real azure-ai-ml client, which runs in a child process."""

import json
import subprocess
from pathlib import Path
from typing import Self

from tests.emulator.arm import OWNER
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.directory import Principal
from tests.emulator.ids import Id
from tests.emulator.rules.assets import ASSETS
from tests.emulator.world import CLUSTER, GROUP, WORKSPACE, World

SCRIPT = Path(__file__).with_name("submit.py")
OWN = tuple(f"microsoft.machinelearningservices/workspaces/{kind}" for kind in (*ASSETS, "jobs"))
ROLES = ("Reader", "AzureML Data Scientist", "Storage Blob Data Contributor")


class Refused(Exception):
    """What the client raised, in its own words or in those of the service."""


class Azure:
    """One client for many submits, as importing it takes seconds, acting as a data scientist of one workspace."""

    def __init__(self, python: Path, home: Path) -> None:
        self.world = World()
        self.world.make(CLUSTER)
        self.cloud = Cloud(home, self.world.arm)
        self.person = scientist(self.cloud)
        self._log = home / "client.log"
        with self._log.open("w") as log:
            self._client = subprocess.Popen(
                [python, "-P", SCRIPT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=home,
                env=self.cloud.environ(self.person, home),
            )

    def submit(self, project: Path, *, register: bool = True) -> str:
        """Register `applications`, submit `train.yml` to the compute `cpu`; the job's id. Raises Refused."""
        order = {
            "subscription_id": WORKSPACE.split("/")[2],
            "resource_group_name": WORKSPACE.split("/")[4],
            "workspace_name": WORKSPACE.rsplit("/", 1)[1],
            "data": [str(project / "azureml/data/applications.yml")] if register else [],
            "job": str(project / "azureml/pipelines/train.yml"),
        }
        assert self._client.stdin and self._client.stdout
        print(json.dumps(order), file=self._client.stdin, flush=True)
        answer = json.loads(self._client.stdout.readline() or json.dumps({"refused": self._log.read_text()}))
        if "refused" in answer:
            raise Refused(answer["refused"])
        return f"{WORKSPACE}/jobs/{answer['job']}"

    def forget(self) -> None:
        """Remove all assets and jobs of the workspace, and all blobs."""
        self.cloud.blobs.forget()
        for document in reversed(self.world.arm.below(WORKSPACE)):
            if Id(document["id"]).kind.startswith(OWN):
                self.world.arm.delete(OWNER, document["id"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.communicate()
        self.cloud.__exit__()


def scientist(cloud: Cloud) -> Principal:
    """Somebody who may run jobs in the group."""
    made = cloud.directory.add("a data scientist")
    for role in ROLES:
        cloud.arm.assign(made.id, role, GROUP)
    return made
