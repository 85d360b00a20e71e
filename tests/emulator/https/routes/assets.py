"""What a workspace does for versions of assets: counts them, finds code by hash, gives places to upload to."""

import uuid
from collections import defaultdict

from tests.emulator.https.routing import Asked, json_of, route
from tests.emulator.https.wire import Response
from tests.emulator.ids import Id
from tests.emulator.rules.assets import default_datastore
from tests.emulator.rules.refusal import Refusal
from tests.emulator.store import Document


@route("GET", "{W}/datastores/{name}")
def datastore(asked: Asked) -> Response:
    """Those that a workspace makes with itself, by identity, and those that somebody added."""
    made = default_datastore(asked.cloud.arm, asked.names["W"], asked.names["name"])
    asked.cloud.arm.get(asked.caller, asked.names["W"])
    return json_of(made or asked.cloud.arm.get(asked.caller, asked.request.path))


@route("GET", "{W}/datastores")
def datastores(asked: Asked) -> Response:
    arm, workspace = asked.cloud.arm, asked.names["W"]
    made = [default_datastore(arm, workspace, name) for name in ("workspaceblobstore", "workspaceartifactstore")]
    wanted = asked.request.query.get("isDefault") == "true"
    return json_of({"value": [each for each in made if each and (not wanted or each["properties"]["isDefault"])]})


@route("GET", "{W}/data/{name}")
@route("GET", "{W}/models/{name}")
@route("GET", "{W}/environments/{name}")
@route("GET", "{W}/components/{name}")
def latest(asked: Asked) -> Response:
    """The container of an asset's versions, which comes and goes with them."""
    if found := names(asked, asked.request.path):
        return json_of(found[0])
    raise Refusal(404, "UserError", f"Asset {asked.names['name']} does not exist in workspace {_workspace(asked)}.")


@route("GET", "{W}/data")
@route("GET", "{W}/models")
@route("GET", "{W}/environments")
def all_names(asked: Asked) -> Response:
    asked.cloud.arm.get(asked.caller, asked.names["W"])
    return json_of({"value": names(asked, asked.request.path)})


def names(asked: Asked, id: str) -> list[Document]:
    """The container of each name below an id: what all its versions have in common, and which number is the next."""
    found = defaultdict[str, list[Document]](list)
    for document in asked.cloud.arm.list(asked.caller, id):
        found[document["id"].rsplit("/", 2)[0]].append(document)
    return [_container(id, versions) for id, versions in sorted(found.items())]


@route("GET", "{W}/codes/{name}/versions")
def codes_by_hash(asked: Asked) -> Response:
    """Anonymous code has a new name at each submit, so that the hash is looked for under every name."""

    def hash_of(code: Document) -> str | None:
        return (code["properties"].get("properties") or {}).get("hash_sha256")

    codes = asked.cloud.arm.list(asked.caller, f"{asked.names['W']}/codes")
    return json_of({"value": [code for code in codes if hash_of(code) == asked.request.query["hash"]]})


@route("POST", "{W}/codes/{name}/versions/{version}/startPendingUpload")
def start_upload(asked: Asked) -> Response:
    workspace = asked.cloud.arm.get(asked.caller, asked.names["W"])
    account, container = Id(workspace["properties"]["storageAccount"]).name, str(uuid.uuid4())
    signed = asked.cloud.blobs.signed(account, container)
    credential = {"credentialType": "SAS", "sasUri": signed}
    return json_of({"blobReferenceForConsumption": {"blobUri": signed.split("?")[0], "credential": credential}})


def _container(id: str, versions: list[Document]) -> Document:
    last, numbers = versions[-1], [int(each["name"]) for each in versions if each["name"].isdecimal()]
    properties = {"latestVersion": last["name"], "nextVersion": str(max(numbers, default=0) + 1)}
    properties |= {key: last["properties"].get(key) for key in ("dataType", "isArchived", "tags", "properties")}
    return {"id": id, "name": Id(id).name, "systemData": last["systemData"], "properties": properties}


def _workspace(asked: Asked) -> str:
    return Id(asked.names["W"]).name
