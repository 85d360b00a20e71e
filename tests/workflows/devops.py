"""Pipelines of Azure DevOps as the model has them. Their keys: "YAML schema reference", Azure Pipelines, 2026-11."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from tests.emulator.ci.azure_devops import ORGANISATION, PROJECT, REPOSITORY
from tests.workflows.expressions import NotUnderstood, evaluate, fill, text
from tests.workflows.model import Event, Job, Kind, Pipeline, Step, only, ordered

GROUP = "mlops"
"""The one variable group of a project."""
SECRET = "System.AccessToken"
"""No script has it that does not ask for it."""
TASKS: Mapping[str, tuple[Kind, set[str]]] = {
    "UsePythonVersion@0": ("python", {"versionSpec"}),
    "Cache@2": ("cache", {"key", "path", "restoreKeys"}),
    "PublishBuildArtifacts@1": ("keep", {"pathToPublish", "artifactName"}),
    "AzureCLI@2": (
        "command",
        {"azureSubscription", "scriptType", "scriptLocation", "inlineScript", "keepAzSessionActive"},
    ),
}
"""The tasks that are known, and the inputs of each."""
ROOT = {"name", "trigger", "pr", "schedules", "parameters", "variables", "pool", "stages", "jobs", "lockBehavior"}
STAGE = {"stage", "displayName", "dependsOn", "condition", "variables", "pool", "jobs", "lockBehavior"}
JOB = {"displayName", "dependsOn", "condition", "variables", "pool", "timeoutInMinutes", "cancelTimeoutInMinutes"}
STEP = {"name", "displayName", "condition", "env"}
REASONS = {"push": "IndividualCI", "pull_request": "PullRequest", "schedule": "Schedule", "by hand": "Manual"}
CLAUSE = re.compile(r"\$\{\{\s*(if|elseif|else|each)\b(.*)\}\}", re.DOTALL)
MACRO = re.compile(r"\$\(([\w.]+)\)")
HOSTED = "Azure Pipelines"
"""The pool of hosted machines, where `vmImage` says which."""
LONGEST = 60  # minutes of a job on a hosted machine without a limit of its own


@dataclass(frozen=True)
class Scope:
    """Where something is read: variables by name, and the machine, unless it says another one."""

    where: str
    variables: Mapping[str, str]
    given: Mapping[str, str]
    pool: Any = None

    def inside(self, section: Mapping[str, Any], where: str) -> "Scope":
        pool = section.get("pool", self.pool)
        return replace(self, where=where, variables={**self.variables, **self.own(section)}, pool=pool)

    def own(self, section: Mapping[str, Any]) -> dict[str, str]:
        """The variables of a section, those of the group among them where it names that."""
        listed, found = section.get("variables", []), dict[str, str]()
        if isinstance(listed, dict):
            return {name: text(each) for name, each in listed.items()}
        for each in listed:
            if each.get("group") == GROUP:
                found |= self.given
            elif "name" in each:
                found[each["name"]] = text(each["value"])
            else:
                raise NotUnderstood(f"{self.where}: the variables {each} are not known here.")
        return found

    @property
    def known(self) -> dict[str, Any]:
        return {"variables": self.variables}

    def replaced(self, value: Any) -> str:
        """A text with each `$(NAME)` in it replaced, as the agent does. What is none stays, as the agent leaves it."""
        once = MACRO.sub(lambda found: self.variables.get(found[1], found[0]), text(value))
        return once if once == value else self.replaced(once)


def read(path: Path, event: Event) -> Pipeline:
    document = parsed(path)
    own = parameters(document.get("parameters", []), event.inputs, path.name)
    predefined = told(event)
    known = {"parameters": own, "variables": predefined}
    written = expanded(document.get("variables", []), known, path)
    inline = {each["name"]: each["value"] for each in written if "name" in each}
    root = expanded(document, known | {"variables": predefined | inline}, path)
    only(root, ROOT, path.name)
    on = triggers(root)
    if event.name not in on:
        raise NotUnderstood(f"{path.name} does not begin by {event.name}: {', '.join(on)}.")
    scope = Scope(path.name, predefined, event.variables).inside(root, path.name)
    stages = root.get("stages") or [{"stage": "", "jobs": root["jobs"]}]
    cancels = event.name == "pull_request" and bool((root.get("pr") or {}).get("autoCancel", True))
    return Pipeline("azure-devops", path.stem, event, on, ordered([*of_stages(stages, scope, cancels)]))


def told(event: Event) -> dict[str, str]:
    """The predefined variables, as far as they are asked for."""
    pull = event.name == "pull_request"
    found = {
        "Build.Reason": REASONS.get(event.name, "Manual"),
        "Build.BuildId": event.run,
        "Build.SourceBranch": f"refs/pull/{event.number}/merge" if pull else "refs/heads/main",
        "Build.SourceBranchName": "merge" if pull else "main",
        "Build.SourceVersion": "0" * 40,
        "Build.RequestedFor": event.actor,
        "Build.RequestedForEmail": f"{event.actor}@example.org",
        "Build.Repository.Name": event.repository.rpartition("/")[2],
        "Build.Repository.ID": REPOSITORY,
        "System.CollectionUri": f"{event.server or 'https://dev.azure.com'}/{ORGANISATION}/",
        "System.TeamProject": PROJECT,
        "System.AccessToken": "a-token",
        "System.JobAttempt": "1",
        "System.StageAttempt": "1",
        "Agent.OS": "Linux",
        "TF_BUILD": "True",
    }
    if pull:
        found |= {
            "System.PullRequest.PullRequestId": str(event.number),
            "System.PullRequest.IsFork": text(event.fork).capitalize(),
            "System.PullRequest.TargetBranch": "refs/heads/main",
            "System.PullRequest.TargetBranchName": "main",
        }
    return found


def expanded(value: Any, known: Mapping[str, Any], file: Path) -> Any:
    """What is left when every `${{ }}` is worked out, and every template is in its place."""
    if isinstance(value, dict):
        return _section(value, known, file)
    if isinstance(value, list):
        return [each for item, here in _chosen(value, known, file) for each in _items(item, here, file)]
    return fill(value, known)


def _section(value: dict[str, Any], known: Mapping[str, Any], file: Path) -> dict[str, Any]:
    found, met = dict[str, Any](), False
    for key, each in value.items():
        if not (clause := CLAUSE.fullmatch(str(key).strip())):
            found[key] = expanded(each, known, file)
            continue
        word, said = clause.groups()
        if word == "each":
            raise NotUnderstood(f"{file.name}: `each` makes items of a list here, not keys.")
        met = False if word == "if" else met
        if not met and (word == "else" or evaluate(said, known)):
            met = True
            found |= expanded(each, known, file)
    return found


def _chosen(listed: list[Any], known: Mapping[str, Any], file: Path) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """The items of a list that are left, each with what is known there."""
    met = False
    for item in listed:
        key = next(iter(item)) if isinstance(item, dict) and len(item) == 1 else ""
        if not (clause := CLAUSE.fullmatch(str(key).strip())):
            yield item, known
            continue
        word, said = clause.groups()
        if word == "each":
            name, _, of = said.strip().partition(" in ")
            whole = evaluate(of, known)
            pairs = [{"key": one, "value": other} for one, other in whole.items()] if isinstance(whole, dict) else whole
            for each in pairs:
                yield from _chosen(item[key], {**known, name.strip(): each}, file)
            continue
        met = False if word == "if" else met
        if not met and (word == "else" or evaluate(said, known)):
            met = True
            yield from _chosen(item[key], known, file)


def _items(value: Any, known: Mapping[str, Any], file: Path) -> list[Any]:
    """One item, or those of the template that it names."""
    if not (isinstance(value, dict) and "template" in value):
        return [expanded(value, known, file)]
    only(value, {"template", "parameters"}, file.name)
    name = fill(value["template"], known)
    path = (file.parents[1] if name.startswith("/") else file.parent) / name.lstrip("/")
    document = parsed(path)
    given = expanded(value.get("parameters", {}), known, file)
    own = {"parameters": parameters(document.get("parameters", []), given, path.name)}
    kinds = [kind for kind in ("stages", "jobs", "steps", "variables") if kind in document]
    only(document, {"parameters", *kinds[:1]}, path.name)
    return expanded(document[kinds[0]], {**own, "variables": known["variables"]}, path)


def parameters(asked: list[dict[str, Any]], given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """What a caller gives, with the defaults. Raises NotUnderstood for one that is missing, unknown or no boolean."""
    only(given, [each["name"] for each in asked], where)
    found = dict[str, Any]()
    for each in asked:
        name, kind = each["name"], each.get("type", "string")
        only(each, {"name", "displayName", "type", "default", "values"}, f"{where}, parameter {name}")
        if name not in given and "default" not in each:
            raise NotUnderstood(f"{where}: the parameter `{name}` is required.")
        value = given.get(name, each.get("default"))
        if kind == "boolean" and text(value).lower() not in ("true", "false"):
            raise NotUnderstood(f"{where}: the parameter `{name}` is true or false, not {value!r}.")
        if "values" in each and value not in each["values"]:
            raise NotUnderstood(f"{where}: the parameter `{name}` is one of {', '.join(map(text, each['values']))}.")
        found[name] = text(value).lower() == "true" if kind == "boolean" else value
    return found


def of_stages(stages: list[dict[str, Any]], scope: Scope, cancels: bool) -> Iterator[Job]:
    """Each stage needs the one before it, unless it says otherwise."""
    before, made = list[str](), dict[str, list[str]]()
    for section in stages:
        only(section, STAGE, scope.where)
        name = section["stage"]
        told = replace(scope, variables={**scope.variables, "System.StageName": name or "__default"})
        here = told.inside(section, f"{scope.where}, stage {name}".removesuffix(", stage "))
        needs = _list(section["dependsOn"]) if "dependsOn" in section else before
        if strange := set(needs) - set(made):
            raise NotUnderstood(f"{here.where} depends on {', '.join(strange)}, which is no stage before it.")
        found = [job for each in section["jobs"] for job in of_job(each, here, cancels)]
        label = f"{name}/" if name else ""
        for job in found:
            inner = tuple(label + each for each in job.needs)
            outer = () if inner else tuple(each for stage in needs for each in made[stage])
            condition = "" if inner else text(section.get("condition", ""))
            if condition and job.condition:
                raise NotUnderstood(f"{here.where}: a condition of the stage and one of {job.name} are too many.")
            condition = condition or job.condition
            yield replace(job, name=label + job.name, needs=inner + outer, condition=condition)
        made[name], before = [label + job.name for job in found], [name]


def of_job(section: dict[str, Any], scope: Scope, cancels: bool) -> Iterator[Job]:
    """A job, or a deployment to an environment, whose checks are asked before it begins."""
    deploys = "deployment" in section
    name = section["deployment" if deploys else "job"]
    where = f"{scope.where}, job {name}"
    only(section, JOB | ({"deployment", "environment", "strategy"} if deploys else {"job", "steps"}), where)
    here, place = scope.inside(section, where), section.get("environment", "")
    target = text(place["name"] if isinstance(place, dict) else place)
    if deploys:
        here = replace(here, variables={**here.variables, "Environment.Name": target})
        only(section["strategy"], {"runOnce"}, where)
        only(section["strategy"]["runOnce"], {"deploy"}, where)
        listed = section["strategy"]["runOnce"]["deploy"]["steps"]
    else:
        listed = section["steps"]
        if not any("checkout" in each for each in listed):
            listed = [{"checkout": "self"}, *listed]
    yield Job(
        name=name,
        steps=tuple(step(each, here, f"{where}, step {number}") for number, each in enumerate(listed, 1)),
        runner=machine(here),
        timeout=float(section.get("timeoutInMinutes", LONGEST)),
        needs=tuple(_list(section.get("dependsOn", []))),
        condition=text(section.get("condition", "")),
        known=here.known,
        environment=target,
        cancels=cancels,
    )


def step(section: dict[str, Any], scope: Scope, where: str) -> Step:
    told = {name: scope.replaced(each) for name, each in scope.variables.items() if name != SECRET}
    env = {name.upper().replace(".", "_"): each for name, each in told.items()}
    env |= {name: scope.replaced(each) for name, each in section.get("env", {}).items()}
    common = {"env": env, "condition": text(section.get("condition", "")), "known": scope.known}
    said = section.get("displayName", "")
    if "checkout" in section:
        only(section, {"checkout", "fetchDepth", "fetchTags", "persistCredentials", "clean", "displayName"}, where)
        given = {"fetch-depth": text(section.get("fetchDepth", 1))}
        given["persist-credentials"] = text(section.get("persistCredentials", False))
        return Step("checkout", said or "checkout", settings=given, **common)
    if script := next((name for name in ("script", "bash") if name in section), ""):
        only(section, STEP | {script}, where)
        return Step("command", said or section[script], one(scope.replaced(section[script]), where), **common)
    if "publish" in section:
        only(section, STEP | {"publish", "artifact", "continueOnError"}, where)
        given = {"path": scope.replaced(section["publish"]), "name": scope.replaced(section["artifact"])}
        given |= {"if-no-files-found": "ignore"} if text(section.get("continueOnError", "")) == "true" else {}
        return Step("keep", said or "publish", settings=given, **common)
    if "download" in section:
        only(section, STEP | {"download", "patterns"}, where)
        if section["download"] != "current" or not section["patterns"].endswith("/*.json"):
            raise NotUnderstood(f"{where}: only files of the run itself are known, by `patterns: NAME/*.json`.")
        given = {"pattern": section["patterns"].removesuffix("/*.json"), "path": "$(Pipeline.Workspace)"}
        return Step("bring", said or "download", settings=given, **common)
    only(section, STEP | {"task", "inputs"}, where)
    if section["task"] not in TASKS:
        raise NotUnderstood(f"{where}: the task {section['task']} is not known here.")
    kind, takes = TASKS[section["task"]]
    only(section.get("inputs", {}), takes, f"{where}, {section['task']}")
    given = {name: scope.replaced(each) for name, each in section.get("inputs", {}).items()}
    if kind != "command":
        return Step(kind, said or section["task"], settings=given, **common)
    if (given.get("scriptType"), given.get("scriptLocation")) != ("bash", "inlineScript"):
        raise NotUnderstood(
            f"{where}: of AzureCLI@2 only `scriptType: bash` and `scriptLocation: inlineScript` are known."
        )
    if not given.get("azureSubscription"):
        raise NotUnderstood(f"{where}: AzureCLI@2 names no service connection.")
    run, connection = one(given.pop("inlineScript"), where), given.pop("azureSubscription")
    return Step("command", said or run, run, settings=given, connection=connection, **common)


def one(script: str, where: str) -> str:
    """A script whose failure is seen: bash goes on after a command that failed, unless it is told not to."""
    lines = [line for line in script.splitlines() if line.strip()]
    if len(lines) > 1 and not lines[0].startswith("set -e"):
        raise NotUnderstood(f"{where}: only the last line of the script can fail; begin it with `set -e`.")
    return "\n".join(lines)


def inside(variables: str, pools: Mapping[str, str]) -> str:
    """The text of templates/variables.yml, once environments such as PROD have pools of their own."""
    for name, pool in pools.items():
        variables, done = re.subn(rf"(RUNNER_{name}\n +value:) {HOSTED}", rf"\1 {pool}", variables)
        if not done:
            raise NotUnderstood(f"variables.yml: no hosted machine is given to {name}.")
    return variables


def machine(scope: Scope) -> str:
    """The name of a hosted image, or of a pool of one's own."""
    pool = scope.pool or {}
    if isinstance(pool, str):
        return scope.replaced(pool)
    only(pool, {"vmImage", "name"}, f"{scope.where}, pool")
    name = scope.replaced(pool.get("name", ""))
    found = scope.replaced(pool.get("vmImage", "")) if name in ("", HOSTED) else name
    if not found:
        raise NotUnderstood(f"{scope.where}: no pool is named.")
    return found


def triggers(root: dict[str, Any]) -> dict[str, Any]:
    """What begins it. A pipeline without `trigger` or `pr` begins by every push, or pull request."""
    found: dict[str, Any] = {"by hand": {"inputs": root.get("parameters", [])}, "dispatch": None}
    for name, other in (("trigger", "push"), ("pr", "pull_request")):
        about = root.get(name, {"branches": {"include": ["*"]}})
        if about not in ("none", None):
            found[other] = about
    if root.get("schedules"):
        found["schedule"] = root["schedules"]
    return found


def parsed(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise NotUnderstood(f"{path.name} is not there.")
    return yaml.safe_load(path.read_text("utf-8"))


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])
