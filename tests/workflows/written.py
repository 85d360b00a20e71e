"""What stands in a file of a workflow, whatever begins it, as checks: sentences on what does not hold."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.workflows.documents import parsed
from tests.workflows.jobs import STACKS

PIN = re.compile(r"uses: (?:\./[\w./-]+|[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$")
SHELL = ("run", "script", "inlineScript")
OURS = ("${{ command }}", "${{ parameters.stack }}", "$(Build.SourcesDirectory)/.venv/bin")
"""What may be put into a script: words of the files themselves."""


def written(file: Path) -> Iterator[str]:
    if file.name in ("dependabot.yml", "zizmor.yml"):
        return
    name, text, document = file.name, file.read_text(), parsed(file)
    for each in re.findall(r"^\s*(?:- )?(uses: .*)$", text, re.MULTILINE):
        if not PIN.match(each):
            yield f"{name}: `{each}` is pinned by no commit, or names no version"
    if "secrets." in text:
        yield f"{name}: it uses a secret"
    for line in re.findall(r"^\s+(?:contents|id-token|actions|pull-requests): .*$", text, re.MULTILINE):
        if " # " not in line:
            yield f"{name}: `{line.strip()}` says no reason"
    if "on" in document and document.get("permissions") != {}:
        yield f"{name}: jobs that ask for nothing get more than nothing"
    for key, value in every(document):
        if key in SHELL and (left := foreign(str(value))):
            yield f"{name}: `{left}` is put into a script as text"
        for stage in value if isinstance(value, list) else ():
            yield from locked(name, stage)


def locked(file: str, stage: Any) -> Iterator[str]:
    """One run at a time in a stage; of those that wait for prod, the newest only. What is no stage has nothing."""
    name, said = (stage.get("stage"), stage.get("lockBehavior")) if isinstance(stage, dict) else ("", "")
    if name == "prod" and said != "runLatest":
        yield f"{file}: in the stage prod an older run may follow a newer one"
    elif name in STACKS[:2] and said != "sequential":
        yield f"{file}: another run may cancel the stage {name}, or run beside it"


def foreign(script: str) -> str:
    """The first thing in a script that the CI system puts there, and that does not come from the files themselves."""
    for each in OURS:
        script = script.replace(each, "")
    return next(iter(re.findall(r"\$\{\{.*?\}\}|\$\([A-Za-z][\w.]*\)", script)), "")


def every(value: Any) -> Iterator[tuple[str, Any]]:
    """Each key of a document with its value, however deep."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield str(key), each
            yield from every(each)
    elif isinstance(value, list):
        for each in value:
            yield from every(each)
