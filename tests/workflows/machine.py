"""A machine of a CI system, new for one job: its folders, its variables, and what it does by itself."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tests.workflows.github_context import environment
from tests.workflows.model import GITHUB, Pipeline, Step

SYSTEM = "/usr/local/bin:/usr/bin:/bin"
PREPEND = re.compile(r"^##vso\[task\.prependpath\](.+)$", re.MULTILINE)
UNKNOWN = re.compile(r"\$\(([A-Z][\w.]*)\)")
FILES = ("GITHUB_PATH", "GITHUB_STEP_SUMMARY")


class Stopped(Exception):
    """Says why a step has failed before it ran a command."""


class Machine:
    """What its steps leave for those after them is in `env` and `path`."""

    def __init__(self, pipeline: Pipeline, place: Path, outside: Mapping[str, str], tools: Path) -> None:
        """`outside` are variables of every process, `tools` is the folder of commands that every machine has."""
        self.event, self.github = pipeline.event, pipeline.system == GITHUB
        self.project, self.home, self.temporary = (place / name for name in ("work", "home", "temporary"))
        for each in (self.project, self.home, self.temporary):
            each.mkdir(parents=True)
        self.path = f"{tools}:{SYSTEM}"
        self.env = {**outside, "HOME": str(self.home), "GIT_CONFIG_NOSYSTEM": "1", "CI": "true"}
        self.folders = {"Build.SourcesDirectory": str(self.project), "Pipeline.Workspace": str(place)}
        if self.github:
            self.env |= environment(pipeline.event, self.temporary)
            self.env |= {name: str(self.temporary / name) for name in FILES}

    def placed(self, step: Step) -> Step:
        """In Azure DevOps, with the folders in the place of the variables that name them."""
        if self.github:
            return step

        def put(text: str) -> str:
            for name, folder in self.folders.items():
                text = text.replace(f"$({name})", folder)
            return text

        settings, env = ({name: put(text) for name, text in each.items()} for each in (step.settings, step.env))
        env |= {name.upper().replace(".", "_"): folder for name, folder in self.folders.items()}
        placed = replace(step, text=put(step.text), settings=settings, env=env)
        if left := UNKNOWN.search(" ".join([placed.text, placed.connection, *settings.values()])):
            raise Stopped(f"the variable {left[1]} is not known: {left[0]} stays as it is")
        return placed

    def command(self, step: Step, login: Mapping[str, str], timeout: float) -> tuple[int, str]:
        """Status and text of a script, after `timeout` seconds at most."""
        if self.github:
            for name in FILES:
                (self.temporary / name).touch()
        script = self.temporary / "script.sh"
        script.write_text(step.text)
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", *(["-e"] if self.github else []), script],
            cwd=self.project,
            env={**self.env, **step.env, "PATH": self.path, **login},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=timeout,
        )
        assert "Traceback" not in done.stdout, f"$ {step.text}\n{done.stdout}"
        said = (self.temporary / FILES[0]).read_text().splitlines() if self.github else PREPEND.findall(done.stdout)
        for each in said:
            if each not in self.path.split(":"):
                self.path = f"{each}:{self.path}"
        return done.returncode, done.stdout

    def checkout(self, settings: Mapping[str, str], origin: Path) -> tuple[int, str]:
        """As actions/checkout and the agent of Azure DevOps fetch: one commit, or everything where the depth is 0."""
        pull, depth = self.event.name == "pull_request", settings.get("fetch-depth", "1")
        ref = f"refs/pull/{self.event.number}/merge" if pull else "refs/heads/main"
        there = f"refs/remotes/{ref.removeprefix('refs/').replace('heads/', 'origin/')}"
        branches, depths = (["+refs/heads/*:refs/remotes/origin/*"], []) if depth == "0" else ([], [f"--depth={depth}"])
        branch = ["-B", "main", there] if self.github and not pull else ["--detach", there]
        for words in (
            ("init", "--quiet"),
            ("remote", "add", "origin", origin.as_uri()),
            ("fetch", "--quiet", "--no-tags", *depths, "origin", *branches, f"+{ref}:{there}"),
            ("checkout", "--quiet", "--force", *branch),
        ):
            env = {**self.env, "PATH": SYSTEM}
            done = subprocess.run(["git", *words], cwd=self.project, env=env, capture_output=True, encoding="utf-8")
            if done.returncode:
                return done.returncode, done.stderr
        return 0, ""

    def keep(self, settings: Mapping[str, str], kept: Path) -> None:
        """Leave files for other jobs of the run."""
        found = list(self.project.glob(settings["path"].removeprefix(f"{self.project}/")))
        if not found and settings.get("if-no-files-found") != "ignore":
            raise Stopped(f"no file is found at {settings['path']}")
        for each in found:
            to = kept / settings["name"]
            to.mkdir(parents=True, exist_ok=True)
            shutil.copytree(each, to, dirs_exist_ok=True) if each.is_dir() else shutil.copy(each, to)

    def bring(self, settings: Mapping[str, str], kept: Path) -> None:
        """What other jobs left, each in a folder of its name, unless they are to be one."""
        for each in sorted(kept.glob(settings["pattern"])):
            apart = "" if settings.get("merge-multiple") == "true" else each.name
            shutil.copytree(each, self.project / settings["path"] / apart, dirs_exist_ok=True)
