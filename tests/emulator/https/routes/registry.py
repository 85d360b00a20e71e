"""A registry of Azure ML: found by its name, and reached by an address of its own instead of Resource Manager's."""

import uuid

from tests.emulator.https.blobs import SUFFIX
from tests.emulator.https.routes.assets import names
from tests.emulator.https.routing import ARM, Asked, json_of, route
from tests.emulator.https.wire import Response
from tests.emulator.ids import Id
from tests.emulator.rules.assets import REGISTRY, located
from tests.emulator.rules.refusal import Refusal
from tests.emulator.store import Document

FRONT = "/mferp/managementfrontend"
R = f"{{host}}.api.azureml.ms{FRONT}/subscriptions/{{s}}/resourceGroups/{{g}}/providers/{REGISTRY}/{{registry}}"


@route("GET", "{host}.api.azureml.ms/registrymanagement/v1.0/registries/{registry}/discovery", "-")
def discovery(asked: Asked) -> Response:
    """By name alone: a registry is found from every subscription of the tenant.

    Source: azure-ai-ml 1.35.2, which brings a token for Resource Manager or, where it shares, one for Azure ML.
    """
    token = asked.request.headers.get("Authorization")
    try:
        caller = asked.cloud.directory.caller(token, "https://ml.azure.com")
    except Refusal:
        caller = asked.cloud.directory.caller(token, f"https://{ARM}")
    ids = (Id(each["id"]) for each in asked.cloud.arm.store.documents.values())
    found = [id for id in ids if id.kind == REGISTRY.lower() and id.name.lower() == asked.names["registry"].lower()]
    if not found:
        raise Refusal(404, "RegistryNotFound", f"Registry {asked.names['registry']} was not found.")
    registry = asked.cloud.arm.get(caller, found[0].text)
    about = {"registryName": registry["name"], "subscriptionId": found[0].subscription}
    about |= {"resourceGroup": found[0].group.name if found[0].group else "", "location": registry["location"]}
    return json_of(about | {"primaryRegionResourceProviderUri": f"https://{registry['location']}.api.azureml.ms/"})


@route("GET", R + "/{kind}/{name}/versions/{version}")
def version(asked: Asked) -> Response:
    return json_of(_shown(asked.cloud.arm.get(asked.caller, _id(asked))))


@route("GET", R + "/{kind}/{name}/versions")
def versions(asked: Asked) -> Response:
    found = asked.cloud.arm.list(asked.caller, _id(asked).removesuffix("/versions"))
    return json_of({"value": [_shown(each) for each in found]})


@route("GET", R + "/{kind}")
def all_names(asked: Asked) -> Response:
    return json_of({"value": names(asked, _id(asked))})


@route("POST", R + "/import")
def share(asked: Asked) -> Response:
    """A copy of a version of a workspace, tags, bytes and image with it. It ends without an answer.

    Source: azure-ai-ml 1.35.2, which reads the version after an empty answer; that tags come along, and that the
    image keeps its digest: assumed.
    """
    arm, given = asked.cloud.arm, asked.json["properties"]
    source = _source(asked, given["sourceAssetId"])
    kind, registry = source.text.split("/")[9], _id(asked).removesuffix("/import")
    id = f"{registry}/{kind}/{given['destinationName']}/versions/{given['destinationVersion']}"
    copied = dict((arm.find(source.text) or {"properties": {}})["properties"])
    uri = copied.pop("modelUri", None)
    arm.put(asked.caller, id, {"properties": copied | {"sourceAssetId": source.text}})
    if image := copied.get("image"):
        own = f"{_account(registry)}.azurecr.io/{Id(registry).name}/{given['destinationName']}"
        arm.change_behind(id, "properties.image", f"{own}@{image.partition('@')[2]}")
    if uri:
        arm.change_behind(id, "properties.modelUri", _copied(asked, registry, source, uri))
    operation = asked.cloud.operations.begin(id)["Azure-AsyncOperation"].partition("?")[0].rpartition("/")[2]
    where = f"https://{asked.request.host}{FRONT}{registry}/operations/{operation}"
    return Response(202, headers={"Location": where, "retry-after-ms": "20"})


@route("GET", R + "/operations/{operation}")
def operation(asked: Asked) -> Response:
    state = asked.cloud.operations.status(asked.names["operation"])
    again = {"Location": f"https://{asked.request.host}{asked.request.path}", "retry-after-ms": "20"}
    return Response(202, headers=again) if state["status"] == "InProgress" else Response(204)


@route("POST", R + "/datarefs/{name}/versions/{version}")
def reference(asked: Asked) -> Response:
    """An address at which whoever may read the registry reads the bytes of a version, for a while."""
    registry, name = _id(asked).split("/datarefs/")
    document = asked.cloud.arm.get(asked.caller, f"{registry}/models/{name}")
    account, container, path = located(document["properties"]["modelUri"])
    signed = asked.cloud.blobs.signed(account, container)
    credential = {"credentialType": "SAS", "sasUri": signed}
    return json_of(
        {"blobReferenceForConsumption": {"blobUri": f"{signed.split('?')[0]}/{path}", "credential": credential}}
    )


def _id(asked: Asked) -> str:
    return asked.request.path.removeprefix(FRONT)


def _shown(document: Document) -> Document:
    """Azure ML does not name what a registry has by its ARM id. Source: azure-ai-ml 1.35.2, which takes no such id."""
    return document | {"id": f"azureml://registries/{'/'.join(document['id'].split('/')[8:])}"}


def _source(asked: Asked, asset: str) -> Id:
    """The ARM id of `azureml://locations/REGION/workspaces/GUID/KIND/NAME/versions/VERSION`."""
    _, _, _, _, _, guid, *rest = asset.split("/")
    for document in asked.cloud.arm.store.documents.values():
        if document.get("properties", {}).get("workspaceId") == guid:
            return Id(f"{document['id']}/{'/'.join(rest)}")
    raise Refusal(404, "UserError", f"Could not find asset with assetId {asset}")


def _account(registry: str) -> str:
    """The name of what Azure makes with a registry to keep copies in."""
    return uuid.uuid5(uuid.NAMESPACE_URL, registry).hex[:24]


def _copied(asked: Asked, registry: str, source: Id, uri: str) -> str:
    """The address of a copy, in the account that Azure makes with a registry."""
    cloud, workspace = asked.cloud, "/".join(source.text.split("/")[:9])
    account, container, path = located(uri, cloud.arm, workspace)
    own = _account(registry)
    group = f"{'/'.join(registry.split('/')[:3])}/resourceGroups/azureml-rg-{Id(registry).name}"
    id = f"{group}/providers/Microsoft.Storage/storageAccounts/{own}"
    cloud.arm.store.documents[id] = {"id": id, "name": own, "properties": {"allowSharedKeyAccess": False}}
    place = uuid.uuid4().hex
    cloud.blobs.signed(own, place)
    path = path.rstrip("/")
    above = path.rpartition("/")[0]
    for name, content in cloud.blobs.all(account, container, f"{path}/").items():
        cloud.blobs.write(own, place, name.removeprefix(f"{above}/"), content)
    return f"https://{own}{SUFFIX}/{place}/{path.rpartition('/')[2]}"
