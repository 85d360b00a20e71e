"""GitHub's workflows as the model has them. What a key means: "Workflow syntax for GitHub Actions", 2026-11."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from tests.workflows.expressions import NotUnderstood, fill, text
from tests.workflows.model import Event, Job, Kind, Pipeline, Step, only, ordered, renamed

ACTIONS: Mapping[str, tuple[Kind, set[str]]] = {
    "actions/checkout": ("checkout", {"fetch-depth", "persist-credentials", "ref"}),
    "actions/setup-python": ("python", {"python-version", "python-version-file"}),
    "actions/cache": ("cache", {"path", "key", "restore-keys"}),
    "pulumi/actions": ("engine", {"pulumi-version"}),
    "azure/login": ("login", {"client-id", "tenant-id", "subscription-id", "allow-no-subscriptions"}),
    "actions/download-artifact": ("bring", {"name", "pattern", "path", "merge-multiple"}),
    "actions/upload-artifact": ("keep", {"name", "path", "if-no-files-found", "retention-days"}),
}
"""The actions that are known, and the inputs of each."""
TRIGGERS = {"workflow_dispatch": "by hand", "repository_dispatch": "dispatch", "workflow_call": "called"}
WORKFLOW = {"name", "run-name", "on", "permissions", "concurrency", "env", "jobs", "defaults"}
JOB = {
    "name",
    "needs",
    "if",
    "runs-on",
    "timeout-minutes",
    "environment",
    "permissions",
    "concurrency",
    "env",
    "strategy",
}
STEP = {"name", "id", "if", "uses", "with", "run", "env", "shell", "continue-on-error", "timeout-minutes"}
IN_ACTIONS = ("github", "inputs", "matrix", "env")
"""What a composite action may ask; not secrets, variables, needs: action_yaml.json of actions/runner, 2026-11."""
ORDER = ("none", "read", "write")
LONGEST = 360  # minutes of a job without a limit of its own


@dataclass(frozen=True)
class File:
    """A workflow file, and what is known where it is read."""

    path: Path
    document: dict[str, Any]
    known: Mapping[str, Any]

    @property
    def where(self) -> str:
        return self.path.name


def read(path: Path, event: Event) -> Pipeline:
    document = parsed(path)
    known = {"github": told(event), "vars": event.variables, "secrets": {"GITHUB_TOKEN": "a-token"}}
    on = triggers(document["on"])
    if event.name not in on:
        raise NotUnderstood(f"{path.name} does not begin by {event.name}: {', '.join(on)}.")
    asked = (on.get("by hand") or {}).get("inputs") or {} if event.name == "by hand" else {}
    return Pipeline(
        "github-actions",
        path.stem,
        event,
        on,
        ordered(jobs(File(path, document, known | {"inputs": inputs(asked, event.inputs, path.name)}), None)),
    )


def told(event: Event) -> dict[str, Any]:
    """The context `github`, as far as it is asked for."""
    pull = event.name == "pull_request"
    head = {"repo": {"full_name": "somebody/else" if event.fork else event.repository, "fork": event.fork}}
    of_pull = {"number": event.number, "pull_request": {"number": event.number, "head": head, "draft": False}}
    return {
        "event_name": TRIGGERED.get(event.name, event.name),
        "event": of_pull if pull else {"inputs": event.inputs, "client_payload": event.inputs},
        "ref": f"refs/pull/{event.number}/merge" if pull else "refs/heads/main",
        "ref_name": f"{event.number}/merge" if pull else "main",
        "head_ref": "change" if pull else "",
        "base_ref": "main" if pull else "",
        "repository": event.repository,
        "run_id": event.run,
        "run_number": 1,
        "run_attempt": 1,
        "actor": event.actor,
        "triggering_actor": event.actor,
        "sha": "0" * 40,
        "server_url": "https://github.com",
        "workflow": "workflow",
        "token": "a-token",
    }


TRIGGERED = {other: name for name, other in TRIGGERS.items()}


def jobs(file: File, allowed: Mapping[str, str] | None) -> list[Job]:
    """Those of a file; `allowed` are the permissions of the job that calls it."""
    only(file.document, WORKFLOW, file.where)
    of_all = permitted(file.document.get("permissions"), dict(allowed or {"contents": "read"}))
    found, called = list[Job](), dict[str, list[str]]()
    for name, section in file.document["jobs"].items():
        where = f"{file.where}, job {name}"
        made = (
            calls(file, name, section, of_all, where) if "uses" in section else own(file, name, section, of_all, where)
        )
        called[name] = [each.name for each in made]
        found += made
    if allowed is not None:
        for job in found:
            within(job, allowed, file.where)
    return [
        replace(job, needs=tuple(inner for each in job.needs for inner in called.get(each, [each]))) for job in found
    ]


def calls(file: File, name: str, section: dict[str, Any], of_all: dict[str, str], where: str) -> list[Job]:
    """The jobs of a reusable workflow, once for each cell of a matrix."""
    only(section, {"name", "uses", "with", "needs", "if", "permissions", "strategy", "concurrency", "secrets"}, where)
    if not section["uses"].startswith("./.github/workflows/"):
        raise NotUnderstood(f"{where}: {section['uses']} is in another repository.")
    path = file.path.parents[2] / section["uses"]
    document, found = parsed(path), list[Job]()
    asked = (document["on"]["workflow_call"] or {}).get("inputs") or {}
    allowed = permitted(section.get("permissions"), of_all)
    for cell, label in cells(section, file.known, name):
        known = {**file.known, "matrix": cell}
        given = inputs(asked, fill(section.get("with", {}), known), f"{where}, {path.name}")
        inner = jobs(File(path, document, {**file.known, "inputs": given}), allowed)
        before = tuple(needed(section))
        for job in inner:
            made = renamed(job, label)
            if not job.needs:
                made = replace(made, needs=before, condition=_both(section.get("if", ""), made.condition, where))
            found.append(made)
    return found


def own(file: File, name: str, section: dict[str, Any], of_all: dict[str, str], where: str) -> list[Job]:
    """A job, once for each cell of its matrix."""
    only(section, JOB | {"steps"}, where)
    found = list[Job]()
    for cell, label in cells(section, file.known, name):
        known = {**file.known, **({"matrix": cell} if cell else {})}
        place = fill(section.get("environment", ""), known)
        turn = fill(section.get("concurrency", {}), known)
        env = {**fill(file.document.get("env", {}), known), **fill(section.get("env", {}), known)}
        found.append(
            Job(
                name=label,
                steps=tuple(steps(section["steps"], {**known, "env": env}, file.path.parents[2], where)),
                runner=text(fill(section["runs-on"], known)),
                timeout=float(fill(section.get("timeout-minutes", LONGEST), known)),
                needs=tuple(needed(section)),
                condition=str(section.get("if", "")),
                known=known,
                environment=text(place["name"] if isinstance(place, dict) else place),
                permissions=permitted(section.get("permissions"), of_all),
                group=text(turn if isinstance(turn, str) else turn.get("group", "")),
                cancels=bool(isinstance(turn, dict) and turn.get("cancel-in-progress")),
            )
        )
    return found


def steps(listed: list[dict[str, Any]], known: Mapping[str, Any], root: Path, where: str) -> Iterator[Step]:
    for number, section in enumerate(listed, 1):
        here = f"{where}, step {number}"
        only(section, STEP, here)
        env = {name: text(each) for name, each in {**known["env"], **fill(section.get("env", {}), known)}.items()}
        said, condition = section.get("name", ""), str(section.get("if", ""))
        known_here = {**known, "env": env}
        if section.get("continue-on-error"):
            raise NotUnderstood(f"{here}: `continue-on-error` lets a failure pass.")
        if "run" in section:
            if section.get("shell", "bash") != "bash":
                raise NotUnderstood(f"{here}: the shell {section['shell']} is not known here.")
            run = text(fill(section["run"], known_here))
            yield Step("command", said or run, run, env=env, condition=condition, known=known_here)
        elif section["uses"].startswith("./"):
            yield from composite(root / section["uses"], section, known_here, root, here)
        else:
            action, _, pin = section["uses"].partition("@")
            if action not in ACTIONS:
                raise NotUnderstood(f"{here}: the action {action} is not known here.")
            kind, takes = ACTIONS[action]
            only(section.get("with", {}), takes, f"{here}, {action}")
            given = {name: text(each) for name, each in fill(section.get("with", {}), known_here).items()}
            given |= {"pin": pin}
            yield Step(kind, said or action, settings=given, env=env, condition=condition, known=known_here)


def composite(
    folder: Path, section: dict[str, Any], known: Mapping[str, Any], root: Path, where: str
) -> Iterator[Step]:
    """The steps of an action of the repository's own."""
    document = parsed(folder / "action.yml")
    only(document, {"name", "description", "inputs", "runs", "outputs"}, f"{where}, {folder.name}")
    if document["runs"]["using"] != "composite" or section.get("if"):
        raise NotUnderstood(f"{where}: {folder.name} is no composite action, or begins on a condition.")
    given = inputs(document.get("inputs") or {}, fill(section.get("with", {}), known), f"{where}, {folder.name}")
    inner = {name: each for name, each in known.items() if name in IN_ACTIONS} | {"inputs": given}
    for each in document["runs"]["steps"]:
        if "run" in each and "shell" not in each:
            raise NotUnderstood(f"{where}, {folder.name}: a `run` of a composite action needs a `shell`.")
    yield from steps(document["runs"]["steps"], inner, root, f"{where}, {folder.name}")


