"""Really runs the commands of a job, in order, in a fresh clone, with what a machine of its CI system would give it.

What a job gets is what its workflow says: no interpreter before `make setup`, no `pulumi` before the target that brings
it, no login without the right to ask for one, and then that of the subject which the CI system would vouch for. `World`
is what lies outside: the repository, Azure, and what `make setup` would bring from the package index.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.workflows.expressions import holds
from tests.workflows.machine import Machine, Stopped
from tests.workflows.model import Job, Pipeline, Step

SETUPS = ("setup", "setup-azure", "infra-setup", "pulumi")


class Denied(Stopped):
    """Says why somebody was not signed in."""


class World(Protocol):
    """`origin` is the repository, `tools` the folder of what a machine has, such as `az`.

    `outside` are the variables of every process, before anybody has signed in.
    """

    origin: Path
    tools: Path

    @property
    def outside(self) -> Mapping[str, str]: ...

    def install(self, target: str, project: Path) -> None:
        """What a target of `make setup …` brings."""
        ...

    def login(self, pipeline: Pipeline, job: Job, step: Step, home: Path) -> Mapping[str, str]:
        """Variables of who is signed in then. Raises Denied."""
        ...

    def begin(self, pipeline: Pipeline, job: Job) -> Mapping[str, str]:
        """From here on it is this job, on its kind of machine, that asks; the variables that its own token is in."""
        ...


@dataclass(frozen=True)
class Done:
    """One step that was run: its status, and what it printed."""

    step: Step
    code: int
    said: str


@dataclass
class Ran:
    """A job that has ended."""

    job: Job
    project: Path
    done: list[Done] = field(default_factory=list)
    status: str = "success"

    @property
    def said(self) -> str:
        return "\n".join(f"$ {each.step.text or each.step.name}\n{each.said}" for each in self.done)

    def ok(self) -> "Ran":
        assert self.status == "success", self.said
        return self

    def refused(self) -> Done:
        """The step at which it ended."""
        assert self.status == "failure", self.said
        return next(each for each in self.done if each.code)


@dataclass
class Harness:
    """Runs jobs of one event's pipeline, each in a folder of its own below `folder`.

    `took` is what was typed: workflow and job, command, seconds.
    """

    world: World
    pipeline: Pipeline
    folder: Path
    took: list[tuple[str, str, float]] = field(default_factory=list)

    def run(self, name: str, elsewhere: Collection[str] = ()) -> Ran:
        """One job, whatever it needs, without the commands that another test runs."""
        job = self.pipeline.job(name)
        place = self.folder / f"{self.pipeline.name}-{name}-{len(list(self.folder.iterdir()))}".replace("/", "-")
        machine = Machine(self.pipeline, place, self.world.outside, self.world.tools)
        machine.env |= self.world.begin(self.pipeline, job)
        ran = Ran(job, machine.project)
        for step in job.steps:
            if not holds(step.condition, step.known, ran.status) or step.text in elsewhere:
                continue
            began = time.monotonic()
            try:
                code, said = self._do(machine.placed(step), job, machine)
            except Stopped as error:
                code, said = 1, str(error)
            ran.done.append(Done(step, code, said))
            if step.text.startswith(("make ", "mlops ")):
                self.took.append((f"{self.pipeline.name}/{name}", step.text, time.monotonic() - began))
            if code:
                ran.status = "failure"
        return ran

    def all(self) -> dict[str, Ran]:
        """Every job that the event begins, after those that it needs."""
        found, results = dict[str, Ran](), dict[str, str]()
        for job in self.pipeline.jobs:
            if job.begins(results):
                found[job.name] = self.run(job.name)
                results[job.name] = found[job.name].status
        return found

    def _do(self, step: Step, job: Job, machine: Machine) -> tuple[int, str]:
        """Status and text of one step. Raises Stopped."""
        kept = self.folder / f"kept-{self.pipeline.event.run}"
        login = dict[str, str]()
        if step.connection or step.kind == "login":
            login |= self.world.login(self.pipeline, job, step, machine.home)
        match step.kind:
            case "command":
                self._install(step, machine.project)
                return machine.command(step, login, timeout=60 * job.timeout)
            case "checkout":
                return machine.checkout(step.settings, self.world.origin)
            case "login":
                machine.env |= login
            case "keep":
                machine.keep(step.settings, kept)
            case "bring":
                machine.bring(step.settings, kept)
        return 0, ""

    def _install(self, step: Step, project: Path) -> None:
        for words in (line.split() for line in step.commands if line.startswith("make ")):
            for target in SETUPS:
                if target in words or target == "infra-setup" and words[1].startswith("infra-"):
                    self.world.install(target, project)


def private(runner: str) -> bool:
    """Whether a machine is in the network of an environment: those of the CI system are not."""
    return not runner.startswith("ubuntu-")
