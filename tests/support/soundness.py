"""What is wrong with a generated project, as far as can be seen without running it."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

TEMPLATE_SYNTAX = re.compile(r"<<|<%|<#|cookiecutter")
PARSERS: dict[str, Callable[[str], object]] = {
    ".py": lambda text: compile(text, "file", "exec"),
    ".yml": yaml.safe_load,
    ".yaml": yaml.safe_load,
    ".toml": tomllib.loads,
    ".json": json.loads,
    ".ipynb": json.loads,
}


def problems(project: Path) -> list[str]:
    """A line for each thing wrong; none in a sound project."""
    return [*leftovers(project), *unparsable(project), *loose_locks(project), *unclean(project)]


def texts(project: Path) -> Iterator[tuple[str, str]]:
    """Path in the project and content of each text file."""
    for path in sorted(project.rglob("*")):
        inside = path.relative_to(project)
        if path.is_file() and inside.parts[0] != ".git" and path.suffix not in (".parquet", ".pyc"):
            yield inside.as_posix(), path.read_text(encoding="utf-8")


def leftovers(project: Path) -> Iterator[str]:
    """Template syntax in names and texts, and folders with nothing in them."""
    for path in project.rglob("*"):
        inside = path.relative_to(project)
        if inside.parts[0] == ".git":
            continue
        if TEMPLATE_SYNTAX.search(str(inside)):
            yield f"{inside}: the name holds template syntax"
        if path.is_dir() and not any(path.iterdir()):
            yield f"{inside}: the folder is empty"
    for name, text in texts(project):
        pattern = re.compile("cookiecutter") if name.endswith((".py", ".ipynb")) else TEMPLATE_SYNTAX
        if found := pattern.search(text):
            yield f"{name}: holds '{found[0]}'"


def unparsable(project: Path) -> Iterator[str]:
    for name, text in texts(project):
        try:
            PARSERS.get(Path(name).suffix, str)(text)
        except (ValueError, SyntaxError, yaml.YAMLError) as error:
            yield f"{name}: does not parse: {error}"


def loose_locks(project: Path) -> Iterator[str]:
    """Requirements without a hash, and lines that name an index."""
    for lock in sorted(project.glob("requirements/**/*.txt")):
        text = lock.read_text().replace("\\\n", "")
        for line in filter(None, text.splitlines()):
            if line.startswith("--") or "://" in line:
                yield f"{lock.name}: names an index: {line}"
            elif not line.lstrip().startswith("#") and "--hash=sha256:" not in line:
                yield f"{lock.name}: has no hash: {line}"


def unclean(project: Path) -> Iterator[str]:
    for command in (["check", "--quiet"], ["format", "--check", "--quiet"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--no-cache"]
        done = subprocess.run(ruff, cwd=project, capture_output=True, encoding="utf-8")
        if done.returncode:
            yield f"ruff {command[0]}: {done.stdout or done.stderr or 'a file is not formatted'}"
