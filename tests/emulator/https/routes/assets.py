"""What a workspace does for versions of assets: counts them, finds code by hash, gives places to upload to."""

import uuid

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
    path = asked.request.path
    versions = [each["name"] for each in asked.cloud.arm.list(asked.caller, f"{path}/versions")]
    if not versions:
        raise Refusal(404, "UserError", f"Asset {asked.names['name']} does not exist in workspace {_workspace(asked)}.")
    numbers = [int(version) for version in versions if version.isdecimal()]
    properties = {"latestVersion": versions[-1], "nextVersion": str(max(numbers, default=0) + 1)}
    return json_of({"id": path, "name": asked.names["name"], "properties": properties})


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


def _workspace(asked: Asked) -> str:
    return Id(asked.names["W"]).name
