"""ARM ids: what a path names, where it lies, and which provider action a verb on it needs."""

import re
from dataclasses import dataclass
from functools import cached_property

GROUP_TYPE = "Microsoft.Resources/resourceGroups"
SUBSCRIPTION_TYPE = "Microsoft.Resources/subscriptions"
SHARED = re.compile(r"(?<=MachineLearningServices/registries/)\w+/versions", re.IGNORECASE)
"""Assets of every kind in a registry of Azure ML, which permissions do not tell apart."""


@dataclass(frozen=True)
class Id:
    """One ARM id. Azure compares ids without case: compare `key`, show `text`."""

    text: str

    @cached_property
    def key(self) -> str:
        return self.text.strip("/").lower()

    @cached_property
    def _parts(self) -> list[str]:
        return self.text.strip("/").split("/")

    @cached_property
    def _provider(self) -> int:
        """Where the last `providers` stands: an extension resource has two. -1 for groups and subscriptions."""
        lower = [part.lower() for part in self._parts]
        return len(lower) - 1 - lower[::-1].index("providers") if "providers" in lower else -1

    @cached_property
    def type(self) -> str:
        """Such as `Microsoft.Storage/storageAccounts/blobServices`, as written in the id."""
        if self._provider >= 0:
            namespace, *rest = self._parts[self._provider + 1 :]
            return "/".join([namespace, *rest[::2]])
        return GROUP_TYPE if len(self._parts) == 4 else SUBSCRIPTION_TYPE

    @property
    def kind(self) -> str:
        """The type in lower case, to compare with."""
        return self.type.lower()

    @property
    def namespace(self) -> str:
        return self.type.split("/")[0]

    @property
    def name(self) -> str:
        return self._parts[-1]

    @cached_property
    def subscription(self) -> str:
        return self._parts[1] if self.key.startswith("subscriptions/") else ""

    @cached_property
    def group(self) -> "Id | None":
        if len(self._parts) >= 4 and self._parts[2].lower() == "resourcegroups":
            return Id("/" + "/".join(self._parts[:4]))
        return None

    @cached_property
    def parent(self) -> "Id | None":
        """The resource, group or subscription that must be there first; None for a subscription."""
        if self._provider < 0:
            return Id("/" + "/".join(self._parts[:2])) if len(self._parts) == 4 else None
        nested = len(self._parts) - self._provider > 4
        return Id("/" + "/".join(self._parts[:-2] if nested else self._parts[: self._provider]))

    def action(self, verb: str) -> str:
        """The permission that `verb` (read, write, delete, NAME/action) needs."""
        shown = "Microsoft.Resources/subscriptions/resourceGroups" if self.kind == GROUP_TYPE.lower() else self.type
        return f"{SHARED.sub('assets', shown)}/{verb}"

    def within(self, scope: str) -> bool:
        """Whether `scope` is this id, or above it."""
        above = scope.strip("/").lower()
        return not above or self.key == above or self.key.startswith(above + "/")

    def __str__(self) -> str:
        return self.text
