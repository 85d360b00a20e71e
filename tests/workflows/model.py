"""What a workflow does, in one form for both CI systems: its jobs, and of each job the steps in order.

`read(project, name, event)` reads `.github/workflows/NAME.yml` or `.azuredevops/NAME.yml`, whichever the project has,
with reusable workflows, composite actions and templates put in their places, and every expression worked out that is
known before a job begins. A key, an action, a task or an expression that it does not know is refused in a sentence: a
step that is silently left out would prove nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from tests.workflows.expressions import NotUnderstood, holds

Kind = Literal["command", "checkout", "python", "engine", "login", "cache", "keep", "bring"]
HOSTED = "ubuntu-24.04"
"""The machine of the CI system itself, which is in no private network."""


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
        return [line.strip() for line in self.text.splitlines() if line.strip() and self.kind == "command"]


@dataclass(frozen=True)
class Job:
    """`permissions` are those of GitHub's token. `group`: of those that name the same one, one runs at a time."""

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
        return {step.connection or step.settings.get("client-id", "") for step in self.steps if _signs_in(step)}

    def begins(self, results: Mapping[str, str]) -> bool:
        """Whether it runs after the jobs that it needs, of which each was a success, a failure, or skipped."""
        said = {results.get(each, "skipped") for each in self.needs}
        status = "failure" if "failure" in said else "skipped" if "skipped" in said else "success"
        given = {name: {"result": results.get(name, "skipped")} for name in self.needs}
        return holds(self.condition, {**self.known, "needs": given}, status)


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


def only(section: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Raises NotUnderstood for a key that is none of those."""
    if strange := sorted({str(each) for each in section} - set(known)):
        raise NotUnderstood(f"{where}: `{strange[0]}` is not known here. Teach it to the model, or do without it.")


def ordered(jobs: list[Job]) -> tuple[Job, ...]:
    """Each after those that it needs. Raises NotUnderstood where that cannot be."""
    done, left = list[Job](), list(jobs)
    while left:
        names = {each.name for each in done}
        ready = [each for each in left if set(each.needs) <= names]
        if not ready:
            raise NotUnderstood(f"{left[0].name} needs {', '.join(left[0].needs)}, which never comes to be.")
        done += ready
        left = [each for each in left if each not in ready]
    return tuple(done)


def renamed(job: Job, before: str) -> Job:
    """Of a workflow that another one calls."""
    return replace(job, name=f"{before}/{job.name}", needs=tuple(f"{before}/{each}" for each in job.needs))


def _signs_in(step: Step) -> bool:
    return step.kind == "login" or bool(step.connection)
