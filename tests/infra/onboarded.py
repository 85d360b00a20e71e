"""An organisation with the reference project onboarded. Brought up once; each test that changes it takes a copy."""

import pickle
import shutil
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from organisation.settings import EXAMPLE

from tests.emulator.store import SUBSCRIPTION, TENANT
from tests.infra import PROJECT, TEMPLATE
from tests.infra.cloud import Cloud
from tests.infra.command import Run
from tests.infra.projects import SLUG
from tests.infra.support import Stack, borrow_environment
from tests.infra.support import copy as own_copy
from tests.support.project import generate

SHORT = "incomesupp"
HELD = ("store", "calls", "clock", "graves", "births", "networks", "deletions", "taken")
"""What an emulated subscription remembers."""


@dataclass
class Onboarded:
    """The organisation's program and the project's repository in `root`, with the states of their stacks."""

    root: Path
    engine: Path
    cloud: Cloud
    first: dict[str, Run] = field(default_factory=dict)
    """How its stack came up: `preview` as reader, then `up` as deploy."""

    def save(self) -> None:
        """Put it at rest in its folder."""
        held = {name: getattr(self.cloud.arm, name) for name in HELD}
        (self.root / "cloud.pickle").write_bytes(pickle.dumps((held, self.first)))
        self.cloud.close()

    @classmethod
    def copy(cls, root: Path, to: Path, engine: Path) -> "Onboarded":
        """What is at rest in `root`, sharing nothing with it, in a subscription of its own."""
        shutil.copytree(root, to, symlinks=True)
        held, first = pickle.loads((to / "cloud.pickle").read_bytes())
        cloud = Cloud()
        for name, value in held.items():
            setattr(cloud.arm, name, value)
        return cls(to, engine, cloud, first)

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

    def begin(self) -> None:
        """Put the blocks that its entry printed into the project's stacks."""
        for environment, block in self.blocks[SLUG].items():
            self.stack(environment).config(organisation=block["organisation"]).init()

    def begun(self, environment: str, **variables: str) -> Stack:
        """The project's stack, not up yet; its state elsewhere if the variables say so."""
        stack = self.stack(environment)
        stack.variables.update(variables)
        return stack.init() if variables else stack


def organisation(root: Path, engine: Path, *answers: str) -> Onboarded:
    """An organisation with ids of its own, before its first `up`, and the project's repository: `"serving=batch"`."""
    own_copy(TEMPLATE / "infra", root / "template/infra")
    (root / "template" / PROJECT.name).symlink_to(PROJECT)
    done = generate(root, root / "home", *answers)
    assert done.returncode == 0, done.stdout + done.stderr
    (root / SLUG).rename(root / "project")
    shutil.rmtree(root / "project/.git")
    borrow_environment(root / "project/infra")
    made = Onboarded(root, engine, Cloud())
    text = made.projects.read_text().replace(f"{EXAMPLE}01", TENANT).replace(f"{EXAMPLE}02", SUBSCRIPTION)
    made.projects.write_text(text)
    made.organisation.init()
    return made
