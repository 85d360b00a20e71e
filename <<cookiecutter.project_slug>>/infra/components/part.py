"""What all components share: where their resources are, and whose they are."""

from typing import Any

import pulumi
from settings import Stack


class Part(pulumi.ComponentResource):
    """A component: its resources lie in the stack's resource group and region and carry its tags."""

    def __init__(self, name: str, stack: Stack) -> None:
        super().__init__(f"mlops:platform:{type(self).__name__}", name)
        self.stack = stack
        self.own = pulumi.ResourceOptions(parent=self)
        self.group: dict[str, Any] = {"resource_group_name": stack.organisation.resource_group}
        self.group_id = (
            f"/subscriptions/{stack.organisation.subscription}/resourceGroups/{stack.organisation.resource_group}"
        )
        self.access = "Disabled" if stack.private else "Enabled"
        """Whether services accept what comes from the internet, as Azure writes it."""
        self.here: dict[str, Any] = {**self.group, "location": stack.region, "tags": stack.tags}
        """What each resource with a location and tags is given."""
