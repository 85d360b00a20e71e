"""What git knows of a project: who somebody is, and what became of a commit."""

import re
import subprocess
from pathlib import Path

from mlops.errors import Misuse


def git(folder: Path, *arguments: str) -> str | None:
    """What git says; None when it fails, or is not there."""
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, encoding="utf-8")
    except OSError:
        return None
    return None if done.returncode else done.stdout.strip()


def person(folder: Path) -> str:
    """The e-mail address of who types here. Raises Misuse when git does not know it."""
    found = re.search("<(.+)>", git(folder, "var", "GIT_COMMITTER_IDENT") or "")
    if not found:
        raise Misuse("git does not know who you are. Say it: git config user.email you@example.org")
    return found[1]


def merged(folder: Path, commit: str, branch: str) -> bool:
    """Whether a commit is on a branch: that of `origin`, where there is one."""
    remote = f"refs/remotes/origin/{branch}"
    known = remote if git(folder, "rev-parse", "--verify", "--quiet", remote) else f"refs/heads/{branch}"
    return git(folder, "merge-base", "--is-ancestor", commit, known) is not None
