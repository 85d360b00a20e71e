"""An organisation with the reference project onboarded. Brought up once; each test that changes it takes a copy."""

import copy
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from tests.emulator.store import SUBSCRIPTION, TENANT
from tests.infra.cloud import Cloud
from tests.infra.support import PROJECT, TEMPLATE, Stack, borrow_environment
from tests.infra.support import copy as own_copy

SLUG, SHORT = "income-support-triage", "incomesupp"
EXAMPLE = "00000000-0000-0000-0000-0000000001"
HELD = ("store", "clock", "graves", "births", "networks", "deletions", "taken")
"""What an emulated subscription remembers."""


@dataclass
class Onboarded:
    """The organisation's program and the project's repository in `root`, with the states of their stacks."""

    root: Path
    engine: Path
    cloud: Cloud

    def copy(self, to: Path) -> "Onboarded":
        """The same at rest, sharing nothing, in a subscription of its own."""
        shutil.copytree(self.root, to, symlinks=True)
        cloud = Cloud()
        for name in HELD:
            setattr(cloud.arm, name, copy.deepcopy(getattr(self.cloud.arm, name)))
        return Onboarded(to, self.engine, cloud)

    @property
    def organisation(self) -> Stack:
        path = {"PYTHONPATH": str(PROJECT / "src")}
        return Stack(self.root / "template/infra", "main", self.cloud, self.engine, self.root / "organisation", path)

    @property
    def projects(self) -> Path:
        return self.organisation.folder / "projects.yaml"

    @cached_property
    def blocks(self) -> dict[str, Any]:
        """What each project is told, by project and environment."""
        return self.organisation.outputs()["projects"]

    def entry(self, slug: str, **changes: Any) -> None:
        """Write one more project into projects.yaml, like the first one but for `changes`."""
        document = yaml.safe_load(self.projects.read_text())
        document["projects"][slug] = {**document["projects"][SLUG], **changes}
        self.projects.write_text(yaml.safe_dump(document, sort_keys=False))

    def principal(self, environment: str, who: str, short_name: str = SHORT) -> str:
        """The object id of a CI identity."""
        return self.cloud.document(f"/id-ci-{short_name}-{environment}-{who}")["properties"]["principalId"]

    def stack(self, environment: str) -> Stack:
        """The project's stack, as its deploy identity."""
        folder, path = self.root / "project/infra", {"PYTHONPATH": str(self.root / "project/src")}
        caller = self.principal(environment, "deploy")
        return Stack(folder, environment, self.cloud, self.engine, self.root / environment, path, caller)

    def begun(self, environment: str, **variables: str) -> Stack:
        """The project's stack with the block that its entry printed, not up yet."""
        stack = self.stack(environment).config(organisation=self.blocks[SLUG][environment]["organisation"])
        stack.variables.update(variables)
        return stack.init()


def organisation(root: Path, engine: Path, reference: Path) -> Onboarded:
    """An organisation with ids of its own, before its first `up`, and the project's repository."""
    own_copy(TEMPLATE / "infra", root / "template/infra")
    for beside in (PROJECT, TEMPLATE / "local_extensions"):
        (root / "template" / beside.name).symlink_to(beside)
    shutil.copytree(reference, root / "project", ignore=shutil.ignore_patterns(".venv", ".git", "__pycache__"))
    borrow_environment(root / "project/infra")
    made = Onboarded(root, engine, Cloud())
    text = made.projects.read_text().replace(f"{EXAMPLE}01", TENANT).replace(f"{EXAMPLE}02", SUBSCRIPTION)
    made.projects.write_text(text)
    made.organisation.init()
    return made
