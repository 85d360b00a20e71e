"""The front that the Pulumi engine sees: azure-native over emulated Azure, for one caller.

It behaves as the provider's own code does (pulumi/pulumi-azure-native, provider/pkg/provider/provider.go, 2026): it
looks before it creates, reads after it writes, compares inputs with inputs, and words errors as `Status Code Message`.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from tests.emulator.pulumi.base import Provider, plain, struct, told
from tests.emulator.pulumi.changes import UNKNOWN, carry
from tests.emulator.pulumi.shapes import IDENTITIES, Mistake, Shape, shape
from tests.emulator.rules import Refusal
from tests.emulator.store import SUBSCRIPTION, TENANT, Document

TRIES = 4
PASSING = (408, 429, 500, 502, 503, 504)  # the provider's client sends these requests again, up to three times
Written = Callable[[str, str], None]


class Azure(Protocol):
    """What a provider needs of emulated Azure; `arm.Arm` is one."""

    def put(self, caller: str, id: str, body: Document) -> Document: ...
    def get(self, caller: str, id: str) -> Document: ...
    def delete(self, caller: str, id: str) -> None: ...


class Front(Provider):
    """Requests of one caller. `written` is told each write, when Azure has done it and nobody knows yet."""

    package = "pulumi_azure_native"

    def __init__(self, azure: Azure, caller: str) -> None:
        self.azure, self.caller = azure, caller
        self.configs: dict[str, Document] = {}  # of each provider resource of a program: each has a connection
        self.asked = 0  # writes that began
        self.written: Written = lambda verb, id: None

    def fixed(self, type: str) -> Sequence[str]:
        kind = shape(type)
        return (*kind.parameters, *kind.replace)

    def Configure(self, request, context):
        self.configs[context.peer()] = plain(request.args)
        return super().Configure(request, context)

    def Invoke(self, request, context):
        with told(context):
            if request.tok != "azure-native:authorization:getClientConfig":
                raise Mistake(f"Invoke type {request.tok} not found")
            who = {"clientId": self.caller, "objectId": self.caller}
            answer = who | {"subscriptionId": self._subscription(context), "tenantId": TENANT}
            message: Any = {"return": struct(answer)}
            return provider_pb2.InvokeResponse(**message)

    def Check(self, request, context):
        with told(context):
            kind, inputs = shape(request.type), plain(request.news)
            inputs = {**kind.constant, **inputs}
            if "location" in kind.inputs and "location" not in inputs:
                inputs |= self._location(plain(request.olds), inputs, context)
            wrong = [f"missing required property '{name}'" for name in kind.parameters if name not in inputs]
            wrong += [f"'{name}' is not an input of {request.type}" for name in strangers(kind, inputs)]
            failures = [provider_pb2.CheckFailure(reason=reason) for reason in wrong]
            return provider_pb2.CheckResponse(inputs=struct(inputs), failures=failures)

    def Create(self, request, context):
        with told(context):
            kind, inputs = shape(request.type), plain(request.properties)
            if request.preview:
                return provider_pb2.CreateResponse(properties=struct(foreseen(kind, inputs)))
            id = kind.id(inputs, self._subscription(context))
            if self._find(id) and not kind.default:
                raise Mistake(f"cannot create already existing resource '{id}'")
            self._write("put", id, kind.body(inputs))
            return provider_pb2.CreateResponse(id=id, properties=struct(self._read(kind, id)))

    def Update(self, request, context):
        with told(context):
            kind, inputs = shape(request.type), plain(request.news)
            if request.preview:
                stay = {name: value for name, value in plain(request.olds).items() if name in ("name", "location")}
                return provider_pb2.UpdateResponse(properties=struct(foreseen(kind, inputs) | stay))
            self._write("put", request.id, kind.body(inputs))
            return provider_pb2.UpdateResponse(properties=struct(self._read(kind, request.id)))

    def Read(self, request, context):
        """For a refresh, and for an import, which knows no inputs yet."""
        with told(context):
            kind = shape(request.type)
            if not self._find(request.id):
                return provider_pb2.ReadResponse()
            outputs, inputs = self._read(kind, request.id), plain(request.inputs)
            now = kind.inputs_of(outputs)
            inputs = carry(inputs, kind.inputs_of(plain(request.properties)), now) if inputs else now
            inputs = kind.read_id(request.id) | inputs
            return provider_pb2.ReadResponse(id=request.id, properties=struct(outputs), inputs=struct(inputs))

    def Delete(self, request, context):
        with told(context):
            if shape(request.type).default:
                self._write("put", request.id, {"properties": {}})
            else:
                self._write("delete", request.id)
            return empty_pb2.Empty()

    def _subscription(self, context: grpc.ServicerContext) -> str:
        return self.configs[context.peer()].get("subscriptionId", SUBSCRIPTION)

    def _location(self, olds: Document, inputs: Document, context: grpc.ServicerContext) -> Document:
        """That of before, of the provider's configuration, or of the resource group."""
        if found := olds.get("location") or self.configs[context.peer()].get("location"):
            return {"location": found}
        group = inputs.get("resourceGroupName", UNKNOWN)
        if group == UNKNOWN:
            return {"location": UNKNOWN} if "resourceGroupName" in inputs else {}
        document = self._find(f"/subscriptions/{self._subscription(context)}/resourceGroups/{group}")
        return {"location": document["location"]} if document else {}

    def _find(self, id: str) -> Document | None:
        try:
            return patient(lambda: self.azure.get(self.caller, id))
        except Refusal as refusal:
            if refusal.status == 404:
                return None
            raise

    def _read(self, kind: Shape, id: str) -> Document:
        return kind.outputs_of(patient(lambda: self.azure.get(self.caller, id)))

    def _write(self, verb: str, id: str, body: Document | None = None) -> None:
        self.asked += 1
        if verb == "put":
            patient(lambda: self.azure.put(self.caller, id, body or {}))
        else:
            patient(lambda: self.azure.delete(self.caller, id))
        self.written(verb, id)


def foreseen(kind: Shape, inputs: Document) -> Document:
    """What a preview knows of a resource that is not there: its inputs, and no more."""
    seen = {name: inputs.get(name, UNKNOWN) for name in kind.outputs}
    if IDENTITIES in (inputs.get("identity") or {}):
        seen["identity"] = UNKNOWN
    return seen


def strangers(kind: Shape, inputs: Document) -> list[str]:
    """Names that the SDK does not have. Below the top it turns those it knows into camelCase, and leaves the others."""

    def below(value: object, at: str) -> list[str]:
        if isinstance(value, list):
            return [name for item in value for name in below(item, at)]
        if not isinstance(value, dict) or at.endswith("tags"):
            return []
        here = [f"{at}.{name}" for name in value if "_" in name and name.isidentifier() and name.islower()]
        return here + [name for key, item in value.items() for name in below(item, f"{at}.{key}")]

    return sorted({*inputs} - kind.inputs) + [name for key, item in inputs.items() for name in below(item, key)]


def patient(ask: Callable[[], Any]) -> Any:
    """Ask again what Azure may yet answer; the waits between are left out."""
    for left in reversed(range(TRIES)):
        try:
            return ask()
        except Refusal as refusal:
            if not left or (refusal.status not in PASSING and refusal.code != "AnotherOperationInProgress"):
                raise
    raise AssertionError
