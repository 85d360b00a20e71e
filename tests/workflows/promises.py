"""What the workflows of a project promise, as checks: each gives sentences on what does not hold."""

import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import typer
import yaml

from mlops import cli
from tests.workflows.devops import inside
from tests.workflows.expressions import NotUnderstood
from tests.workflows.model import Event, Job, Pipeline, Step, read

GITHUB, AZURE = "github-actions", "azure-devops"
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
WHO: Mapping[tuple[str, str], tuple[str, str, str]] = {
    **{("check", f"preview_{each}"): ("reader", each, "") for each in STACKS},
    **{("watch", f"azure_{each}"): ("reader", each, "") for each in STACKS},
    **{(each, stack): ("deploy", stack, stack) for each in ("release", "retrain") for stack in STACKS},
    ("tick", "tick"): ("operate", "prod", "prod-operate"),
    ("watch", "data"): ("deploy", "dev", "dev"),
    ("rollback", "prod"): ("operate", "prod", "prod-operate"),
    **{(each, stack): ("deploy", stack, stack) for each in ("rollback", "destroy") for stack in STACKS[:2]},
}
"""As whom a job signs in: identity, environment in Azure, and the environment of GitHub that the identity trusts."""
NEEDS = {"staging": "dev", "prod": "staging"}
EXTRA = {("release", "prod"): "actions", ("retrain", "prod"): "actions", ("check", "comment"): "pull-requests"}
"""What the token of a job may, beyond checking out and asking for a login."""
LOCKED = ("release", "retrain", "destroy")
"""Of these one job at a time has an environment."""
MINE = "in-prod"
PIN = re.compile(r"uses: (?:\./[\w./-]+|[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$", re.MULTILINE)
TASKS = {"UsePythonVersion@0", "Cache@2", "AzureCLI@2"}
SHELL = ("run", "script", "inlineScript")
OURS = ("${{ command }}", "${{ parameters.stack }}", "$(Build.SourcesDirectory)/.venv/bin")
"""What may be put into a script: words of the files themselves."""


def variables() -> dict[str, str]:
    """As the CI system would hold them; a client id says whose it is."""
    found = {"AZURE_TENANT_ID": "tenant", "RUNNER_PROD": MINE}
    for stack in STACKS:
        upper = stack.upper()
        found |= {f"{name}_{upper}": f"{name}-{stack}" for name in ("AZURE_SUBSCRIPTION_ID", "PULUMI_BACKEND_URL")}
        found |= {f"AZURE_CLIENT_ID_{who.upper()}_{upper}": f"{stack}-{who}" for who in ("deploy", "reader", "operate")}
    return found


def pipelines(project: Path) -> dict[str, list[Pipeline]]:
    """Each workflow that the project has, once for each answer, with prod on machines of its own. NotUnderstood."""
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


def jobs(project: Path) -> dict[tuple[str, str], Job]:
    """Each job that begins for any of the answers, by its workflow and its name. Raises NotUnderstood."""
    found = ((name, pipeline) for name, every in pipelines(project).items() for pipeline in every)
    return {(name, each): job for name, pipeline in found for each, job in begun(pipeline).items()}


def short(job: Job) -> str:
    """Its name, as both systems have it."""
    name = re.sub(r"^promote/|/(preview|drift)$", "", job.name).replace("-", "_")
    return name.rpartition("/")[2]


def begun(pipeline: Pipeline) -> dict[str, Job]:
    """The jobs that begin when all that they need goes well."""
    well = {each.name: "success" for each in pipeline.jobs}
    return {short(each): each for each in pipeline.jobs if each.begins(well)}


def commands(job: Job) -> list[tuple[Step, str]]:
    """What it does once it is ready, with what the runner knows put in."""
    typed = [
        (step, step.text.replace('"$STACK"', step.env.get("STACK", ""))) for step in job.steps if step.kind == "command"
    ]
    first = next((number for number, (_, text) in enumerate(typed) if text.startswith("make setup")), 0)
    return typed[first:]


