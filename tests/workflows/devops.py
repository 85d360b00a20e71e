"""Pipelines of Azure DevOps as the model has them. Their keys: "YAML schema reference", Azure Pipelines, 2026-11."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.workflows.devops_steps import step
from tests.workflows.devops_templates import expanded, parameters
from tests.workflows.devops_variables import Scope, told
from tests.workflows.documents import NotUnderstood, listed, only, parsed
from tests.workflows.expressions import text
from tests.workflows.model import AZURE, Event, Job, Pipeline, ordered

ROOT = {"trigger", "pr", "schedules", "parameters", "variables", "pool", "stages", "jobs"}
STAGE = {"stage", "dependsOn", "jobs", "lockBehavior"}
JOB = {"dependsOn", "condition", "variables", "pool", "timeoutInMinutes"}
HOSTED = "Azure Pipelines"
"""The pool of hosted machines, where `vmImage` says which."""
LONGEST = 60  # minutes of a job on a hosted machine without a limit of its own


def read(path: Path, event: Event) -> Pipeline:
    document, predefined = parsed(path), told(event)
    own = parameters(document.get("parameters", []), event.inputs, path.name)
    known = {"parameters": own, "variables": predefined}
    written = expanded(document.get("variables", []), known, path)
    inline = {each["name"]: each["value"] for each in written if "name" in each}
    root = expanded(document, known | {"variables": predefined | inline}, path)
    only(root, ROOT, path.name)
    on = triggers(root)
    if event.name not in on:
        raise NotUnderstood(f"{path.name} does not begin by {event.name}: {', '.join(on)}.")
    scope = Scope(path.name, predefined, event.variables).inside(root, path.name)
    stages = root["stages"] if "stages" in root else [{"stage": "", "jobs": root["jobs"]}]
    cancels = event.name == "pull_request" and bool((root.get("pr") or {}).get("autoCancel", True))
    jobs = ordered([*of_stages(stages, scope, cancels)])
    if not jobs:
        raise NotUnderstood(f"{path.name} has no job for what was typed, and Azure DevOps begins no such pipeline.")
    return Pipeline(AZURE, path.stem, event, on, jobs)


def triggers(root: dict[str, Any]) -> dict[str, Any]:
    """What begins it. A pipeline without `trigger` or `pr` begins by every push, or pull request."""
    found: dict[str, Any] = {"by hand": {"inputs": root.get("parameters", [])}, "dispatch": None}
    for name, other in (("trigger", "push"), ("pr", "pull_request")):
        about = root.get(name, {"branches": {"include": ["*"]}})
        if about != "none":
            found[other] = about
    if root.get("schedules"):
        found["schedule"] = root["schedules"]
    return found


def of_stages(stages: list[dict[str, Any]], scope: Scope, cancels: bool) -> Iterator[Job]:
    """Each stage needs the one before it, unless it says otherwise."""
    before, made = list[str](), dict[str, list[str]]()
    for section in stages:
        only(section, STAGE, scope.where)
        name = section["stage"]
        here = replace(
            scope,
            where=f"{scope.where}, stage {name}" if name else scope.where,
            variables={**scope.variables, "System.StageName": name or "__default"},
        )
        needs = listed(section["dependsOn"]) if "dependsOn" in section else before
        if strange := set(needs) - set(made):
            raise NotUnderstood(f"{here.where} depends on {', '.join(strange)}, which is no stage before it.")
        outer = tuple(each for stage in needs for each in made[stage])
        label = f"{name}/" if name else ""
        found = [of_job(each, here, cancels) for each in section["jobs"]]
        for job in found:
            yield replace(job, name=label + job.name, needs=tuple(label + each for each in job.needs) or outer)
        made[name], before = [label + job.name for job in found], [name]


def of_job(section: dict[str, Any], scope: Scope, cancels: bool) -> Job:
    """A job, or a deployment to an environment, whose checks are asked before it begins."""
    deploys = "deployment" in section
    name = section["deployment" if deploys else "job"]
    where = f"{scope.where}, job {name}"
    only(section, JOB | ({"deployment", "environment", "strategy"} if deploys else {"job", "steps"}), where)
    here, target = scope.inside(section, where), section.get("environment", "")
    if deploys:
        here = replace(here, variables={**here.variables, "Environment.Name": target})
        only(section["strategy"], {"runOnce"}, where)
        only(section["strategy"]["runOnce"], {"deploy"}, where)
        steps = section["strategy"]["runOnce"]["deploy"]["steps"]
    else:
        own = any("checkout" in each for each in section["steps"])
        steps = section["steps"] if own else [{"checkout": "self"}, *section["steps"]]
    return Job(
        name=name,
        steps=tuple(step(each, here, f"{where}, step {number}") for number, each in enumerate(steps, 1)),
        runner=machine(here),
        timeout=float(section.get("timeoutInMinutes", LONGEST)),
        needs=tuple(listed(section.get("dependsOn", []))),
        condition=text(section.get("condition", "")),
        known=here.known,
        environment=target,
        cancels=cancels,
    )


def machine(scope: Scope) -> str:
    """The name of a hosted image, or of a pool of one's own."""
    pool = scope.pool or {}
    only(pool, {"vmImage", "name"}, f"{scope.where}, pool")
    name = scope.replaced(pool.get("name", ""))
    found = scope.replaced(pool.get("vmImage", "")) if name in ("", HOSTED) else name
    if not found:
        raise NotUnderstood(f"{scope.where}: no pool is named.")
    return found


def inside(variables: str, pools: Mapping[str, str]) -> str:
    """The text of templates/variables.yml, once environments such as PROD have pools of their own."""
    for name, pool in pools.items():
        variables, done = re.subn(rf"(RUNNER_{name}\n +value:) {HOSTED}", rf"\1 {pool}", variables)
        if not done:
            raise NotUnderstood(f"variables.yml: no hosted machine is given to {name}.")
    return variables
