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


def tip(folder: Path, branch: str) -> str:
    """What git calls a branch: that of `origin`, where there is one."""
    remote = f"refs/remotes/origin/{branch}"
    return remote if git(folder, "rev-parse", "--verify", "--quiet", remote) else f"refs/heads/{branch}"


def merged(folder: Path, commit: str, branch: str) -> bool:
    """Whether a commit is on a branch."""
    return git(folder, "merge-base", "--is-ancestor", commit, tip(folder, branch)) is not None


def older(folder: Path, commit: str, other: str) -> bool:
    """Whether a commit came before another; False where git does not have both."""
    return commit != other and git(folder, "merge-base", "--is-ancestor", commit, other) is not None


def unlike(folder: Path, branch: str) -> list[str]:
    """Which of `mlops.yaml` and the files of `responsible_ai/` are not as on a branch, as far as git can tell."""
    names = ["mlops.yaml", *sorted(f"responsible_ai/{file.name}" for file in folder.glob("responsible_ai/*.*"))]
    here = dict(zip(names, (git(folder, "hash-object", "--", *names) or "").split(), strict=False))
    listed = (git(folder, "ls-tree", tip(folder, branch), "--", *names) or "").splitlines()
    there = {line.partition("\t")[2]: line.split()[2] for line in listed}
    return [name for name in names if name not in here or here[name] != there.get(name)]