def faults(project: Path) -> list[str]:
    """Everything in the workflows of a project that does not hold."""
    files = [*project.glob(".github/**/*.yml"), *project.glob(".azuredevops/**/*.yml")]
    texts = {
        file.name if file.parent.name != "templates" else f"templates/{file.name}": file.read_text() for file in files
    }
    try:
        found = jobs(project)
    except NotUnderstood as wrong:
        return [str(wrong)]
    known = targets((project / "Makefile").read_text())
    system = GITHUB if (project / ".github").is_dir() else AZURE
    return [
        *(f"{'/'.join(place)}: {what}" for place, job in found.items() for what in typed(job, known)),
        *(f"{'/'.join(place)}: {what}" for place, job in found.items() for what in signed_in(system, place, job)),
        *(f"{'/'.join(place)}: {what}" for place, job in found.items() for what in waits(place, job)),
        *(f"{'/'.join(place)}: {what}" for place, job in found.items() for what in limited(system, place, job)),
        *(what for file, text in texts.items() for what in (written(file, text))),
    ]


def targets(makefile: str) -> set[str]:
    """Those of `make` that have a line of help."""
    return set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))


def typed(job: Job, known: set[str]) -> Iterator[str]:
    """Each step is one command of a person, that exists and is explained."""
    for step, text in commands(job):
        if re.search(r"[;&|<>\n`]|\$[({]", text):
            yield f"`{text}` is more than one command"
            continue
        first, *words = shlex.split(text)
        if first == "make":
            if strange := [each for each in words if "=" not in each and each not in known]:
                yield f"`make help` has no `{strange[0]}`"
        elif first == "mlops":
            yield from exists(words)
        else:
            yield f"`{text}` is no command of make or mlops"
        for name in re.findall(r"\$(\w+)", text):
            if name not in step.env:
                yield f"`{text}` wants the variable {name}, which the step does not set"


@cache
def whole() -> Any:
    """`mlops` with all its commands."""
    return typer.main.get_command(cli.app)


def exists(words: list[str]) -> Iterator[str]:
    """Whether there is such a command of `mlops`, with such options, and a line of help."""
    command, path = whole(), "mlops"
    while hasattr(command, "commands"):
        path = f"{path} {words[0]}"
        if words[0] not in command.commands:
            yield f"there is no command `{path}`"
            return
        command, words = command.commands[words[0]], words[1:]
    options = {each for parameter in command.params for each in parameter.opts}
    yield from (f"`{path}` has no {each}" for each in words if each.startswith("--") and each not in options)
    if not command.help:
        yield f"`{path} --help` says nothing"


def signed_in(system: str, place: tuple[str, str], job: Job) -> Iterator[str]:
    """It signs in as whom it may, in the environment that this identity trusts, and nobody else does."""
    who, stack, trusted = WHO.get(place, ("", "", ""))
    wanted = {f"{stack}-{who}"} if who else set()
    if job.logins != wanted:
        yield f"it signs in as {', '.join(sorted(job.logins)) or 'nobody'}, not as {', '.join(wanted) or 'nobody'}"
    if system == GITHUB:
        if bool(wanted) != (job.permissions.get("id-token") == "write"):
            yield "`id-token: write` belongs to jobs that sign in, and to them only"
        if job.environment != trusted:
            yield f"its environment is `{job.environment}`, and who it signs in as trusts `{trusted or 'none'}`"
    elif job.environment and job.environment != trusted or place[0] in LOCKED and not job.environment:
        yield f"its environment is `{job.environment}`, not `{trusted}`, whose checks it has to pass"


