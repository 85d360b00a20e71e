"""The code of a run: frozen for its nodes, and its exact state, so that it can be rebuilt.

That is a commit, and what the work tree had besides.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops import digest, files
from mlops.errors import Failure, Misuse
from mlops.uploads import IGNORING, ignored, walk

LIMIT_BYTES = 50 * 2**20
"""Untracked files larger than this are data, not code: the record names them and they are not stored."""
OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")

Source = tuple[Path | None, tuple[Path, ...]]
"""What the code of a node is copied from: a folder or file, and files and folders that go beside what is in it."""


@dataclass(frozen=True)
class Snapshot:
    """A frozen copy of a code folder and the digest of its files and their executable bits."""

    digest: str
    folder: Path
    left_out: tuple[str, ...] = ()


def take(source: Source, to: Path, limit: float = float("inf"), ignoring: tuple[str, ...] = IGNORING) -> Snapshot:
    """Copy code without what its folders ignore. Files over `limit` bytes are left out, and named."""
    code, includes = source
    beside = ((path, found) for path in includes for found in _files(path, "", ignoring))
    found = {f"{path.name}/{name}".removesuffix("/"): file for path, (name, file) in beside}
    found |= dict(_files(code, code.name, ignoring)) if code else {}
    to.mkdir(parents=True)
    pairs, left_out = [], []
    for name, path in found.items():
        if path.stat().st_size > limit:
            left_out.append(name)
            continue
        copy = to / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
        executable = "*" if copy.stat().st_mode & 0o100 else ""
        pairs.append((name + executable, digest.of_file(copy)))
    return Snapshot(digest.of_pairs(pairs), to, tuple(left_out))


class Git:
    """Commands of git at the top of the repository that a folder is in. Raises Failure in git's words.

    Their index and new objects are private, so that the repository is only read.
    """

    def __init__(self, folder: Path, scratch: Path) -> None:
        inherited = {name: value for name, value in os.environ.items() if name not in OF_A_HOOK}
        self._folder, self._environment = folder, inherited | {"LC_ALL": "C"}
        (scratch / "objects").mkdir()
        private = {
            "GIT_INDEX_FILE": str(scratch / "index"),
            "GIT_OBJECT_DIRECTORY": str(scratch / "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": self.path("objects"),
        }
        self.top = self._folder = Path(self("rev-parse", "--show-toplevel"))
        self._environment |= private

    def maybe(self, *arguments: str) -> str | None:
        """The answer of a command whose failure means no."""
        with suppress(Failure):
            return self(*arguments)
        return None

    def __call__(self, *arguments: str) -> str:
        command = ["git", *arguments]
        done = subprocess.run(
            command, cwd=self._folder, env=self._environment, stdin=subprocess.DEVNULL, capture_output=True
        )
        if done.returncode:
            why = done.stderr.decode(errors="replace").strip() or f"exit status {done.returncode}"
            raise Failure(f"git {arguments[0]} could not read the state of the code: {why}")
        return os.fsdecode(done.stdout).removesuffix("\n")

    def path(self, name: str) -> str:
        return self("rev-parse", "--path-format=absolute", "--git-path", name)

    def start_from(self, commit: str | None) -> str:
        """Fill the index from a commit, or from nothing; returns the tree-ish to compare with."""
        if commit is None:
            self("read-tree", "--empty")
            return self("hash-object", "-t", "tree", "-w", "--stdin")
        self("read-tree", "--reset", commit)
        return commit


def capture(project: Path, state: Path) -> dict[str, Any]:
    """Record the code of a project, and store below the folder `state` what no commit holds.

    `kind` is `git` with the id of the tree as `digest`: `commit` (None before the first one) plus the stored
    patch. Where git or a repository is absent it is `files`, and the files themselves are stored. Raises Failure in
    git's words, and OSError.
    """
    (state / "work").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="code-", dir=state / "work") as name:
        scratch = Path(name)
        git = _repository(project, scratch)
        return _capture_files(project, scratch, state) if git is None else _capture_tree(git, project, scratch, state)


def rebuild(record: Mapping[str, Any], project: Path, state: Path, to: Path) -> Path:
    """Write the recorded state of the code at `to`; returns the folder of the project in it.

    Raises Misuse when something is there, or it lies in the project, Failure when the result would have another digest.
    """
    if to.exists():
        raise Misuse(f"{to} is there already. Name a folder that is not.")
    if to.resolve().is_relative_to(project):
        raise Misuse(f"{to} lies inside the project, whose code it would become. Name a folder outside of it.")
    stored, folder = state / "code" / record["digest"], to
    with tempfile.TemporaryDirectory() as scratch, files.replacing(to) as draft:
        if record["kind"] == "files":
            shutil.copytree(stored / "files", draft, symlinks=True)
            found = digest.of_folder(draft)
        else:
            git = Git(project, Path(scratch))
            git.start_from(record["commit"])
            if record["dirty"]:
                git("apply", "--cached", "--whitespace=nowarn", str(_patch(state, record["digest"], record["commit"])))
            found = git("write-tree")
            draft.mkdir()
            git("checkout-index", "--all", f"--prefix={draft}/")
            folder = to / project.relative_to(git.top)
        if found != record["digest"]:
            raise Failure(f"what is stored at {stored} no longer gives the code of the run: it was changed.")
    return folder


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
    untracked = git("ls-files", "-z", "--others", "--exclude-standard", f":(literal){here}").split("\0")[:-1]
    left_out = [name for name in untracked if _is_large(git.top / name) and not name.startswith(f"{own}/")]
    besides = [*left_out, *{own for name in untracked if name.startswith(f"{own}/")}]
    git("add", "--all", "--", f":(literal){here}", *(f":(exclude,literal){name}" for name in besides))
    tree = git("write-tree")
    dirty = tree != git("rev-parse", f"{base}^{{tree}}")
    if dirty and not (stored := _patch(state, tree, commit)).exists():
        flags = ("-p", "--binary", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color")
        with files.replacing(stored) as draft:
            git("diff-tree", *flags, f"--output={draft}", base, tree)
    return {"kind": "git", "digest": tree, "commit": commit, "dirty": dirty, "left_out": left_out}


def _patch(state: Path, tree: str, commit: str | None) -> Path:
    return state / "code" / tree / f"since-{commit or 'nothing'}.patch"


def _is_large(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.stat().st_size > LIMIT_BYTES


def _capture_files(project: Path, scratch: Path, state: Path) -> dict[str, Any]:
    taken = take((project, ()), scratch / "files", LIMIT_BYTES, (".gitignore",))
    found = digest.of_folder(scratch / "files")
    if not (stored := state / "code" / found / "files").exists():
        with files.replacing(stored) as draft:
            (scratch / "files").rename(draft)
    return {"kind": "files", "digest": found, "commit": None, "dirty": True, "left_out": list(taken.left_out)}


def _files(path: Path, own_name: str, ignoring: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    return iter([(own_name, path)]) if path.is_file() else walk(path, ignored(path, ignoring))
