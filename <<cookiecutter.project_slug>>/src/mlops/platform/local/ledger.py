"""The ledger on this machine: a file for each entry, numbered, and written once."""

from contextlib import AbstractContextManager
from pathlib import Path

from mlops import files
from mlops.platform.base import Entry
from mlops.platform.local.lock import locked


class LocalLedger:
    """Entries in `.mlops/ledger/ENVIRONMENT/000001.json` and so on."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "ledger"

    def append(self, environment: str, content: bytes) -> None:
        folder = self._folder / environment
        with locked(folder / "lock"):
            number = max((int(path.stem) for path in folder.glob("*.json")), default=0) + 1
            with files.replacing(folder / f"{number:06}.json") as draft:
                draft.write_bytes(content)
                draft.chmod(0o444)

    def read(self) -> tuple[Entry, ...]:
        paths = sorted(self._folder.glob("*/*.json"))
        return tuple(Entry(path.parent.name, int(path.stem), path.read_bytes()) for path in paths)

    def lease(self, environment: str) -> AbstractContextManager[None]:
        return locked(self._folder / environment / "lease", wait=False, who=f"another release command on {environment}")