def waits(place: tuple[str, str], job: Job) -> Iterator[str]:
    """Staging comes after dev, prod after staging and an approval; each takes the model of this run."""
    name, stack = place
    if name not in ("release", "retrain"):
        return
    needed = [each.rpartition("/")[2] for each in job.needs]
    if needed != ([NEEDS[stack]] if stack in NEEDS else []):
        yield f"it waits for {needed or 'nothing'}, not for {NEEDS.get(stack, 'nothing')}"
    said = [text for _, text in commands(job)]
    verbs = [f"release {each}" for each in ("approve", "verify", "start")]
    order = [next((at for at, each in enumerate(said) if verb in each), -1) for verb in verbs]
    if stack == "prod" and said[1] != "mlops ci approved --on prod":
        yield "prod is changed before it is known who approved"
    if stack == "prod" and (order[0] < 0 or order != sorted(order)):
        yield "nothing is released before it is approved and verified"
    if stack != "dev" and any(
        each.startswith(("mlops env build", "mlops run", "mlops models register")) for each in said
    ):
        yield "it builds or trains, which only dev does"
    up = [
        at for at, each in enumerate(said) if each.startswith(("make infra-preview", "make infra-up", "mlops env sync"))
    ]
    first = 2 if stack == "prod" else 1
    if up != [first, first + 1, first + 2] or said[first + 2] != f"mlops env sync {stack}":
        yield "it does not begin with preview, up and the names of its stack"


def limited(system: str, place: tuple[str, str], job: Job) -> Iterator[str]:
    """In time, in what its token may, on which machine, and beside what it runs."""
    name, each = place
    checkout = next((step.settings for step in job.steps if step.kind == "checkout"), {})
    if checkout.get("fetch-depth") != "0" or checkout.get("persist-credentials") != "false":
        yield "it checks out without the history that `verify` looks at, or keeps the token in the repository"
    private = job.runner == MINE
    asked = WHO.get(place, ("reader", "", ""))[0] != "reader" and WHO[place][1] == "prod"
    if private != asked:
        yield f"it runs on {job.runner}"
    if name == "check" and private:
        yield "what nobody has reviewed runs inside a network"
    if not 0 < job.timeout <= 240:
        yield f"it may take {job.timeout:g} minutes"
    if system != GITHUB:
        return
    if job.cancels and name != "check":
        yield "it is cancelled half-way when another one comes"
    if (name in LOCKED) != (job.group in STACKS) or job.group not in ("", each):
        yield f"its group is `{job.group}`: one job at a time has an environment"
    allowed = {"contents": "read"} | ({"id-token": "write"} if place in WHO else {})
    if extra := EXTRA.get(place):
        allowed[extra] = "write" if extra == "pull-requests" else "read"
    if job.permissions != allowed:
        yield f"its token may {dict(job.permissions)}, and needs {allowed}"


def written(file: str, text: str) -> Iterator[str]:
    """What stands in a file, whatever begins it."""
    if file in ("dependabot.yml", "zizmor.yml"):
        return
    uses = re.findall(r"^\s*(?:- )?(uses: .*)$", text, re.MULTILINE)
    yield from (f"{file}: `{each}` is pinned by no commit, or names no version" for each in uses if not PIN.match(each))
    if "secrets." in text or "pull_request_target" in text:
        yield f"{file}: it uses a secret, or runs what others propose with the rights of main"
    for line in re.findall(r"^\s+(?:contents|id-token|actions|pull-requests): .*$", text, re.MULTILINE):
        if " # " not in line:
            yield f"{file}: `{line.strip()}` says no reason"
    document = yaml.safe_load(text)
    if "runs" not in document and True in document and document.get("permissions") != {}:
        yield f"{file}: jobs that ask for nothing get more than nothing"
    for key, value in every(document):
        if key in SHELL and (left := foreign(str(value))):
            yield f"{file}: `{left}` is put into a script as text"
        if key == "task" and value not in TASKS:
            yield f"{file}: the task {value} does what no person types"
        for stage in value if isinstance(value, list) else ():
            yield from locked(file, stage)


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
