"""What Azure ML refuses of assets and jobs that a submit sends, as far as the emulated routes reach."""

import base64
import json
import re
from urllib.parse import urlsplit

from tests.emulator.rules.refusal import Refusal
from tests.emulator.store import ACCOUNT, Document, Store

BINDING = re.compile(r"\$\{\{parent\.(?:(inputs|outputs)\.(\w+)|jobs\.(\w+)\.outputs\.(\w+))\}\}")
DATASTORE_URI = re.compile(r"azureml://datastores/(?P<name>[^/]+)/paths/(?P<path>.+)")


def audience(token: str | None, wanted: str) -> None:
    """A token is a JWT made out to the service that is asked.

    Source: InvalidAuthenticationToken and InvalidAuthenticationTokenAudience of Azure Resource Manager.
    """
    try:
        _, claims, _ = (token or "").split(".")
        made_out_to = json.loads(base64.urlsafe_b64decode(claims + "=="))["aud"]
    except (ValueError, LookupError, TypeError):
        raise Refusal(401, "InvalidAuthenticationToken", "The access token is invalid.") from None
    if made_out_to.rstrip("/") != wanted:
        message = f"The access token is for '{made_out_to}' and not for '{wanted}'."
        raise Refusal(401, "InvalidAuthenticationTokenAudience", message)


def exists(store: Store, reference: str) -> Document:
    """Source: "Could not find asset with assetId", Azure/azure-sdk-for-python#34876 (2024-03-21)."""
    if document := store.documents.get(reference.removeprefix("azureml:")):
        return document
    raise Refusal(404, "UserError", f"Could not find asset with assetId {reference}")


def stored(store: Store, workspace: str, uri: str) -> None:
    """A datastore or blob URI leads to something. Assumed: Azure may find out only when the job starts."""
    if match := DATASTORE_URI.fullmatch(uri):
        datastore = exists(store, f"{workspace}/datastores/{match['name']}")
        container, path = datastore["properties"]["containerName"], match["path"]
    else:
        url = urlsplit(uri)
        container, _, path = url.path.strip("/").partition("/") if url.hostname == ACCOUNT else ("", "", "")
    blobs = store.containers[container].blobs if container in store.containers else {}
    path = path.rstrip("/")
    if not any(name == path or name.startswith(f"{path}/") for name in blobs):
        raise Refusal(400, "UserError", f"There is nothing at {uri}.")


def code(store: Store, workspace: str, properties: Document) -> None:
    stored(store, workspace, properties["codeUri"])


def data(store: Store, workspace: str, properties: Document) -> None:
    stored(store, workspace, properties["dataUri"])


def environment(store: Store, workspace: str, properties: Document) -> None:
    """The build context holds its Dockerfile. Assumed: Azure finds out when it builds the image."""
    build = properties["build"]
    stored(store, workspace, f"{build['contextUri'].rstrip('/')}/{build['dockerfilePath']}")


def component(store: Store, workspace: str, properties: Document) -> None:
    exists(store, properties["componentSpec"]["code"])
    exists(store, properties["componentSpec"]["environment"])


def job(store: Store, workspace: str, properties: Document) -> None:
    """Inputs, components and computes exist, and every binding leads to something declared.

    Source: "Unknown compute target", Azure/AML-Kubernetes#118 (2021-09-08). Bindings: assumed.
    """
    for given in properties["inputs"].values():
        uri = given.get("uri", "")
        if uri.startswith("/subscriptions/"):
            exists(store, uri)
        elif uri:
            stored(store, workspace, uri)
    nodes = properties["jobs"]
    specs = {name: exists(store, node["componentId"])["properties"]["componentSpec"] for name, node in nodes.items()}
    for name, node in nodes.items():
        compute = node.get("computeId") or properties["settings"].get("default_compute", "")
        if compute not in store.documents:
            raise Refusal(400, "UserError", f"Unknown compute target '{compute.rsplit('/', 1)[-1]}'.")
        for port in ("inputs", "outputs"):
            for key, given in node.get(port, {}).items():
                if not _leads_somewhere(str(given.get("value", "")), properties, specs):
                    raise Refusal(400, "UserError", f"{name}.{port}.{key} is bound to nothing: {given['value']}")


def _leads_somewhere(value: str, pipeline: Document, specs: dict[str, Document]) -> bool:
    if "${{" not in value:
        return True
    if not (match := BINDING.fullmatch(value)):
        return False
    port, name, node, output = match.groups()
    return name in pipeline[port] if port else node in specs and output in specs[node]["outputs"]
