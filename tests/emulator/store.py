"""What the emulated subscription holds, in memory: ARM documents by id."""

from collections import UserDict
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
TENANT = "00000000-0000-0000-0000-00000000000a"


class Documents(UserDict[str, Document]):
    """By ARM id, oldest first. Ids are compared without case, as Azure does."""

    def __getitem__(self, key: str) -> Document:
        return self.data[key.lower()]

    def __setitem__(self, key: str, item: Document) -> None:
        self.data[key.lower()] = item

    def __delitem__(self, key: str) -> None:
        del self.data[key.lower()]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.lower() in self.data


@dataclass
class Store:
    documents: Documents = field(default_factory=Documents)