def cells(section: dict[str, Any], known: Mapping[str, Any], name: str) -> list[tuple[dict[str, Any], str]]:
    """Each cell of a matrix, and what its job is called."""
    strategy = section.get("strategy", {})
    only(strategy, {"matrix", "fail-fast", "max-parallel"}, name)
    matrix = fill(strategy.get("matrix", {}), known)
    if {"include", "exclude"} & set(matrix):
        raise NotUnderstood(f"{name}: `include` and `exclude` of a matrix are not known here.")
    if not matrix:
        return [({}, name)]
    found = [dict(zip(matrix, values, strict=True)) for values in product(*matrix.values())]
    return [(cell, f"{name}/{'/'.join(map(text, cell.values()))}") for cell in found]


def inputs(asked: Mapping[str, Any], given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """What a caller gives, with the defaults. Raises NotUnderstood for one that is missing or not asked for."""
    only(given, asked, where)
    found = dict[str, Any]()
    for name, about in asked.items():
        about = about or {}
        if about.get("required") and "default" not in about and text(given.get(name)) == "":
            raise NotUnderstood(f"{where}: the input `{name}` is required.")
        found[name] = given.get(name, about.get("default", ""))
        if about.get("type") == "choice" and found[name] not in about["options"]:
            raise NotUnderstood(f"{where}: the input `{name}` is one of {', '.join(about['options'])}.")
    return found


def permitted(section: Any, otherwise: dict[str, str]) -> dict[str, str]:
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


def triggers(on: Any) -> dict[str, Any]:
    listed = on if isinstance(on, dict) else dict.fromkeys([on] if isinstance(on, str) else on)
    found = {TRIGGERS.get(name, name): about for name, about in listed.items()}
    only(found, {"push", "pull_request", "schedule", *TRIGGERS.values()}, "on")
    return found


def needed(section: dict[str, Any]) -> list[str]:
    needs = section.get("needs", [])
    return [needs] if isinstance(needs, str) else needs


def parsed(path: Path) -> dict[str, Any]:
    """YAML 1.2 as GitHub has it, where `on` is a word."""
    if not path.is_file():
        raise NotUnderstood(f"{path.name} is not there.")
    document = yaml.safe_load(path.read_text("utf-8"))
    if True in document:
        document["on"] = document.pop(True)
    return document


def _both(one: Any, other: str, where: str) -> str:
    if one and other:
        raise NotUnderstood(f"{where}: a condition here and one in what it calls are more than is known here.")
    return str(one) or other
