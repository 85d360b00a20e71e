"""Each emulated type: its id, its document and back again. Microsoft's names on one side, the SDK's on the other."""

import re

import pytest

from tests.emulator.pulumi.changes import UNKNOWN, carry, changes, text
from tests.emulator.pulumi.provider import foreseen, strangers
from tests.emulator.pulumi.random_provider import made
from tests.emulator.pulumi.shapes import Mistake, emulated, shape
from tests.emulator.store import Document

TOKENS = [f"azure-native:{token}" for types in emulated().values() for token in types]
SUBNET = "/subscriptions/1/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/s"


@pytest.mark.parametrize("token", TOKENS)
def test_an_id_is_read_back(token: str) -> None:
    kind = shape(token)
    given = {name: f"{name}-1" for name in kind.parameters}
    scopes = {name: "/subscriptions/1/resourceGroups/g" for name in ("scope", "resourceUri") if name in given}
    id = kind.id(given | scopes, "1")
    assert id.startswith("/subscriptions/1/resourceGroups/")
    assert kind.read_id(id) == given | scopes
    with pytest.raises(Mistake, match="is not an id of this type"):
        kind.read_id("/subscriptions/1")


@pytest.mark.parametrize("token", TOKENS)
def test_inputs_come_back_as_they_were(token: str) -> None:
    kind = shape(token)
    facts = {*kind.parameters, *kind.query, "id", "name", "type"}
    given: Document = {name: f"{name}-1" for name in kind.inputs - facts}
    if not kind.flat:
        given["properties"] = {"one": {"two": [1, 2]}}
    document = kind.body(given)
    assert "id" not in document
    assert kind.inputs_of(kind.outputs_of(document)) == given
    assert {*kind.replace} <= kind.inputs and {*kind.parameters} <= kind.inputs
    assert not strangers(kind, given)


def test_lists_of_resources_have_their_settings_in_properties() -> None:
    kind = shape("azure-native:network:PrivateEndpoint")
    given = {
        "subnet": {"id": SUBNET},
        "privateLinkServiceConnections": [{"name": "a", "groupIds": ["blob"], "privateLinkServiceId": "/x"}],
    }
    document = kind.body(given)
    settings = {"groupIds": ["blob"], "privateLinkServiceId": "/x"}
    assert document["properties"]["privateLinkServiceConnections"] == [{"name": "a", "properties": settings}]
    assert kind.inputs_of(kind.outputs_of(document)) == given


def test_identities_are_a_list_in_and_a_map_out() -> None:
    kind = shape("azure-native:machinelearningservices:Workspace")
    document = kind.body({"identity": {"type": "UserAssigned", "userAssignedIdentities": ["/b", "/a"]}})
    assert document["identity"]["userAssignedIdentities"] == {"/b": {}, "/a": {}}
    document["identity"] |= {"principalId": "1", "userAssignedIdentities": {"/b": {"clientId": "2"}, "/a": {}}}
    outputs = kind.outputs_of(document)
    assert outputs["identity"]["userAssignedIdentities"]["/b"] == {"clientId": "2"}
    assert kind.inputs_of(outputs)["identity"] == {"type": "UserAssigned", "userAssignedIdentities": ["/a", "/b"]}


def test_whole_numbers_reach_azure_as_such() -> None:
    body = shape("azure-native:operationalinsights:Workspace").body({"retentionInDays": 90.0, "sku": {"name": "x"}})
    assert repr(body["properties"]["retentionInDays"]) == "90"
    assert body["properties"]["sku"] == {"name": "x"} and "sku" not in body


def test_a_preview_knows_inputs_only() -> None:
    seen = foreseen(shape("azure-native:resources:ResourceGroup"), {"location": "westeurope"})
    assert seen["location"] == "westeurope"
    assert seen["name"] == UNKNOWN


def test_changes_are_told_by_path() -> None:
    old = {"tags": {"cost-centre": "1"}, "rules": [{"value": "a"}], "location": "West Europe", "gone": 1}
    new = {"tags": {"cost-centre": "2"}, "rules": [{"value": "b"}, {}], "location": "westeurope", "new": 1}
    told = {text(path): what for path, what in changes(old, new)}
    assert told == {
        'tags["cost-centre"]': "UPDATE",
        "rules[0].value": "UPDATE",
        "rules[1]": "ADD",
        "gone": "DELETE",
        "new": "ADD",
    }


def test_a_refresh_takes_over_what_changed_and_not_what_azure_filled_in() -> None:
    inputs = {"sku": {"name": "a"}, "list": [1]}
    old = {"sku": {"name": "a", "tier": "t"}, "list": [1], "filled": "f"}
    new = {"sku": {"name": "b", "tier": "t"}, "list": [1, 2], "filled": "f", "tags": {"x": "y"}}
    assert carry(inputs, old, new) == {"sku": {"name": "b"}, "list": [1, 2], "tags": {"x": "y"}}
    assert carry(inputs, old, {"list": [1]}) == {"list": [1]}


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(Mistake, match="'azure-native:sql:Server' is not emulated"):
        shape("azure-native:sql:Server")


def test_a_random_string_has_the_length_and_the_kinds_asked_for() -> None:
    for _ in range(50):
        assert re.fullmatch("[a-z0-9]{4}", made({"length": 4.0, "special": False, "upper": False}))
    assert re.search(r"\d", made({"length": 4.0, "special": False}))
