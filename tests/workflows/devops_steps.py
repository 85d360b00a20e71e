"""Steps of Azure DevOps as the model has them. What a key means: "YAML schema reference", Azure Pipelines, 2026-11."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tests.workflows.devops_variables import Scope
from tests.workflows.documents import NotUnderstood, only
from tests.workflows.expressions import text
from tests.workflows.model import Kind, Step

COMMON = {"displayName", "condition", "env"}
TASKS: Mapping[str, tuple[Kind, set[str]]] = {
    "UsePythonVersion@0": ("python", {"versionSpec"}),
    "Cache@2": ("cache", {"key", "path"}),
    "AzureCLI@2": (
        "command",
        {"azureSubscription", "scriptType", "scriptLocation", "inlineScript", "keepAzSessionActive"},
    ),
}
"""The tasks that are known, and the inputs of each."""


def step(section: dict[str, Any], scope: Scope, where: str) -> Step:
    made = next((read for name, read in KINDS.items() if name in section), None)
    if not made:
        raise NotUnderstood(f"{where}: {sorted(section)} is no step that is known here.")
    found = made(section, scope, where)
    return replace(
        found,
        name=section.get("displayName", found.name),
        env=scope.environment() | {name: scope.replaced(each) for name, each in section.get("env", {}).items()},
        condition=text(section.get("condition", "")),
        known=scope.known,
    )


def checkout(section: dict[str, Any], scope: Scope, where: str) -> Step:
    only(section, {"checkout", "fetchDepth", "persistCredentials"}, where)
    depth, kept = text(section.get("fetchDepth", 1)), text(section.get("persistCredentials", False))
    return Step("checkout", "checkout", settings={"fetch-depth": depth, "persist-credentials": kept})


def script(section: dict[str, Any], scope: Scope, where: str) -> Step:
    only(section, COMMON | {"script"}, where)
    return Step("command", section["script"], one(scope.replaced(section["script"]), where))


def publish(section: dict[str, Any], scope: Scope, where: str) -> Step:
    only(section, COMMON | {"publish", "artifact", "continueOnError"}, where)
    given = {"path": scope.replaced(section["publish"]), "name": scope.replaced(section["artifact"])}
    given |= {"if-no-files-found": "ignore"} if section.get("continueOnError") == "true" else {}
    return Step("keep", "publish", settings=given)


def download(section: dict[str, Any], scope: Scope, where: str) -> Step:
    only(section, COMMON | {"download", "patterns"}, where)
    if section["download"] != "current" or not section["patterns"].endswith("/*.json"):
        raise NotUnderstood(f"{where}: only files of the run itself are known, by `patterns: NAME/*.json`.")
    given = {"pattern": section["patterns"].removesuffix("/*.json"), "path": "$(Pipeline.Workspace)"}
    return Step("bring", "download", settings=given)


def task(section: dict[str, Any], scope: Scope, where: str) -> Step:
    only(section, COMMON | {"task", "inputs"}, where)
    name = section["task"]
    if name not in TASKS:
        raise NotUnderstood(f"{where}: the task {name} is not known here.")
    kind, takes = TASKS[name]
    only(section.get("inputs", {}), takes, f"{where}, {name}")
    given = {each: scope.replaced(value) for each, value in section.get("inputs", {}).items()}
    if kind != "command":
        return Step(kind, name, settings=given)
    if (given.get("scriptType"), given.get("scriptLocation")) != ("bash", "inlineScript"):
        raise NotUnderstood(f"{where}: of {name} only `scriptType: bash`, `scriptLocation: inlineScript` are known.")
    if not given.get("azureSubscription"):
        raise NotUnderstood(f"{where}: {name} names no service connection.")
    run, connection = one(given.pop("inlineScript"), where), given.pop("azureSubscription")
    return Step("command", run, run, settings=given, connection=connection)


KINDS: Mapping[str, Callable[[dict[str, Any], Scope, str], Step]] = {
    "checkout": checkout,
    "script": script,
    "publish": publish,
    "download": download,
    "task": task,
}


def one(script: str, where: str) -> str:
    """A script whose failure is seen: bash goes on after a command that failed, unless it is told not to."""
    lines = [line for line in script.splitlines() if line.strip()]
    if len(lines) > 1 and not lines[0].startswith("set -e"):
        raise NotUnderstood(f"{where}: only the last line of the script can fail; begin it with `set -e`.")
    return "\n".join(lines)
