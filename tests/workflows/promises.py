"""What the jobs of a project promise, as checks: each gives sentences on what does not hold."""

import re
import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import typer

from mlops import cli
from tests.workflows.documents import NotUnderstood
from tests.workflows.jobs import MINE, STACKS, before, commands, jobs
from tests.workflows.model import Job
from tests.workflows.written import written

Place = tuple[str, str]
WHO: Mapping[Place, tuple[str, str, str]] = {
    **{("check", f"preview_{each}"): ("reader", each, "") for each in STACKS},
    **{("watch", f"azure_{each}"): ("reader", each, "") for each in STACKS},
    **{(each, stack): ("deploy", stack, stack) for each in ("release", "retrain") for stack in STACKS},
    ("tick", "tick"): ("operate", "prod", "prod-operate"),
    ("watch", "data"): ("deploy", "dev", "dev"),
    ("rollback", "prod"): ("operate", "prod", "prod-operate"),
    **{(each, stack): ("deploy", stack, stack) for each in ("rollback", "destroy") for stack in STACKS[:2]},
}
"""As whom a job signs in: identity, environment in Azure, and the environment of GitHub that the identity trusts."""
NOBODY = ("", "", "")
NEEDS = {"staging": "dev", "prod": "staging"}
EXTRA = {("release", "prod"): "actions", ("retrain", "prod"): "actions", ("check", "comment"): "pull-requests"}
"""What the token of a job may, beyond checking out and asking for a login."""
LOCKED = ("release", "retrain", "destroy")
"""Of these one job at a time has an environment."""
ONLY_DEV = ("mlops env build", "mlops run", "mlops models register")
READY = re.compile(
    r'echo "[^"]*/\.venv/bin"( >> "\$GITHUB_PATH")?|git config user\.email "[^"]*" && git config user\.name "[^"]*"'
)
"""What a machine is told before `make setup`."""


def faults(project: Path) -> list[str]:
    """Everything in the workflows of a project that does not hold."""
    try:
        found = jobs(project)
    except NotUnderstood as wrong:
        return [str(wrong)]
    files = [*project.glob(".github/**/*.yml"), *project.glob(".azuredevops/**/*.yml")]
    known, github = targets(project / "Makefile"), (project / ".github").is_dir()
    return [
        *(f"{'/'.join(place)}: {what}" for place, job in found.items() for what in broken(place, job, known, github)),
        *(what for file in files for what in written(file)),
    ]


def targets(makefile: Path) -> set[str]:
    """Those of `make` that have a line of help."""
    return set(re.findall(r"^([a-z-]+):.*## ", makefile.read_text(), re.MULTILINE))


def broken(place: Place, job: Job, known: set[str], github: bool) -> Iterator[str]:
    yield from typed(job, known)
    yield from signed_in(place, job, github)
    yield from limited(place, job)
    if github:
        yield from rationed(place, job)
    if place[0] in ("release", "retrain"):
        yield from promoted(place[1], job)


def typed(job: Job, known: set[str]) -> Iterator[str]:
    """Each step is one command of a person, that exists and is explained."""
    for text in before(job):
        if not READY.fullmatch(text):
            yield f"`{text}` comes before `make setup`"
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


def signed_in(place: Place, job: Job, github: bool) -> Iterator[str]:
    """It signs in as whom it may, in the environment that this identity trusts, and nobody else does."""
    who, stack, trusted = WHO.get(place, NOBODY)
    wanted = {f"{stack}-{who}"} if who else set()
    if job.logins != wanted:
        yield f"it signs in as {', '.join(sorted(job.logins)) or 'nobody'}, not as {', '.join(wanted) or 'nobody'}"
    if github and bool(wanted) != (job.permissions.get("id-token") == "write"):
        yield "`id-token: write` belongs to jobs that sign in, and to them only"
    asked = github or job.environment or place[0] in LOCKED
    if asked and job.environment != trusted:
        yield f"its environment is `{job.environment}`, and who it signs in as trusts `{trusted}`"


def promoted(stack: str, job: Job) -> Iterator[str]:
    """Staging comes after dev, prod after staging and an approval; each takes the model of this run."""
    needed = [each.rpartition("/")[2] for each in job.needs]
    if needed != ([NEEDS[stack]] if stack in NEEDS else []):
        yield f"it waits for {needed or 'nothing'}, not for {NEEDS.get(stack, 'nothing')}"
    said = [text for _, text in commands(job)]
    if stack == "prod":
        if said[1:2] != ["mlops ci approved --on prod"]:
            yield "prod is changed before it is known who approved"
        del said[1:2]
    if stack != "dev":
        verbs = ["release approve"] * (stack == "prod") + ["release verify", "release start"]
        order = [next((at for at, each in enumerate(said) if verb in each), -1) for verb in verbs]
        if order[0] < 0 or order != sorted(order):
            yield f"it lacks one of, or has in another order: {', '.join(verbs)}"
        if any(each.startswith(ONLY_DEV) for each in said):
            yield "it builds or trains, which only dev does"
    if any(each.startswith("mlops release ") and "this-change" not in each for each in said):
        yield "it releases another model than that of this run"
    wanted = [f"make infra-preview STACK={stack}", f"make infra-up STACK={stack} YES=1", f"mlops env sync {stack}"]
    if said[1:4] != wanted or any(each.startswith("make infra-") for each in said[4:]):
        yield "it does not begin with preview, up and the names of its stack, once"


def limited(place: Place, job: Job) -> Iterator[str]:
    """In time, and in what it may reach from its machine."""
    checkout = next((step.settings for step in job.steps if step.kind == "checkout"), {})
    if checkout.get("fetch-depth") != "0" or checkout.get("persist-credentials") != "false":
        yield "it checks out without the history that `verify` looks at, or keeps the token in the repository"
    who, stack, _ = WHO.get(place, NOBODY)
    if (job.runner == MINE) != (stack == "prod" and who != "reader"):
        yield f"it runs on {job.runner}"
    if place[0] == "check" and job.runner == MINE:
        yield "what nobody has reviewed runs inside a network"
    if not 0 < job.timeout <= 240:
        yield f"it may take {job.timeout:g} minutes"


def rationed(place: Place, job: Job) -> Iterator[str]:
    """What of GitHub it gets: turns beside others, and a token."""
    name, stack = place
    if job.cancels and name != "check":
        yield "it is cancelled half-way when another one comes"
    if job.group != (stack if name in LOCKED else ""):
        yield f"its group is `{job.group}`: one job at a time has an environment"
    allowed = {"contents": "read"} | ({"id-token": "write"} if place in WHO else {})
    if extra := EXTRA.get(place):
        allowed[extra] = "write" if extra == "pull-requests" else "read"
    if job.permissions != allowed:
        yield f"its token may {dict(job.permissions)}, and needs {allowed}"
