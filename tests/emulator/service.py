"""The HTTPS front: those routes of Azure Resource Manager and of blob storage that a submit reaches, with a journal."""

import json
import re
import threading
import uuid
from collections.abc import Callable
from typing import NamedTuple

from tests.emulator.rules import assets
from tests.emulator.rules.refusal import Refusal
from tests.emulator.store import ACCOUNT, Container, Document, Store
from tests.emulator.wire import Request, Response

ARM = "management.azure.com"
HOSTS = (ARM, ACCOUNT)
WORKSPACE = "/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.MachineLearningServices/workspaces/[^/]+"
RULES = {
    "codes": assets.code,
    "data": assets.data,
    "environments": assets.environment,
    "components": assets.component,
    "jobs": assets.job,
}


class Call(NamedTuple):
    """One request, its names and ids replaced by the placeholders of the route."""

    method: str
    route: str
    version: str


class Route(NamedTuple):
    call: tuple[str, str]
    pattern: re.Pattern[str]
    answer: Callable[[Store, Request, re.Match[str]], Response]


ROUTES: list[Route] = []


class Service:
    """Answers for `HOSTS`, one request at a time. What it does not know is a 400, which no client retries."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.journal: list[Call] = []
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Response:
        with self._lock:
            try:
                return self._answer(request)
            except Refusal as refusal:
                return _refuse(refusal)
            except Exception as fault:
                return _refuse(Refusal(400, "EmulatorFault", repr(fault)))

    def _answer(self, request: Request) -> Response:
        comp = f"?comp={request.query['comp']}" if "comp" in request.query else ""
        for (method, template), pattern, answer in ROUTES:
            match = pattern.fullmatch(request.host + request.path + comp)
            if match and method == request.method:
                version = request.query.get("api-version") or request.headers.get("x-ms-version", "")
                self.journal.append(Call(method, template, version))
                _authorize(self.store, request)
                return answer(self.store, request, match)
        message = f"No emulated route for {request.method} https://{request.host}{request.path}{comp}."
        raise Refusal(400, "NotEmulated", message)


def _authorize(store: Store, request: Request) -> None:
    container = store.containers.get(request.path.split("/")[1])
    if request.host == ACCOUNT and container and request.query.get("sig", "") == container.signature:
        return
    wanted = "https://storage.azure.com" if request.host == ACCOUNT else f"https://{ARM}"
    assets.audience(request.headers.get("Authorization", "").removeprefix("Bearer "), wanted)


def _route(method: str, template: str) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Register an answer. `{W}` stands for a workspace's id, `{blob}` for a path, any other name for one segment."""
    host = ARM if template.startswith("{W}") else ACCOUNT
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/?]+)", re.escape(host + template))
    pattern = pattern.replace("(?P<W>[^/?]+)", f"(?P<W>{WORKSPACE})").replace("(?P<blob>[^/?]+)", "(?P<blob>[^?]+)")

    def register(answer: Callable[..., Response]) -> Callable[..., Response]:
        ROUTES.append(Route((method, template), re.compile(pattern), answer))
        return answer

    return register


def _json(body: Document, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(status, json.dumps(body).encode(), {"Content-Type": "application/json"} | (headers or {}))


def _refuse(refusal: Refusal) -> Response:
    error = {"error": {"code": refusal.code, "message": refusal.message}}
    return _json(error, refusal.status, {"x-ms-error-code": refusal.code})


@_route("GET", "{W}")
@_route("GET", "{W}/datastores/{name}")
@_route("GET", "{W}/codes/{name}/versions/{version}")
@_route("GET", "{W}/data/{name}/versions/{version}")
def _read(store: Store, request: Request, match: re.Match[str]) -> Response:
    return _json(assets.exists(store, request.path))


@_route("GET", "{W}/data/{name}")
def _latest(store: Store, request: Request, match: re.Match[str]) -> Response:
    versions = store.below(f"{request.path}/versions/")
    if not versions:
        assets.exists(store, request.path)
    numbers = {"latestVersion": versions[-1]["name"], "nextVersion": str(len(versions) + 1)}
    return _json({"id": request.path, "name": match["name"], "properties": numbers})


@_route("GET", "{W}/codes/{name}/versions")
def _codes_by_hash(store: Store, request: Request, match: re.Match[str]) -> Response:
    """Anonymous code has a new name at each submit, so that the hash is looked for under every name."""
    codes = store.below(f"{match['W']}/codes/")
    same = [code for code in codes if code["properties"]["properties"]["hash_sha256"] == request.query["hash"]]
    return _json({"value": same})


@_route("POST", "{W}/codes/{name}/versions/{version}/startPendingUpload")
def _start_upload(store: Store, request: Request, match: re.Match[str]) -> Response:
    name, signature = str(uuid.uuid4()), uuid.uuid4().hex
    store.containers[name] = Container(signature)
    uri = f"https://{ACCOUNT}/{name}"
    credential = {"credentialType": "SAS", "sasUri": f"{uri}?sig={signature}"}
    return _json({"blobReferenceForConsumption": {"blobUri": uri, "credential": credential}})


@_route("PUT", "{W}/codes/{name}/versions/{version}")
@_route("PUT", "{W}/data/{name}/versions/{version}")
@_route("PUT", "{W}/environments/{name}/versions/{version}")
@_route("PUT", "{W}/components/{name}/versions/{version}")
@_route("PUT", "{W}/jobs/{name}")
def _write(store: Store, request: Request, match: re.Match[str]) -> Response:
    kind = request.path.removeprefix(match["W"]).split("/")[1]
    properties = json.loads(request.body)["properties"]
    if kind == "jobs":
        assets.audience(request.headers.get("x-azureml-token"), "https://ml.azure.com")
        properties = {"status": "NotStarted", "services": {}} | properties
    RULES[kind](store, match["W"], properties)
    return _json(store.put(request.path, properties), 201)


@_route("HEAD", "/{container}/{blob}")
def _blob_properties(store: Store, request: Request, match: re.Match[str]) -> Response:
    container = _container(store, match)
    if match["blob"] not in container.blobs:
        raise Refusal(404, "BlobNotFound", "The specified blob does not exist.")
    return Response(200, headers=container.metadata[match["blob"]])


@_route("PUT", "/{container}/{blob}")
def _put_blob(store: Store, request: Request, match: re.Match[str]) -> Response:
    container = _container(store, match)
    container.blobs[match["blob"]], container.metadata[match["blob"]] = request.body, {}
    return Response(201)


@_route("PUT", "/{container}/{blob}?comp=metadata")
def _put_metadata(store: Store, request: Request, match: re.Match[str]) -> Response:
    given = {name: value for name, value in request.headers.items() if name.lower().startswith("x-ms-meta-")}
    _container(store, match).metadata[match["blob"]] = given
    return Response(200)


def _container(store: Store, match: re.Match[str]) -> Container:
    if container := store.containers.get(match["container"]):
        return container
    raise Refusal(404, "ContainerNotFound", "The specified container does not exist.")
