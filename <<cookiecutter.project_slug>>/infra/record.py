"""What a stack's program registers, as plain resources: without an engine, a login, or anything being made.

Pulumi keeps its state in global variables, so each stack runs in a process of its own, forked from one that has
imported the SDK: that import takes seconds, a stack does not.
"""

import copyreg
import json
import os
import pickle
import re
import runpy
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from policy.rule import Resource, Unknown
from slip import sentence

from mlops.errors import Misuse, MlopsError
from mlops.specs.load import read

HERE = Path(__file__).resolve().parent
copyreg.pickle(Unknown, lambda _: "UNKNOWN")
NOBODY = "00000000-0000-0000-0000-000000000000"
ORGANISATION = {
    "subscription": NOBODY,
    "tenant": NOBODY,
    "resource_group": "rg-not-onboarded",
    "ledger": "https://not-onboarded.blob.core.windows.net/ledger",
    "sign_key": "https://not-onboarded.vault.azure.net/keys/sign/0",
}
"""Stands in for what the organisation's program gives a project, until it was onboarded."""


@dataclass(frozen=True)
class Job:
    """A stack to run: the project's `infra` folder, and whether computed values stay unknown, as in a preview."""

    environment: str
    folder: Path = HERE
    preview: bool = False


@dataclass(frozen=True)
class Recorded:
    """What a program registered, or in sentences why it did not get that far."""

    job: Job
    resources: Sequence[Resource] = ()
    after: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """URN by URN, what has to be there before it."""
    onboarded: bool = True
    refused: str = ""
    failed: str = ""
    """A mistake in the program itself, at its line."""


def record(jobs: Iterable[Job]) -> list[Recorded]:
    """Run each stack, as many at a time as there are cores."""
    program = [sys.executable, "-c", "import record; record.serve()"]
    paths = os.pathsep.join([str(HERE), *filter(None, sys.path)])
    variables = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(program, input=pickle.dumps(list(jobs)), stdout=subprocess.PIPE, env=variables, check=True)
    return pickle.loads(done.stdout)


def serve() -> None:
    """Answer `record` on standard output."""
    jobs = pickle.load(sys.stdin.buffer)
    for folder in {job.folder for job in jobs}:
        preload(folder)
    found: list[Recorded] = []
    while batch := jobs[len(found) : len(found) + (os.cpu_count() or 1)]:
        found += [answer(*started) for started in [apart(job) for job in batch]]
    sys.stdout.buffer.write(pickle.dumps(found))


def preload(folder: Path) -> None:
    """Import the parts of Azure's SDK that a program names, so that no stack has to."""
    import pulumi_azure_native

    for file in folder.rglob("*.py"):
        for names in re.findall(r"^from pulumi_azure_native import (.+)$", file.read_text("utf-8"), re.MULTILINE):
            for name in re.findall(r"\w+", names):
                hasattr(getattr(pulumi_azure_native, name, None), "loaded_by_any_question")


def apart(job: Job) -> tuple[int, int]:
    """Start a stack in a process of its own; returns that, and the pipe on which it answers."""
    reads, writes = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(2, 1)
        with os.fdopen(writes, "wb") as pipe:
            pickle.dump(run(job), pipe)
        os._exit(0)
    os.close(writes)
    return child, reads


def answer(child: int, reads: int) -> Recorded:
    with os.fdopen(reads, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(said)


def run(job: Job) -> Recorded:
    """Run a stack in this process, which is of no use for another one after that."""
    import asyncio

    import pulumi
    from mocks import Monitor
    from pulumi.runtime.settings import ROOT
    from pulumi.runtime.stack import run_in_stack

    try:
        project, config, onboarded = configured(job)
    except Misuse as error:
        return Recorded(job, refused=str(error))
    monitor = Monitor(job.environment, project, job.preview)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    pulumi.runtime.set_mocks(monitor.mocks, project, job.environment, job.preview, monitor=monitor)
    ROOT.set(None)  # the one that set_mocks made is finished already
    pulumi.runtime.set_all_config(config)
    os.chdir(job.folder)
    sys.path[:] = [str(job.folder), *(path for path in sys.path if path != str(HERE))]
    refused = failed = ""
    try:
        loop.run_until_complete(run_in_stack(lambda: program(job.folder)))
    except (pulumi.RunError, MlopsError) as error:
        refused = str(error)
    except SystemExit as error:
        refused = str(error.code)
    except Exception as error:
        failed = sentence(error, job.folder)
    return Recorded(job, tuple(monitor.seen.values()), monitor.after, onboarded, refused, failed)


def program(folder: Path) -> None:
    runpy.run_path(str(folder / "__main__.py"), run_name="__main__")


def configured(job: Job) -> tuple[str, dict[str, str], bool]:
    """The project's name, the stack's settings as the engine hands them over, and whether it is onboarded.

    Raises Misuse for a file that cannot be read.
    """
    project = read(job.folder / "Pulumi.yaml").plain()["name"]
    found = read(job.folder / f"Pulumi.{job.environment}.yaml").plain().get("config") or {}
    key = f"{project}:organisation"
    given = {key: ORGANISATION, **found}
    config = {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
    return project, config, key in found
