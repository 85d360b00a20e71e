"""An emulated subscription together with the real azure-ai-ml client, which runs in a child process."""

import json
import os
import subprocess
from pathlib import Path
from typing import Self

from tests.emulator.service import HOSTS, Service
from tests.emulator.store import Store
from tests.emulator.wire import Proxy

SCRIPT = Path(__file__).with_name("submit.py")


class Refused(Exception):
    """What the client raised, in its own words or in those of the service."""


class Azure:
    """One client for many submits, as importing it takes seconds; a workspace of its own for each."""

    def __init__(self, python: Path, home: Path) -> None:
        self.store = Store()
        self.service = Service(self.store)
        self.proxy = Proxy(home, HOSTS, self.service)
        self._log = home / "client.log"
        with self._log.open("w") as log:
            self._client = subprocess.Popen(
                [python, "-P", SCRIPT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=home,
                env={"PATH": os.environ["PATH"], "HOME": str(home), **self.proxy.environ()},
            )

    def submit(self, project: Path, workspace: str, *, register: bool = True, token: str | None = None) -> str:
        """Register `applications`, submit `train.yml` to a new workspace with the compute `cpu`; the job's id.

        Raises Refused. `token` replaces the tokens that the client would get.
        """
        id = self.store.add_workspace(workspace, computes=["cpu"])
        order = {
            "subscription_id": id.split("/")[2],
            "resource_group_name": id.split("/")[4],
            "workspace_name": workspace,
            "data": [str(project / "azureml/data/applications.yml")] if register else [],
            "job": str(project / "azureml/pipelines/train.yml"),
            "token": token,
        }
        assert self._client.stdin and self._client.stdout
        print(json.dumps(order), file=self._client.stdin, flush=True)
        answer = json.loads(self._client.stdout.readline() or json.dumps({"refused": self._log.read_text()}))
        if "refused" in answer:
            raise Refused(answer["refused"])
        return f"{id}/jobs/{answer['job']}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.communicate()
        self.proxy.close()
