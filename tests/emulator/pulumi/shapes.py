"""What an azure-native resource is in Azure Resource Manager, both ways. Pure; the facts are in types.yml and the SDK.

The SDK lays `properties` flat, and has sets as lists; Azure answers with maps. Numbers cross the protocol as floats.
"""

import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.emulator.store import Document

BESIDE = frozenset(("extendedLocation", "identity", "kind", "location", "managedBy", "sku", "tags", "zones"))
NAMES = frozenset(("eTag", "etag", "id", "name", "systemData", "type"))
READ_ONLY = frozenset(("clientId", "etag", "principalId", "provisioningState", "tenantId"))
SCOPES = ("scope", "resourceUri")
IDENTITIES = "userAssignedIdentities"
BELOW = {
    "in_subscription": "/subscriptions/{subscriptionId}/",
    "in_group": "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/",
    "at_scope": "/",
}
GETTER = re.compile(r'@pulumi\.getter(?:\(name="(\w+)"\))?\s+def (\w+)\(self\)')


class Mistake(Exception):
    """What the provider says before it asks Azure."""


@dataclass(frozen=True)
class Shape:
    """One resource type; the fields are explained in types.yml."""

    path: str
    inputs: frozenset[str]
    outputs: frozenset[str]
    api_version: str
    replace: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    items: tuple[str, ...] = ()
    constant: Mapping[str, str] = field(default_factory=dict)
    default: bool = False
    query: tuple[str, ...] = ()

    @property
    def parameters(self) -> tuple[str, ...]:
        """Inputs that the id is made of."""
        return tuple(name for name in re.findall(r"{(\w+)}", self.path) if name != "subscriptionId")

    @property
    def flat(self) -> bool:
        return "properties" not in self.inputs

    def id(self, inputs: Document, subscription: str) -> str:
        known = {name: str(inputs[name]).strip("/") for name in self.parameters}
        return re.sub("//+", "/", self.path.format(subscriptionId=subscription, **known))

    def read_id(self, id: str) -> Document:
        """The inputs that an id holds."""
        pattern = re.escape(self.path).replace(r"\{", "{").replace(r"\}", "}")
        pattern = re.sub(r"{(\w+)}", lambda one: f"(?P<{one[1]}>{'.+' if one[1] in SCOPES else '[^/]+'})", pattern)
        match = re.fullmatch(pattern, id, re.IGNORECASE)
        if not match:
            raise Mistake(f"'{id}' is not an id of this type; one looks like {self.path}")
        found = {name: value for name, value in match.groupdict().items() if name != "subscriptionId"}
        return {name: f"/{value}" if name in SCOPES else value for name, value in found.items()}

    def body(self, inputs: Document) -> Document:
        """The document that a PUT sends."""
        outside = {*self.parameters, *self.query}
        body: Document = {"properties": {}}
        for name, value in inputs.items():
            if name in outside:
                continue
            if name in BESIDE | NAMES | {"properties"} and name not in self.inside:
                body[name] = self._to_arm(value, name)
            else:
                body["properties"][self.rename.get(name, name)] = self._to_arm(value, name)
        return body

    def outputs_of(self, document: Document) -> Document:
        """What the SDK shows of a document."""
        shown = {name: value for name, value in document.items() if name not in ("id", "properties")}
        shown |= {"azureApiVersion": self.api_version}
        if not self.flat:
            inside = document.get("properties", {})
            return shown | {"properties": inside} | {name: inside[name] for name in self.outputs & inside.keys()}
        inner = self._to_sdk(document.get("properties", {}), "")
        return inner | {name: value for name, value in shown.items() if name not in self.inside}

    def inputs_of(self, outputs: Document) -> Document:
        """Those outputs that could have been inputs, in the form of inputs."""
        return {name: _settable(value) for name, value in outputs.items() if name in self.inputs}

    def _to_arm(self, value: Any, path: str) -> Any:
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, list):
            if path.endswith(f".{IDENTITIES}"):
                return {id: {} for id in value}
            members = [self._to_arm(item, path) for item in value]
            return [_split(item) for item in members] if path in self.items else members
        if isinstance(value, dict):
            paths = {name: f"{path}.{name}" for name in value}
            return {self.rename.get(at, name): self._to_arm(value[name], at) for name, at in paths.items()}
        return value

    def _to_sdk(self, value: Any, path: str) -> Any:
        if isinstance(value, list):
            members = [_join(item) for item in value] if path in self.items else value
            return [self._to_sdk(item, path) for item in members]
        if isinstance(value, dict):
            names = {}
            for sdk, arm in self.rename.items():
                above, _, name = sdk.rpartition(".")
                if above == path:
                    names[arm] = name
            shown = {}
            for name, item in value.items():
                sdk = names.get(name, name)
                shown[sdk] = self._to_sdk(item, f"{path}.{sdk}".lstrip("."))
            return shown
        return value


def _split(item: Document) -> Document:
    beside = {name: value for name, value in item.items() if name in NAMES}
    return beside | {"properties": {name: value for name, value in item.items() if name not in NAMES}}


def _join(item: Document) -> Document:
    return {name: value for name, value in item.items() if name != "properties"} | item.get("properties", {})


def _settable(value: Any) -> Any:
    if isinstance(value, list):
        return [_settable(item) for item in value]
    if isinstance(value, dict):
        kept = {name: item for name, item in value.items() if name not in READ_ONLY}
        return {name: sorted(item) if name == IDENTITIES else _settable(item) for name, item in kept.items()}
    return value


@cache
def shape(token: str) -> Shape:
    """Of a type such as `azure-native:storage:StorageAccount`."""
    name = token.removeprefix("azure-native:")
    for where, types in emulated().items():
        if name in types:
            facts = types[name]
            return Shape(**facts | {"path": BELOW[where] + facts["path"]} | _sdk(*name.split(":")))
    raise Mistake(f"'{token}' is not emulated. Describe it in tests/emulator/pulumi/types.yml.")


@cache
def emulated() -> dict[str, dict[str, Document]]:
    """The facts of types.yml, by where the types lie."""
    return yaml.safe_load(Path(__file__).with_name("types.yml").read_text(encoding="utf-8"))


def _sdk(module: str, name: str) -> Document:
    """What the SDK's source says, read as text: importing the SDK takes seconds, and is not safe in threads."""
    spec = importlib.util.find_spec("pulumi_azure_native")
    assert spec and spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0], module)
    stem = name.lower()
    text = next(file for file in folder.glob("*.py") if file.stem.replace("_", "") == stem).read_text(encoding="utf-8")
    arguments, resource = re.split(rf"\nclass {name}\(", text)
    version = re.search(r"Uses Azure REST API version ([\w-]+)", resource)
    assert version
    return {
        "inputs": frozenset(shown or plain for shown, plain in GETTER.findall(arguments)),
        "outputs": frozenset(shown or plain for shown, plain in GETTER.findall(resource)),
        "api_version": version[1],
    }
