"""Steps of GitHub's workflows as the model has them, those of the repository's own actions in their places."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.workflows.documents import NotUnderstood, only, parsed
from tests.workflows.expressions import fill, text
from tests.workflows.model import Kind, Step

ACTIONS: Mapping[str, tuple[Kind, set[str]]] = {
    "actions/checkout": ("checkout", {"fetch-depth", "persist-credentials"}),
    "actions/setup-python": ("python", {"python-version-file"}),
    "actions/cache": ("cache", {"path", "key"}),
    "azure/login": ("login", {"client-id", "tenant-id", "subscription-id"}),
    "actions/download-artifact": ("bring", {"pattern", "path", "merge-multiple"}),
    "actions/upload-artifact": ("keep", {"name", "path", "if-no-files-found", "retention-days"}),
}
"""The actions that are known, and the inputs of each."""
STEP = {"name", "if", "uses", "with", "run", "env", "shell"}
IN_ACTIONS = ("github", "inputs", "env")
"""What a composite action may ask; not secrets, variables, needs: action_yaml.json of actions/runner, 2026-11."""


def steps(sections: list[dict[str, Any]], known: Mapping[str, Any], root: Path, where: str) -> Iterator[Step]:
    """Those of a job or a composite action; `root` is the project."""
    for number, section in enumerate(sections, 1):
        here = f"{where}, step {number}"
        only(section, STEP, here)
        env = {name: text(each) for name, each in {**known["env"], **fill(section.get("env", {}), known)}.items()}
        inner = {**known, "env": env}
        common = {"env": env, "condition": str(section.get("if", "")), "known": inner}
        said, action = section.get("name", ""), section.get("uses", "").partition("@")[0]
        if "run" in section:
            if section.get("shell", "bash") != "bash":
                raise NotUnderstood(f"{here}: the shell {section['shell']} is not known here.")
            run = text(fill(section["run"], inner))
            yield Step("command", said or run, run, **common)
        elif action.startswith("./"):
            yield from composite(root / action, section, inner, root, here)
        elif action not in ACTIONS:
            raise NotUnderstood(f"{here}: the action {action} is not known here.")
        else:
            kind, takes = ACTIONS[action]
            only(section.get("with", {}), takes, f"{here}, {action}")
            given = {name: text(each) for name, each in fill(section.get("with", {}), inner).items()}
            yield Step(kind, said or action, settings=given, **common)


def composite(
    folder: Path, section: dict[str, Any], known: Mapping[str, Any], root: Path, where: str
) -> Iterator[Step]:
    """The steps of an action of the repository's own."""
    document = parsed(folder / "action.yml")
    where = f"{where}, {folder.name}"
    only(document, {"name", "description", "inputs", "runs"}, where)
    if document["runs"]["using"] != "composite" or section.get("if"):
        raise NotUnderstood(f"{where} is no composite action, or begins on a condition.")
    given = inputs(document.get("inputs") or {}, fill(section.get("with", {}), known), where)
    for each in document["runs"]["steps"]:
        if "run" in each and "shell" not in each:
            raise NotUnderstood(f"{where}: a `run` of a composite action needs a `shell`.")
    inner = {name: each for name, each in known.items() if name in IN_ACTIONS} | {"inputs": given}
    yield from steps(document["runs"]["steps"], inner, root, where)


def inputs(asked: Mapping[str, Any], given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """What a caller gives, with the defaults. Raises NotUnderstood for one that is missing or not asked for."""
    only(given, asked, where)
    found = dict[str, Any]()
    for name, about in asked.items():
        if about.get("required") and "default" not in about and name not in given:
            raise NotUnderstood(f"{where}: the input `{name}` is required.")
        found[name] = given.get(name, about.get("default", ""))
        if about.get("type") == "choice" and found[name] not in about["options"]:
            raise NotUnderstood(f"{where}: the input `{name}` is one of {', '.join(about['options'])}.")
    return found
