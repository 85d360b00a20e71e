"""Versions of assets that are known by their bytes: a digest as a tag, and the next number for a new one."""

from collections.abc import Callable, Iterable
from typing import Any

from mlops.errors import Failure
from mlops.platform import store
from mlops.platform.azure.sentences import said

ALL: Any = "All"
"""Archived ones too, as the client says it."""


class Assets:
    """Of one kind, as the official client has them; those without our `tags` are somebody else's and left alone.

    `operations` are what the client calls `data`, `models` or `environments`, of a workspace or of a registry, where
    a `project` has its own: those with a tag of its name.
    """

    tags = frozenset({"digest"})

    def __init__(self, operations: Any, environment: str, thing: str, project: str = "") -> None:
        self._project, self._operations, self._environment, self._thing = project, operations, environment, thing

    def ours(self, name: str | None = None) -> list[Any]:
        """By name and number."""
        found = [each for each in self.all(name) if self.tags <= each.tags.keys() and each.version.isdecimal()]
        return [each for each in found if self._project in ("", each.tags.get("project"))]

    def get(self, reference: str) -> Any:
        """The version that a reference names. Raises Misuse."""
        found = {f"{each.name}:{each.version}": each for each in self.ours(store.name_in(reference))}
        digests = {name: each.tags["digest"] for name, each in found.items()}
        return found[store.chosen(reference, digests, self._thing, lambda: (each.name for each in self.ours()))]

    def add(self, name: str, digest: str, put: Callable[[str], Any], least: int = 1) -> Any:
        """The version of a name that has a digest; else what `put` makes under the next number.

        Two at once take one each, or the same where they bring the same.
        """
        while True:
            there = self.all(name)
            for each in there:
                if self.tags <= each.tags.keys() and each.tags["digest"] == digest:
                    return each
            number = max([least, *(int(each.version) + 1 for each in there if each.version.isdecimal())])
            try:
                with said(self._environment):
                    return put(str(number))
            except Failure:
                if str(number) not in {each.version for each in self.all(name)}:
                    raise

    def names(self) -> Iterable[str]:
        with said(self._environment):
            return sorted(each.name for each in self._operations.list(list_view_type=ALL))

    def all(self, name: str | None = None) -> list[Any]:
        """With archived ones, whose numbers are taken. Azure has no empty list for a name without a version."""
        with said(self._environment):
            known = [each for each in self.names() if name in (None, each)]
            found = (it for each in known for it in self._operations.list(each, list_view_type=ALL))
            return sorted(found, key=lambda each: (each.name, len(each.version), each.version))
