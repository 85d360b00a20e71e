"""The exact state of the code of a run: a commit, and what the work tree had besides, so that it can be rebuilt."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mlops import digest, files
from mlops.errors import Failure
from mlops.platform.local import snapshot
from mlops.platform.local.git import Git

LIMIT_BYTES = 50 * 2**20
"""Untracked files larger than this are data, not code: the record names them and they are not stored."""


def capture(project: Path, state: Path) -> dict[str, Any]:
    """Record the code of a project, and store below the folder `state` what no commit holds.

    `kind` is `git` with the id of the tree as `digest`: `commit` (None before the first one) plus the stored
    patch. Where git or a repository is absent it is `files`, and the files themselves are stored.
    """
    with _scratch(state / "work") as scratch:
        git = _repository(project, scratch)
        return _capture_files(project, scratch, state) if git is None else _capture_tree(git, project, scratch, state)


def rebuild(record: Mapping[str, Any], project: Path, state: Path, to: Path) -> None:
    """Write the recorded state of the code at `to`. Raises Failure when the result would have another digest."""
    stored = state / "code" / record["digest"]
    with _scratch(None) as scratch, files.replacing(to) as draft:
        if record["kind"] == "files":
            shutil.copytree(stored / "files", draft, symlinks=True)
            found = digest.of_folder(draft)
        else:
            git = Git(project, scratch)
            git.start_from(record["commit"])
            if record["dirty"]:
                git("apply", "--cached", "--whitespace=nowarn", str(_patch(state, record["digest"], record["commit"])))
            found = git("write-tree")
            draft.mkdir()
            git("checkout-index", "--all", f"--prefix={draft}/")
        if found != record["digest"]:
            raise Failure(f"what is stored at {stored} no longer gives the code of the run: it was changed.")


@contextmanager
def _scratch(place: Path | None) -> Iterator[Path]:
    try:
        if place:
            place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="code-", dir=place, ignore_cleanup_errors=True) as name:
            (Path(name) / "objects").mkdir()
            yield Path(name)
    except OSError as error:
        why = files.reason(error)
        raise Failure(f"could not store the state of the code: {why}. Check space and rights, then repeat.") from error


def _repository(project: Path, scratch: Path) -> Git | None:
    """git on the project, unless there is no git, no repository, or the repository ignores the project.

    Raises Failure when there is a repository that git does not read, such as one that belongs to somebody else.
    """
    if shutil.which("git") is None or not any((folder / ".git").exists() for folder in (project, *project.parents)):
        return None
    git = Git(project, scratch)
    return git if git.maybe("check-ignore", "--quiet", str(project)) is None else None


def _capture_tree(git: Git, project: Path, scratch: Path, state: Path) -> dict[str, Any]:
    commit = git.maybe("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    with suppress(FileNotFoundError):
        shutil.copyfile(git.path("index"), scratch / "index")
    base = git.start_from(commit)
    here, own = (os.path.relpath(path, git.top) for path in (project, state))
    untracked = git.names("--others", "--exclude-standard", f":(literal){here}")
    left_out = [name for name in untracked if _is_large(git.top / name) and not name.startswith(f"{own}/")]
    besides = [*left_out, *{own for name in untracked if name.startswith(f"{own}/")}]
    git("add", "--all", "--", f":(literal){here}", *(f":(exclude,literal){name}" for name in besides))
    tree = git("write-tree")
    dirty = tree != git("rev-parse", f"{base}^{{tree}}")
    stored = _patch(state, tree, commit)
    if dirty and not stored.exists():
        flags = ("-p", "--binary", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color")
        with files.replacing(stored) as draft:
            draft.write_bytes(git.bytes("diff-tree", *flags, base, tree))
    return {"kind": "git", "digest": tree, "commit": commit, "dirty": dirty, "left_out": left_out}


def _patch(state: Path, tree: str, commit: str | None) -> Path:
    return state / "code" / tree / f"since-{commit or 'nothing'}.patch"


def _is_large(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.stat().st_size > LIMIT_BYTES


def _capture_files(project: Path, scratch: Path, state: Path) -> dict[str, Any]:
    taken = snapshot.take((project, ()), scratch / "files", LIMIT_BYTES)
    found = digest.of_folder(scratch / "files")
    if not (stored := state / "code" / found / "files").exists():
        with files.replacing(stored) as draft:
            (scratch / "files").rename(draft)
    return {"kind": "files", "digest": found, "commit": None, "dirty": True, "left_out": list(taken.left_out)}
