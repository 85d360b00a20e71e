"""git's plumbing on a private index and private new objects, so that the repository is only read."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

from mlops.errors import Failure

OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")


class Git:
    """Commands of git at the top of the repository that a folder is in. Raises Failure in git's words."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        inherited = {name: value for name, value in os.environ.items() if name not in OF_A_HOOK}
        self._folder, self._environment = folder, inherited | {"LC_ALL": "C"}
        private = {
            "GIT_INDEX_FILE": str(scratch / "index"),
            "GIT_OBJECT_DIRECTORY": str(scratch / "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": self.path("objects"),
        }
        self.top = self._folder = Path(self("rev-parse", "--show-toplevel"))
        self._environment |= private

    def __call__(self, *arguments: str) -> str:
        return os.fsdecode(self.bytes(*arguments)).strip()

    def maybe(self, *arguments: str) -> str | None:
        """The answer of a command whose failure means no."""
        with suppress(Failure):
            return self(*arguments)
        return None

    def names(self, *options: str) -> list[str]:
        """Files of the work tree, as `git ls-files` lists them."""
        return os.fsdecode(self.bytes("ls-files", "-z", *options)).split("\0")[:-1]

    def bytes(self, *arguments: str) -> bytes:
        command = ["git", *arguments]
        done = subprocess.run(
            command, cwd=self._folder, env=self._environment, stdin=subprocess.DEVNULL, capture_output=True
        )
        if done.returncode:
            why = done.stderr.decode(errors="replace").strip() or f"exit status {done.returncode}"
            raise Failure(f"git {arguments[0]} could not read the state of the code: {why}")
        return done.stdout

    def path(self, name: str) -> str:
        return self("rev-parse", "--path-format=absolute", "--git-path", name)

    def start_from(self, commit: str | None) -> str:
        """Fill the index from a commit, or from nothing; returns the tree-ish to compare with."""
        if commit is None:
            self("read-tree", "--empty")
            return self("hash-object", "-t", "tree", "-w", "--stdin")
        self("read-tree", "--reset", commit)
        return commit
