"""What a workflow does, in one form for both CI systems: its jobs, and of each job the steps in order.

`read(project, name, event)` reads `.github/workflows/NAME.yml` or `.azuredevops/NAME.yml`, whichever the project has,
with reusable workflows, composite actions and templates put in their places, and every expression worked out that is
known before a job begins. A key, an action, a task or an expression that it does not know is refused in a sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Final, Literal

from tests.workflows.documents import NotUnderstood
from tests.workflows.expressions import holds

GITHUB: Final = "github-actions"
AZURE: Final = "azure-devops"
Kind = Literal["command", "checkout", "python", "login", "cache", "keep", "bring"]


@dataclass(frozen=True)
class Event:
    """Why a workflow runs, and what the CI system knows: its variables, the run's own number, a pull request.

    `server` is where its REST API is, if not where everybody's is.
    """

    name: Literal["push", "pull_request", "schedule", "by hand", "dispatch"]
    variables: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    run: str = "1001"
    fork: bool = False
    repository: str = "example-agency/income-support-triage"
    actor: str = "a-person"
    number: int = 7
    server: str = ""


@dataclass(frozen=True)
class Step:
    """One step: a command of a person, or what the CI system does before one.

    `keep` leaves files for other jobs, and `bring` brings them. `settings` are the inputs of its action or task,
    `connection` is the service connection whose login a command has.
    """

    kind: Kind
    name: str
    text: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    condition: str = ""
    known: Mapping[str, Any] = field(default_factory=dict, repr=False)
    connection: str = ""

    @property
    def commands(self) -> list[str]:
        return [line.strip() for line in self.text.splitlines() if line.strip()]


@dataclass(frozen=True)
class Job:
    """`timeout` is in minutes, `permissions` are those of GitHub's token.

    `group`: of the jobs that name the same one, one runs at a time. `cancels`: a newer run ends this one half-way.
    """

    name: str
    steps: tuple[Step, ...]
    runner: str
    timeout: float
    needs: tuple[str, ...] = ()
    condition: str = ""
    known: Mapping[str, Any] = field(default_factory=dict, repr=False)
    environment: str = ""
    permissions: Mapping[str, str] = field(default_factory=dict)
    group: str = ""
    cancels: bool = False

    @property
    def commands(self) -> list[str]:
        """Every command, in order."""
        return [command for step in self.steps for command in step.commands]

    @property
    def logins(self) -> set[str]:
        """Client ids or service connections that it signs in as."""
        signing = (step for step in self.steps if step.connection or step.kind == "login")
        return {step.connection or step.settings.get("client-id", "") for step in signing}

    def begins(self, results: Mapping[str, str]) -> bool:
        """Whether it runs after the jobs that it needs, of which each was a success, a failure, or skipped."""
        said = {results.get(each, "skipped") for each in self.needs}
        status = "failure" if "failure" in said else "skipped" if "skipped" in said else "success"
        return holds(self.condition, self.known, status)


@dataclass(frozen=True)
class Pipeline:
    """A workflow, as an event begins it. `triggers`: what begins it, with the branches, times or inputs of each."""

    system: Literal["github-actions", "azure-devops"]
    name: str
    event: Event
    triggers: Mapping[str, Any]
    jobs: tuple[Job, ...]

    def job(self, name: str) -> Job:
        for each in self.jobs:
            if each.name == name:
                return each
        raise KeyError(f"{self.name} has no job {name}, only {', '.join(each.name for each in self.jobs)}")


def read(project: Path, name: str, event: Event) -> Pipeline:
    """Raises NotUnderstood for what is not known here, or would be refused by the CI system."""
    from tests.workflows import devops, github

    here = project / ".github" / "workflows" / f"{name}.yml"
    return github.read(here, event) if here.is_file() else devops.read(project / ".azuredevops" / f"{name}.yml", event)


def ordered(jobs: list[Job]) -> tuple[Job, ...]:
    """Each after those that it needs. Raises NotUnderstood where that cannot be."""
    by_name = {each.name: each for each in jobs}
    for each in jobs:
        if not by_name.keys() >= set(each.needs):
            raise NotUnderstood(f"{each.name} needs {', '.join(each.needs)}, which never comes to be.")
    try:
        order = [*TopologicalSorter({name: each.needs for name, each in by_name.items()}).static_order()]
    except CycleError as error:
        raise NotUnderstood(
            f"{', '.join(error.args[1])}: each needs the one before, which never comes to be."
        ) from None
    return tuple(by_name[name] for name in order)
