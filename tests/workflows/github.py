"""GitHub's workflows as the model has them. What a key means: "Workflow syntax for GitHub Actions", 2026-11."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.workflows.documents import NotUnderstood, listed, only, parsed
from tests.workflows.expressions import fill, text
from tests.workflows.github_context import TRIGGERS, told
from tests.workflows.github_steps import inputs, steps
from tests.workflows.model import GITHUB, Event, Job, Pipeline, ordered

WORKFLOW = {"name", "on", "permissions", "concurrency", "env", "jobs"}
CALL = {"name", "uses", "with", "needs", "if", "permissions"}
JOB = {
    *("name", "needs", "if", "runs-on", "timeout-minutes", "environment"),
    *("permissions", "concurrency", "env", "steps"),
}
ORDER = ("none", "read", "write")
LONGEST = 360  # minutes of a job without a limit of its own


@dataclass(frozen=True)
class File:
    """A workflow file, and what is known where it is read."""

    path: Path
    document: dict[str, Any]
    known: Mapping[str, Any]


def read(path: Path, event: Event) -> Pipeline:
    document = parsed(path)
    on = triggers(document["on"])
    if event.name not in on:
        raise NotUnderstood(f"{path.name} does not begin by {event.name}: {', '.join(on)}.")
    asked = (on["by hand"] or {}).get("inputs", {}) if event.name == "by hand" else {}
    known = {
        "github": told(event),
        "vars": {} if event.fork else event.variables,  # "Variables" (docs.github.com): a fork gets none, 2026-11
        "secrets": {"GITHUB_TOKEN": "a-token"},
        "inputs": inputs(asked, event.inputs, path.name),
    }
    return Pipeline(GITHUB, path.stem, event, on, ordered(jobs(File(path, document, known), {"contents": "read"})))


def triggers(on: Any) -> dict[str, Any]:
    sections = on if isinstance(on, dict) else dict.fromkeys(listed(on))
    found = {TRIGGERS.get(name, name): about for name, about in sections.items()}
    only(found, {"push", "pull_request", "schedule", *TRIGGERS.values()}, "on")
    return found


def jobs(file: File, otherwise: Mapping[str, str]) -> list[Job]:
    """Those of a file; `otherwise` are the permissions where it names none."""
    only(file.document, WORKFLOW, file.path.name)
    of_all = permitted(file.document.get("permissions"), otherwise)
    found, called = list[Job](), dict[str, list[str]]()
    for name, section in file.document["jobs"].items():
        where = f"{file.path.name}, job {name}"
        if "uses" in section:
            made = [*calls(file, name, section, of_all, where)]
        else:
            made = [own(file, name, section, of_all, where)]
        called[name] = [each.name for each in made]
        found += made
    _, stops = turn(file.document, file.known, file.path.name)
    return [
        replace(
            job,
            needs=tuple(inner for each in job.needs for inner in called.get(each, [each])),
            cancels=job.cancels or stops,
        )
        for job in found
    ]


def calls(file: File, name: str, section: dict[str, Any], of_all: Mapping[str, str], where: str) -> Iterator[Job]:
    """The jobs of a reusable workflow of the repository."""
    only(section, CALL, where)
    if not section["uses"].startswith("./.github/workflows/"):
        raise NotUnderstood(f"{where}: {section['uses']} is in another repository.")
    path = file.path.parents[2] / section["uses"]
    document = parsed(path)
    asked = (document["on"]["workflow_call"] or {}).get("inputs", {})
    given = inputs(asked, fill(section.get("with", {}), file.known), f"{where}, {path.name}")
    allowed = permitted(section.get("permissions"), of_all)
    needs, condition = tuple(listed(section.get("needs", []))), str(section.get("if", ""))
    for job in jobs(File(path, document, {**file.known, "inputs": given}), allowed):
        within(job, allowed, path.name)
        label = f"{name}/{job.name}"
        if job.needs:
            yield replace(job, name=label, needs=tuple(f"{name}/{each}" for each in job.needs))
        elif condition and job.condition:
            raise NotUnderstood(f"{where}: a condition here and one in what it calls are more than is known here.")
        else:
            yield replace(job, name=label, needs=needs, condition=condition or job.condition)


def own(file: File, name: str, section: dict[str, Any], of_all: Mapping[str, str], where: str) -> Job:
    only(section, JOB, where)
    known, (group, cancels) = file.known, turn(section, file.known, where)
    env = {**fill(file.document.get("env", {}), known), **fill(section.get("env", {}), known)}
    return Job(
        name=name,
        steps=tuple(steps(section["steps"], {**known, "env": env}, file.path.parents[2], where)),
        runner=text(fill(section["runs-on"], known)),
        timeout=float(section.get("timeout-minutes", LONGEST)),
        needs=tuple(listed(section.get("needs", []))),
        condition=str(section.get("if", "")),
        known=known,
        environment=text(fill(section.get("environment", ""), known)),
        permissions=permitted(section.get("permissions"), of_all),
        group=group,
        cancels=cancels,
    )


def permitted(section: Mapping[str, str] | None, otherwise: Mapping[str, str]) -> Mapping[str, str]:
    """Raises NotUnderstood for permissions that are given all at once."""
    if section is None:
        return otherwise
    if not isinstance(section, dict):
        raise NotUnderstood(f"permissions: {section!r} is not known here; name each.")
    return {name: each for name, each in section.items() if each != "none"}


def within(job: Job, allowed: Mapping[str, str], where: str) -> None:
    """GitHub does not begin a run whose called workflow asks for more than the job that calls it may give."""
    for name, wanted in job.permissions.items():
        given = allowed.get(name, "none")
        if ORDER.index(wanted) > ORDER.index(given):
            raise NotUnderstood(f"{where}, job {job.name}: asks for {name}: {wanted}, and its caller allows {given}.")


def turn(section: dict[str, Any], known: Mapping[str, Any], where: str) -> tuple[str, bool]:
    """Of which only one runs at a time, and whether another one that comes ends the one that runs."""
    said = fill(section.get("concurrency", {}), known)
    only(said, {"group", "cancel-in-progress"}, f"{where}, concurrency")
    return text(said.get("group")), bool(said.get("cancel-in-progress"))
