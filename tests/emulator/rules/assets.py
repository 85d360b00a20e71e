"""What Azure ML refuses of assets: versions of data, code, environments, components and models."""

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.emulator.ids import Id
from tests.emulator.rules.managed_network import WORKSPACE, workspace_of
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.rule import Ask, dig, rule
from tests.emulator.store import Document

if TYPE_CHECKING:
    from tests.emulator.arm import Arm

ASSETS = ("codes", "data", "environments", "components", "models")
VERSIONS = tuple(f"{WORKSPACE}/{kind}/versions" for kind in ASSETS)
REGISTRY = "Microsoft.MachineLearningServices/registries"
OF_REGISTRY = re.compile(r"azureml:/(/registries/[^/]+/\w+/[^/]+/versions/[^/]+)")
SHARED = tuple(f"{REGISTRY}/{kind}/versions" for kind in ("environments", "models"))
DATASTORE_URI = re.compile(r"azureml://(?:.*/)?datastores/(?P<name>[^/]+)/paths/(?P<path>.+)")
CONTAINERS = {"workspaceblobstore": "azureml-blobstore-{}", "workspaceartifactstore": "azureml"}
MAY_CHANGE = {"tags", "description", "isArchived", "stage"}


def default_datastore(arm: "Arm", workspace: str, name: str) -> Document | None:
    """A datastore that the workspace made with itself, by identity; None for another one."""
    properties = (arm.find(workspace) or {}).get("properties") or {}
    if name not in CONTAINERS or "storageAccount" not in properties:
        return None
    about = {
        "datastoreType": "AzureBlob",
        "accountName": Id(properties["storageAccount"]).name,
        "containerName": CONTAINERS[name].format(properties["workspaceId"]),
        "endpoint": "core.windows.net",
        "protocol": "https",
        "credentials": {"credentialsType": "None"},
        "serviceDataAccessAuthIdentity": "None",
        "isDefault": name == "workspaceblobstore",
    }
    return {"id": f"{workspace}/datastores/{name}", "name": name, "properties": about | {"properties": {}, "tags": {}}}


def exists(ask: Ask, reference: str) -> Document:
    """Source: "Could not find asset with assetId", Azure/azure-sdk-for-python#34876 (2024-03-21)."""
    return found(ask.arm, reference)


def located(uri: str, arm: "Arm | None" = None, workspace: str = "") -> tuple[str, str, str]:
    """Account, container and path of a blob's address, or of a datastore's in a workspace."""
    if arm and (match := DATASTORE_URI.fullmatch(uri)):
        made = default_datastore(arm, workspace, match["name"])
        datastore = (made or found(arm, f"{workspace}/datastores/{match['name']}"))["properties"]
        return datastore["accountName"], datastore["containerName"], match["path"]
    url = urlsplit(uri)
    container, _, path = url.path.strip("/").partition("/")
    return (url.hostname or "").split(".")[0], container, path


def stored(ask: Ask, uri: str) -> None:
    """A datastore or blob URI leads to something. Assumed: Azure may find out only when the job starts."""
    account, container, path = located(uri, ask.arm, workspace_of(ask)["id"])
    if not ask.arm.holds(account, container, path.rstrip("/")):
        raise Refusal(400, "UserError", f"There is nothing at {uri}.")


@rule(*VERSIONS)
def asset_tags_fit(ask: Ask) -> None:
    """A tag of an asset holds at most 256 characters.

    Assumed, after "Use tags to organize your Azure resources" (Microsoft Learn, 2022-03-15).
    """
    for name, value in ask.sent("tags", {}).items():
        if len(str(value)) > 256:
            raise Refusal(400, "UserError", f"The value of tag '{name}' has more than 256 characters.")


@rule(f"{WORKSPACE}/data/versions")
def data_is_of_one_kind(ask: Ask) -> None:
    """All versions of data are files, or all are folders.

    Assumed: the type is a property of the container (azure-ai-ml 1.35.2, DataContainerProperties.dataType).
    """
    for other in ask.siblings():
        if (kind := dig(other, "properties.dataType")) != ask.sent("dataType"):
            raise Refusal(
                400, "UserError", f"The type of the data is {ask.sent('dataType')}, and its container has {kind}."
            )


@rule(*VERSIONS, *SHARED)
def versions_stay(ask: Ask) -> None:
    """A version of an asset is never changed, but for its tags and its description.

    Source: "Create data assets" (Microsoft Learn, from memory): immutable; "Asset paths cannot be updated.", which
    azure-ai-ml 1.35.2 expects; status and the other message: assumed.
    """
    if ask.before is None:
        return
    sent = {key: value for key, value in (ask.body.get("properties") or {}).items() if value is not None}
    for key in sent.keys() - MAY_CHANGE:
        if key in ask.before["properties"] and ask.before["properties"][key] != sent[key]:
            if key.endswith("Uri"):
                raise Refusal(409, "UserError", "Asset paths cannot be updated.")
            what = f"{ask.id.parent.name if ask.id.parent else ''}:{ask.id.name}"
            raise Refusal(409, "UserError", f"The asset {what} already exists and its {key} cannot be changed.")


@rule(f"{WORKSPACE}/codes/versions", f"{WORKSPACE}/data/versions", f"{WORKSPACE}/models/versions")
def content_is_there(ask: Ask) -> None:
    """What a version of code, data or a model leads to is there.

    Assumed: Azure may find out only when it is used.
    """
    for key in ("codeUri", "dataUri", "modelUri"):
        if ask.sent(key):
            stored(ask, ask.sent(key))


@rule(f"{WORKSPACE}/environments/versions")
def build_context_is_whole(ask: Ask) -> None:
    """The build context holds its Dockerfile.

    Assumed: Azure finds out when it builds the image.
    """
    if ask.sent("build"):
        stored(ask, f"{ask.sent('build.contextUri').rstrip('/')}/{ask.sent('build.dockerfilePath')}")


@rule(f"{WORKSPACE}/components/versions")
def component_has_its_parts(ask: Ask) -> None:
    """Code and environment of a component are there.

    Source: "Could not find asset with assetId", Azure/azure-sdk-for-python#34876 (2024-03-21).
    """
    spec = ask.sent("componentSpec", {})
    for place in (spec, spec.get("task") or {}):
        for key in ("code", "environment"):
            if place.get(key):
                exists(ask, place[key])
    for node in (spec.get("jobs") or {}).values():
        if node.get("componentId"):
            exists(ask, node["componentId"])


def asset(arm: "Arm", reference: str) -> Document | None:
    """A version that is named: of its workspace by id, of a registry by the registry's name."""
    if not (shared := OF_REGISTRY.fullmatch(reference)):
        return arm.find(reference.removeprefix("azureml:"))
    found = (it for it in arm.store.documents.values() if it["id"].lower().endswith(shared[1].lower()))
    return next(found, None)


def found(arm: "Arm", reference: str) -> Document:
    if document := asset(arm, reference):
        return document
    raise Refusal(404, "UserError", f"Could not find asset with assetId {reference}")
