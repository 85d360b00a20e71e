"""Stands in for engine and Azure while a program runs: keeps what it registers, makes up what Azure would compute.

What is made up depends on names only, so two runs of one program are equal.
"""

import re
import uuid
from collections.abc import Mapping
from typing import Any

from google.protobuf import struct_pb2
from policy.rule import STACK, UNKNOWN, Resource
from pulumi.output import Unknown as Computed
from pulumi.runtime import mocks, rpc
from pulumi.runtime.proto import resource_pb2
from record import NOBODY

SUFFIX = "x7k2"
KEY = f"{'made/up+key' * 8}"[:86] + "=="
SECRETS = {
    "keys": [{"keyName": "key1", "value": KEY, "permissions": "FULL"}],
    "passwords": [{"name": "password", "value": KEY}],
    **{f"{which}{what}": KEY for which in ("primary", "secondary") for what in ("Key", "SharedKey")},
    **{
        f"{which}ConnectionString": f"Endpoint=sb://nobody/;SharedAccessKey={KEY}" for which in ("primary", "secondary")
    },
    **dict.fromkeys(("key1", "key2", "userStorageKey", "accountSasToken", "serviceSasToken"), KEY),
}
"""What Azure's `list…` answers with, by the names that its services use."""


class Monitor(mocks.MockMonitor):
    """Keeps every resource in the order of registration. In a preview what is computed stays unknown."""

    def __init__(self, environment: str, project: str, preview: bool) -> None:
        super().__init__(Nothing())
        self.stack, self.project, self.preview = environment, project, preview
        self.seen: dict[str, Resource] = {}
        self.after: dict[str, frozenset[str]] = {}

    def RegisterResource(self, request: Any) -> Any:
        urn, inputs = self.urn(request), plain(request.object)
        if request.type == STACK:
            self.seen[urn] = Resource(request.type, request.name, {}, urn)
            return resource_pb2.RegisterResourceResponse(urn=urn)
        sources = {name: frozenset(found.urns) for name, found in request.propertyDependencies.items()}
        known = request.custom and not self.preview
        id = self.id(request.type, request.name, inputs) if known else ""
        self.seen[urn] = Resource(request.type, request.name, inputs, urn, id, request.parent, request.protect, sources)
        self.after[urn] = frozenset(request.dependencies)
        computed = self.computed(request.type, inputs, urn, id) if known else {}
        state = struct_pb2.Struct()
        state.update(
            {name: value for name, value in inputs.items() if isinstance(value, str | bool | float)} | computed
        )
        return resource_pb2.RegisterResourceResponse(urn=urn, id=id, object=state)

    def RegisterResourceOutputs(self, request: Any) -> Any:
        before = self.seen[request.urn]
        if before.type == STACK:
            self.seen[request.urn] = Resource(STACK, before.name, plain(request.outputs), before.urn)
        return super().RegisterResourceOutputs(request)

    def urn(self, request: Any) -> str:
        types = request.type
        if request.parent and (above := request.parent.split("::")[2]) != STACK:
            types = f"{above}${types}"
        return f"urn:pulumi:{self.stack}::{self.project}::{types}::{request.name}"

    def id(self, type: str, name: str, inputs: Mapping[str, Any]) -> str:
        """An id of ARM's form: below the resource that an input names, or the scope, or the resource group."""
        provider, module, kind = type.split(":")
        if provider != "azure-native":
            return name
        kind = re.sub("ys$", "ies", f"{kind[:1].lower()}{kind[1:]}s")
        texts = {key: value for key, value in inputs.items() if isinstance(value, str)}
        names = {key: value for key, value in texts.items() if re.fullmatch(r"name|\w+Name", key)}
        group = names.pop("resourceGroupName", "none")
        there = [str(each.id) for each in list(self.seen.values())]  # other threads register meanwhile
        owners = (
            each for each in there if f"/Microsoft.{module}/" in each and each.rpartition("/")[2] in names.values()
        )
        owner = max(owners, key=len, default=None)
        own = [value for value in names.values() if owner is None or value not in owner.split("/")]
        last = f"{kind}/{own[0] if own else name}"
        if owner:
            return f"{owner}/{last}"
        scope = inputs.get("scope") or inputs.get("resourceUri")
        return f"{scope or f'/subscriptions/{NOBODY}/resourceGroups/{group}'}/providers/Microsoft.{module}/{last}"

    @staticmethod
    def computed(type: str, inputs: Mapping[str, Any], urn: str, id: str) -> dict[str, Any]:
        """Outputs that a program reads and does not give."""
        name = id.rpartition("/")[2]
        made = {
            "RandomString": {"result": SUFFIX},
            "Registry": {"loginServer": f"{name}.azurecr.io"},
            "UserAssignedIdentity": {"principalId": guid(urn)},
        }
        identity = inputs.get("identity") or {}
        held = {each: {} for each in identity.get("userAssignedIdentities", ())}
        given = {"identity": {**identity, "userAssignedIdentities": held}} if held else {}
        return {"name": name, **given, **made.get(type.rpartition(":")[2], {})}


class Nothing(mocks.Mocks):
    """Answers a program's questions to Azure: nobody is signed in, and nothing is there but keys."""

    def call(self, args: mocks.MockCallArgs) -> Any:
        nobody = {"clientId": NOBODY, "objectId": NOBODY, "subscriptionId": NOBODY, "tenantId": NOBODY}
        return nobody | (SECRETS if re.search(r":(list|get)\w*(Keys|Credentials|SAS)$", args.token) else {})

    def new_resource(self, args: mocks.MockResourceArgs) -> Any:
        return "", {}


def guid(*parts: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "\n".join(parts)))


def plain(struct: Any) -> dict[str, Any]:
    """Properties as the engine holds them, with UNKNOWN for what is not known and without marks of secrecy."""

    def item(value: Any) -> Any:
        if rpc.is_rpc_secret(value):
            return item(rpc.unwrap_rpc_secret(value))
        if isinstance(value, Computed) or value == rpc.UNKNOWN:
            return UNKNOWN
        if isinstance(value, Mapping):
            return {key: item(each) for key, each in value.items()}
        return [item(each) for each in value] if isinstance(value, list) else value

    return item(rpc.deserialize_properties(struct, keep_unknowns=True))
