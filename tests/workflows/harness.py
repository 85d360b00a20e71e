"""Really runs the commands of a job, in order, in a fresh clone, with what a machine of its CI system would give it.

What a job gets is what its workflow says: no interpreter before `make setup`, no `pulumi` before the step that brings
it, no login without the right to ask for one, and then that of the subject which the CI system would vouch for. `World`
is what lies outside: the repository, Azure, and what `make setup` would bring from the package index.
"""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from tests.workflows.expressions import holds
from tests.workflows.model import HOSTED, Event, Job, Pipeline, Step

SYSTEM = "/usr/local/bin:/usr/bin:/bin"
SETUPS = ("setup", "setup-azure", "infra-setup", "pulumi")
PREPEND = re.compile(r"^##vso\[task\.prependpath\](.+)$", re.MULTILINE)
UNKNOWN = re.compile(r"\$\(([A-Z][\w.]*)\)")
VARIABLE = re.compile(r"^##vso\[task\.setvariable variable=(\w+)[^\]]*\](.*)$", re.MULTILINE)


class Denied(Exception):
    """Says why somebody was not signed in."""


class World(Protocol):
    """`origin` is the repository; `engine` the folder of `pulumi`, `tools` that of what a machine has, such as `az`.

    `outside` are the variables of every process, before anybody has signed in.
    """

    origin: Path
    engine: Path
    tools: Path

    @property
    def outside(self) -> Mapping[str, str]: ...

    def install(self, target: str, project: Path) -> None:
        """What a target of `make setup …` brings."""
        ...

    def login(self, pipeline: Pipeline, job: Job, step: Step, home: Path) -> Mapping[str, str]:
        """Variables of who is signed in then. Raises Denied."""
        ...

    def begin(self, pipeline: Pipeline, job: Job) -> Mapping[str, str]:
        """From here on it is this job, on its kind of machine, that asks; the variables that its own token is in."""
        ...


@dataclass(frozen=True)
class Done:
    """One step that was run: its status, what it printed, and seconds."""

    step: Step
    code: int
    said: str
    seconds: float


@dataclass
class Ran:
    """A job that has ended."""

    job: Job
    project: Path
    done: list[Done] = field(default_factory=list)
    status: str = "success"

    @property
    def said(self) -> str:
        return "\n".join(f"$ {each.step.text or each.step.name}\n{each.said}" for each in self.done)

    def ok(self) -> "Ran":
        assert self.status == "success", self.said
        return self

    def refused(self) -> Done:
        """The step at which it ended."""
        assert self.status == "failure", self.said
        return next(each for each in self.done if each.code)


@dataclass
class Harness:
    """Runs jobs of one event's pipeline, each in a folder of its own below `folder`; `took` is what was typed."""

    world: World
    pipeline: Pipeline
    folder: Path
    took: list[tuple[str, str, float]] = field(default_factory=list)

    def run(self, name: str, elsewhere: Collection[str] = ()) -> Ran:
        """One job, whatever it needs, without the commands that another test runs."""
        job = self.pipeline.job(name)
        place = self.folder / f"{self.pipeline.name}-{name}-{len(list(self.folder.iterdir()))}".replace("/", "-")
        machine = Machine(self.world, self.pipeline, job, place, self.folder / f"kept-{self.pipeline.event.run}")
        machine.env |= self.world.begin(self.pipeline, job)
        ran = Ran(job, machine.project)
        for step in job.steps:
            if not holds(step.condition, step.known, ran.status) or step.text in elsewhere:
                continue
            began = time.monotonic()
            code, said = machine.do(step)
            ran.done.append(Done(step, code, said, time.monotonic() - began))
            if step.text.startswith(("make ", "mlops ")):
                self.took.append((f"{self.pipeline.name}/{name}", step.text, ran.done[-1].seconds))
            if code:
                ran.status = "failure"
        return ran

    def all(self) -> dict[str, Ran]:
        """Every job that the event begins, after those that it needs."""
        found, results = dict[str, Ran](), dict[str, str]()
        for job in self.pipeline.jobs:
            if job.begins(results):
                found[job.name] = self.run(job.name)
                results[job.name] = found[job.name].status
        return found


