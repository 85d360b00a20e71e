"""The jobs of a project, by workflow and name, as both CI systems have them alike."""

import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.workflows.devops import inside
from tests.workflows.model import Event, Job, Pipeline, Step, read

STACKS = ("dev", "staging", "prod")
BEGUN: Mapping[str, Any] = {
    "check": "pull_request",
    "release": "push",
    "tick": "schedule",
    "retrain": "schedule",
    "watch": "schedule",
    "rollback": "by hand",
    "destroy": "by hand",
}
"""The workflows, and what begins each of them here."""
REASON = "${touch}; `touch here`"
TYPED: Mapping[str, list[dict[str, str]]] = {
    "rollback": [{"environment": each, "reason": REASON, "to": ""} for each in STACKS],
    "destroy": [{"what": f"income-support-triage-{each}"} for each in STACKS[:2]],
}
"""The answers with which each is begun by hand, one after another."""
MINE = "in-prod"
"""The machines of one's own that prod is given."""
Jobs = Mapping[tuple[str, str], Job]


def variables() -> dict[str, str]:
    """As the CI system would hold them; a client id says whose it is."""
    found = {"AZURE_TENANT_ID": "tenant", "RUNNER_PROD": MINE}
    for stack in STACKS:
        upper = stack.upper()
        found |= {f"{name}_{upper}": f"{name}-{stack}" for name in ("AZURE_SUBSCRIPTION_ID", "PULUMI_BACKEND_URL")}
        found |= {f"AZURE_CLIENT_ID_{who.upper()}_{upper}": f"{stack}-{who}" for who in ("deploy", "reader", "operate")}
    return found


def pipelines(project: Path) -> dict[str, list[Pipeline]]:
    """Each workflow that the project has, once for each answer. Raises NotUnderstood."""
    names = [each for each in BEGUN if any(project.glob(f".*/**/{each}.yml"))]
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch)
        for folder in (".github", ".azuredevops"):
            if (project / folder).is_dir():
                shutil.copytree(project / folder, copy / folder)
        if (pools := copy / ".azuredevops" / "templates" / "variables.yml").is_file():
            pools.write_text(inside(pools.read_text(), {"PROD": MINE}))
        return {
            each: [read(copy, each, Event(BEGUN[each], variables(), given)) for given in TYPED.get(each, [{}])]
            for each in names
        }


def jobs(project: Path) -> Jobs:
    """Each job that begins for any of the answers, by its workflow and its name. Raises NotUnderstood."""
    found = ((name, pipeline) for name, every in pipelines(project).items() for pipeline in every)
    return {(name, each): job for name, pipeline in found for each, job in begun(pipeline).items()}


def begun(pipeline: Pipeline) -> dict[str, Job]:
    """The jobs that begin when all that they need goes well."""
    well = {each.name: "success" for each in pipeline.jobs}
    return {short(each): each for each in pipeline.jobs if each.begins(well)}


def short(job: Job) -> str:
    """Its name, as both systems have it."""
    name = re.sub(r"^promote/|/(preview|drift)$", "", job.name).replace("-", "_")
    return name.rpartition("/")[2]


def commands(job: Job) -> list[tuple[Step, str]]:
    """What it does from `make setup` on, with what the runner knows put in."""
    typed = [(step, step.text.replace('"$STACK"', step.env.get("STACK", ""))) for step in job.steps if step.text]
    return typed[len(before(job)) :]


def before(job: Job) -> list[str]:
    """What it does to get ready for `make setup`; everything, where that is missing."""
    texts = [step.text for step in job.steps if step.text]
    return texts[: next((number for number, text in enumerate(texts) if text.startswith("make setup")), len(texts))]
