"""Rendering the template, and acting in what came out of it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cookiecutter.main import cookiecutter

TEMPLATE = Path(__file__).parents[2]
Completed = subprocess.CompletedProcess[str]


def render(output: Path, **answers: str) -> Path:
    """Generate a project in `output` and return its folder; nothing is kept in the home folder."""
    with tempfile.TemporaryDirectory() as scratch:
        config = Path(scratch, "config.json")
        config.write_text(json.dumps({"replay_dir": scratch, "cookiecutters_dir": scratch}))
        where = cookiecutter(
            str(TEMPLATE), no_input=True, extra_context=answers, output_dir=str(output), config_file=str(config)
        )
    return Path(where)


def environment(**changes: str) -> dict[str, str]:
    """This process's variables without those of a surrounding make, git or virtual environment."""
    outer = ("MAKE", "MFLAGS", "GIT_", "VIRTUAL_ENV", "PYTHONPATH", "MLFLOW_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(outer)}
    return kept | changes


def generate(
    output: Path, home: Path, *options: str, template: Path = TEMPLATE, cwd: Path | None = None, **variables: str
) -> Completed:
    """Run the command as a person does who has that home folder, and takes every default."""
    folders = [str(template), "--output-dir", str(output)]
    command = [sys.executable, "-m", "cookiecutter", *folders, "--no-input", *options]
    own = environment(HOME=str(home), XDG_CONFIG_HOME=str(home), GIT_CONFIG_NOSYSTEM="1", **variables)
    home.mkdir(exist_ok=True)
    return subprocess.run(command, cwd=cwd or home, env=own, capture_output=True, encoding="utf-8")


@dataclass(frozen=True)
class Project:
    """A generated project that runs in the interpreter of the tests."""

    path: Path

    @property
    def package(self) -> str:
        return next(file.parent.name for file in self.path.glob("src/*/contract.py"))

    @property
    def environment(self) -> dict[str, str]:
        """Imports from this project, and somebody who commits."""
        person = {f"GIT_{role}_NAME": "A Person" for role in ("AUTHOR", "COMMITTER")}
        mail = {f"GIT_{role}_EMAIL": "person@example.org" for role in ("AUTHOR", "COMMITTER")}
        return environment(PYTHONPATH=str(self.path / "src"), **person, **mail)

    def run(self, *command: str | Path, **variables: str) -> Completed:
        """Run a command in the project, with changes to its environment variables."""
        changed = self.environment | variables
        return subprocess.run(list(command), cwd=self.path, env=changed, capture_output=True, encoding="utf-8")

    def python(self, *arguments: str | Path, **variables: str) -> Completed:
        return self.run(sys.executable, *arguments, **variables)

    def mlops(self, *arguments: str | Path, **variables: str) -> Completed:
        return self.python("-m", "mlops", *arguments, **variables)

    def git(self, *arguments: str) -> str:
        done = self.run("git", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def copy(self, to: Path) -> "Project":
        """A project of one's own to change."""
        return Project(shutil.copytree(self.path, to, symlinks=True))