class Machine:
    """A machine of the CI system, new for one job."""

    def __init__(self, world: World, pipeline: Pipeline, job: Job, place: Path, kept: Path) -> None:
        self.world, self.pipeline, self.job, self.kept = world, pipeline, job, kept
        self.project, self.home, self.temporary = (place / name for name in ("work", "home", "temporary"))
        for each in (self.project, self.home, self.temporary):
            each.mkdir(parents=True)
        self.path = f"{world.tools}:{SYSTEM}"
        self.env = {**world.outside, "HOME": str(self.home), "GIT_CONFIG_NOSYSTEM": "1", "CI": "true"}
        self.here = {"Build.SourcesDirectory": str(self.project), "Pipeline.Workspace": str(place)}
        if pipeline.system == "github-actions":
            self.env |= github(pipeline.event, self.project, self.temporary)

    def do(self, step: Step) -> tuple[int, str]:
        """Status and text of one step."""
        if self.pipeline.system == "azure-devops":
            step = self.placed(step)
            if left := UNKNOWN.search(" ".join([step.text, step.connection, *step.settings.values()])):
                return 1, f"the variable {left[1]} is not known: {left[0]} stays as it is"
        match step.kind:
            case "command":
                return self.command(step)
            case "checkout":
                return self.checkout(step.settings)
            case "engine":
                self.path = f"{self.world.engine}:{self.path}"
            case "login":
                return self.login(step)
            case "keep":
                return self.keep(step.settings)
            case "bring":
                for each in sorted(self.kept.glob(step.settings.get("pattern") or step.settings["name"])):
                    apart = "" if step.settings.get("merge-multiple") == "true" else each.name
                    shutil.copytree(each, self.project / step.settings["path"] / apart, dirs_exist_ok=True)
        return 0, ""

    def placed(self, step: Step) -> Step:
        """With the folders of this machine in the place of the variables that name them."""

        def put(text: str) -> str:
            for name, folder in self.here.items():
                text = text.replace(f"$({name})", folder)
            return text

        settings, env = ({name: put(text) for name, text in each.items()} for each in (step.settings, step.env))
        folders = {name.upper().replace(".", "_"): folder for name, folder in self.here.items()}
        return replace(step, text=put(step.text), settings=settings, env={**folders, **env})

    def keep(self, settings: Mapping[str, str]) -> tuple[int, str]:
        """Leave a folder for other jobs of the run."""
        found = list(self.project.glob(settings["path"].removeprefix(f"{self.project}/")))
        for each in found:
            to = self.kept / settings["name"]
            to.mkdir(parents=True, exist_ok=True)
            shutil.copytree(each, to, dirs_exist_ok=True) if each.is_dir() else shutil.copy(each, to)
        if not found and settings.get("if-no-files-found") != "ignore":
            return 1, f"no file is found at {settings['path']}"
        return 0, ""

    def command(self, step: Step) -> tuple[int, str]:
        for line in step.commands:
            words = line.split()
            for target in SETUPS if words[0] == "make" else ():
                if target in words or target == "infra-setup" and words[1].startswith("infra-"):
                    self.world.install(target, self.project)
        env = {**self.env, **step.env, "PATH": self.path}
        if step.connection:
            try:
                env |= self.world.login(self.pipeline, self.job, step, self.home)
            except Denied as error:
                return 1, str(error)
        if self.pipeline.system == "github-actions":
            env |= {name: str(self.temporary / name) for name in FILES}
            for name in FILES:
                (self.temporary / name).touch()
        script = self.temporary / "script.sh"
        script.write_text(step.text)
        shell = ["bash", "--noprofile", "--norc", *(["-e"] if self.pipeline.system == "github-actions" else [])]
        done = subprocess.run(
            [*shell, script],
            cwd=self.project,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=60 * self.job.timeout,
        )
        assert "Traceback" not in done.stdout, f"$ {step.text}\n{done.stdout}"
        self.remember(done.stdout)
        return done.returncode, done.stdout

    def remember(self, said: str) -> None:
        """What a step left for those after it."""
        if self.pipeline.system == "github-actions":
            paths, variables = ((self.temporary / name).read_text().splitlines() for name in FILES[:2])
            found = dict(line.split("=", 1) for line in variables)
        else:
            paths, found = PREPEND.findall(said), dict(VARIABLE.findall(said))
        for each in paths:
            if each not in self.path.split(":"):
                self.path = f"{each}:{self.path}"
        self.env |= found

    def login(self, step: Step) -> tuple[int, str]:
        try:
            self.env |= self.world.login(self.pipeline, self.job, step, self.home)
        except Denied as error:
            return 1, str(error)
        return 0, ""

    def checkout(self, settings: Mapping[str, str]) -> tuple[int, str]:
        """As actions/checkout and the agent of Azure DevOps fetch: one commit, or everything where the depth is 0."""
        pull, depth = self.pipeline.event.name == "pull_request", settings.get("fetch-depth", "1")
        ref = f"refs/pull/{self.pipeline.event.number}/merge" if pull else "refs/heads/main"
        there = f"refs/remotes/{ref.removeprefix('refs/').replace('heads/', 'origin/')}"
        branches, depths = (["+refs/heads/*:refs/remotes/origin/*"], []) if depth == "0" else ([], [f"--depth={depth}"])
        attached = not pull and self.pipeline.system == "github-actions"
        branch = ["-B", "main", there] if attached else ["--detach", there]
        for words in (
            ("init", "--quiet"),
            ("remote", "add", "origin", self.world.origin.as_uri()),
            ("fetch", "--quiet", "--no-tags", *depths, "origin", *branches, f"+{ref}:{there}"),
            ("checkout", "--quiet", "--force", *branch),
        ):
            env = {**self.env, "PATH": SYSTEM}
            done = subprocess.run(["git", *words], cwd=self.project, env=env, capture_output=True, encoding="utf-8")
            if done.returncode:
                return done.returncode, done.stderr
        return 0, ""


FILES = ("GITHUB_PATH", "GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")


def github(event: Event, project: Path, temporary: Path) -> dict[str, str]:
    """Source: "Default environment variables" (docs.github.com), 2026-11."""
    from tests.workflows.github import told

    said, file = told(event), temporary / "event.json"
    file.write_text(json.dumps(said["event"] | {"repository": {"full_name": event.repository}}))
    names = "event_name ref ref_name head_ref base_ref repository run_id run_number run_attempt actor sha server_url"
    return {f"GITHUB_{name.upper()}": str(said[name]) for name in (*names.split(), "triggering_actor")} | {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": event.server or "https://api.github.com",
        "GITHUB_EVENT_PATH": str(file),
        "GITHUB_WORKSPACE": str(project),
        "RUNNER_OS": "Linux",
        "RUNNER_TEMP": str(temporary),
    }


def private(runner: str) -> bool:
    """Whether a machine is in the network of an environment: those of the CI system are not."""
    return runner != HOSTED and not runner.startswith("ubuntu-")
