"""Shares of requests are the release's: whatever a stack changes, they stay; and a stack that owned them is seen."""

from collections.abc import Callable

import pytest

from tests.emulator.store import Document
from tests.infra.onboarded import Onboarded

RELEASES = (
    {"traffic": {"old": 90, "new": 10}, "mirrorTraffic": {}},
    {"traffic": {"old": 100}, "mirrorTraffic": {"new": 20}},
)
OWNED = """
from pulumi_azure_native import machinelearningservices
machinelearningservices.OnlineEndpoint(
    "endpoint",
    endpoint_name="triage",
    resource_group_name=stack.organisation.resource_group,
    workspace_name=workspace.workspace.name,
    location=stack.region,
    tags=stack.tags,
    properties={"auth_mode": "AADToken"},
)
"""


class Endpoint:
    """The project's endpoint in dev, as a release has it: two versions, and shares between them."""

    def __init__(self, there: Onboarded) -> None:
        self.there, (workspace, *_) = there, there.cloud.ids("/workspaces/mlw-")
        self.id = f"{workspace}/onlineEndpoints/triage"

    def release(self, **shares: dict[str, int]) -> None:
        arm = self.there.cloud.arm
        made = {"location": "westeurope", "properties": {"authMode": "AADToken"}}
        document = arm.find(self.id) or arm.put(self.there.principal("dev", "deploy"), self.id, made)
        for name in ("old", "new"):
            id = f"{self.id}/deployments/{name}"
            arm.store.documents[id] = {"id": id, "name": name, "properties": {"provisioningState": "Succeeded"}}
        document = {**document, "properties": {**document["properties"], **shares}}
        arm.put(self.there.principal("dev", "deploy"), self.id, document)

    @property
    def shares(self) -> Document:
        properties = self.there.cloud.arm.store.documents[self.id]["properties"]
        return {name: properties.get(name) for name in RELEASES[0]}

    def change_the_stack(self, number: int) -> None:
        stack = self.there.stack("dev")
        stack.config(tags={"cost_centre": f"cc-{number}"})
        assert stack.up().ok().changes["update"] > 0


def test_a_change_of_the_stack_leaves_shares_and_copies_alone(up: Callable[[str], Onboarded]) -> None:
    endpoint = Endpoint(up("dev"))
    for number, shares in enumerate(RELEASES):
        endpoint.release(**shares)
        endpoint.change_the_stack(number)
        assert endpoint.shares == shares


def test_a_stack_that_owned_the_endpoint_would_be_seen(up: Callable[[str], Onboarded]) -> None:
    there = up("dev")
    program = there.stack("dev").folder / "__main__.py"
    program.write_text(program.read_text() + OWNED)
    there.stack("dev").up().ok()
    endpoint = Endpoint(there)
    endpoint.release(**RELEASES[0])
    endpoint.change_the_stack(0)
    with pytest.raises(AssertionError):
        assert endpoint.shares == RELEASES[0]
