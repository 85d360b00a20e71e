"""Finishes a new project: drops leftovers, records the answers, makes the first commit, says what comes next."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

CONTEXT = json.loads(<< cookiecutter | tojson | string | tojson >>)
ANSWERS = {name: value for name, value in CONTEXT.items() if not name.startswith("_")}
TEMPLATE = Path(CONTEXT["__template"])
PROJECT = Path.cwd()


def git(*arguments: str, folder: Path = PROJECT) -> subprocess.CompletedProcess[str]:
    """Run git, free of what a surrounding git command may have set."""
    outer = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
    environment = {name: value for name, value in os.environ.items() if name not in outer}
    return subprocess.run(["git", *arguments], cwd=folder, env=environment, capture_output=True, encoding="utf-8")


def drop_leftovers() -> None:
    """Folders whose files all have a name that the answers left out, and caches of work on the template."""
    for folder, _, _ in os.walk(PROJECT, topdown=False):
        if Path(folder).relative_to(PROJECT).parts[:1] in ((".git",), (".venv",)):
            continue
        if os.path.basename(folder) in ("__pycache__", ".pytest_cache", ".ruff_cache"):
            shutil.rmtree(folder)
        elif not os.listdir(folder):
            os.rmdir(folder)


def template_commit() -> str | None:
    """Commit that the template's folder is at, with '-dirty' when it was changed since."""
    if not shutil.which("git"):
        return None
    top = git("rev-parse", "--show-toplevel", folder=TEMPLATE).stdout.strip()
    if not top or not os.path.samefile(top, TEMPLATE):
        return None
    return git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*", folder=TEMPLATE).stdout.strip() or None


def record_answers() -> None:
    record = {"version": CONTEXT["_version"], "commit": template_commit(), "answers": ANSWERS}
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    (PROJECT / ".template.json").write_text(text, encoding="utf-8")


def first_commit() -> str:
    """Commit everything on branch main, unless the folder is in a repository already; returns what was done, in words."""
    if not shutil.which("git"):
        return "not under version control, as git is not installed"
    if git("check-ignore", "--quiet", str(PROJECT)).returncode == 1:
        return "not committed, as the folder is in a repository already"
    defaults = {"user.name": ANSWERS["organisation"], "user.email": ANSWERS["owner_email"]}
    settings = {"core.hooksPath": os.devnull, "core.excludesFile": os.devnull, "core.safecrlf": "false"}
    settings |= {key: value for key, value in defaults.items() if not git("config", key).stdout.strip()}
    options = [option for key, value in settings.items() for option in ("-c", f"{key}={value}")]
    message = f"Start from the template, version {CONTEXT['_version']}"
    for step in (
        ["init", "--quiet", "--template=", "--initial-branch=main"],
        [*options, "add", "--all"],
        [*options, "commit", "--quiet", "--no-gpg-sign", f"--message={message}"],
    ):
        done = git(*step)
        if done.returncode:
            return f"not committed, as git said: {done.stderr.strip()}"
    return "first commit on branch main"


sys.stdout.reconfigure(errors="replace")
drop_leftovers()
record_answers()
print(f"""
{ANSWERS["project_name"]} is in {PROJECT} ({first_commit()}).

  cd {PROJECT}
  make setup    install the locked environment into .venv
  make run      train the model from azureml/pipelines/train.yml
  make test     its own tests
""")
