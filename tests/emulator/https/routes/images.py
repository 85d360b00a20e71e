"""Registries of images: builds, asked of Resource Manager, and what a registry answers itself, with tokens of its own.

Source: "Registries" and "Runs" (REST reference of Container Registry 2019-06-01-preview), "Azure Container Registry
REST API" (token, tag, manifest), and how azure-containerregistry 1.2.0 signs in.
"""

import time
import uuid
from urllib.parse import parse_qsl

import jwt

from tests.emulator.https.images import CLOSED
from tests.emulator.https.routing import Asked, json_of, route
from tests.emulator.https.wire import Response
from tests.emulator.rules.refusal import Refusal

R = "/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.ContainerRegistry/registries/{registry}"
HOST, KEY = "{registry}.azurecr.io", "k" * 32
OPEN = {"changeableAttributes": {"deleteEnabled": True, "writeEnabled": True}}
RIGHTS = {"GET": "metadata_read", "PATCH": "metadata_write", "DELETE": "delete"}


@route("POST", R + "/listBuildSourceUploadUrl")
def place(asked: Asked) -> Response:
    _admit(asked)
    name = f"source/{uuid.uuid4()}.tar.gz"
    return json_of({"relativePath": name, "uploadUrl": asked.cloud.images.signed(name)})


@route("POST", R + "/scheduleRun")
def schedule(asked: Asked) -> Response:
    _admit(asked)
    images = asked.cloud.images
    return json_of(images.build(images.registry(asked.names["registry"]), asked.json))


@route("POST", R + "/runs/{run}/listLogSasUrl")
def log(asked: Asked) -> Response:
    _admit(asked)
    return json_of({"logLink": asked.cloud.images.signed(f"logs/{asked.names['run']}.log")})


@route("POST", HOST + "/oauth2/exchange", "-")
def exchange(asked: Asked) -> Response:
    """For a token of Resource Manager, one that says who asks."""
    images = asked.cloud.images
    if images.closed(images.registry(asked.names["registry"])):
        return _error(403, "DENIED", CLOSED)
    caller = asked.cloud.directory.caller(_form(asked)["access_token"], "https://management.azure.com")
    return json_of({"refresh_token": _signed({"caller": caller})})


@route("POST", HOST + "/oauth2/token", "-")
def token(asked: Asked) -> Response:
    """For that one, another for a repository: with the rights of those asked for that the caller has."""
    form, images = _form(asked), asked.cloud.images
    registry, caller = images.registry(asked.names["registry"]), _claims(form["refresh_token"])["caller"]
    kind, name, rights = form["scope"].split(":")
    held = [right for right in rights.split(",") if images.may(caller, registry, right)]
    return json_of({"access_token": _signed({"repository": name, "rights": held})})


@route("GET", HOST + "/acr/v1/{name}/_tags/{tag}", "-")
def tag(asked: Asked) -> Response:
    if refused := _unauthorised(asked):
        return refused
    registry, name, tag = (asked.names[key] for key in ("registry", "name", "tag"))
    digest = asked.cloud.images.tags.get((registry, name, tag))
    if digest is None:
        return _error(404, "TAG_UNKNOWN", f"the specified tag {tag} does not exist")
    return json_of({"registry": registry, "imageName": name, "tag": {"name": tag, "digest": digest, **OPEN}})


@route("PATCH", HOST + "/acr/v1/{name}/_manifests/{digest}", "-")
def lock(asked: Asked) -> Response:
    if refused := _unauthorised(asked):
        return refused
    if asked.json.get("deleteEnabled") is False:
        asked.cloud.images.locked.add(asked.names["digest"])
    manifest = {"digest": asked.names["digest"], "changeableAttributes": asked.json}
    return json_of({"imageName": asked.names["name"], "manifest": manifest})


@route("DELETE", HOST + "/v2/{name}/manifests/{digest}", "-")
def delete(asked: Asked) -> Response:
    if refused := _unauthorised(asked):
        return refused
    if asked.names["digest"] in asked.cloud.images.locked:
        return _error(405, "UNSUPPORTED", "The operation is disallowed on this registry, repository or image.")
    tags = asked.cloud.images.tags
    for key in [key for key, digest in tags.items() if digest == asked.names["digest"]]:
        del tags[key]
    return Response(202)


def _admit(asked: Asked) -> None:
    """Refused by every rule for actions."""
    id, _, action = asked.request.path.rpartition("/")
    asked.cloud.arm.post(asked.caller, id, action, asked.json)


def _unauthorised(asked: Asked) -> Response | None:
    """Clients ask without a token first, to learn for what they need one; and they may get one without the right."""
    name, right = asked.names["name"], RIGHTS[asked.request.method]
    given = (asked.request.headers.get("Authorization") or "").removeprefix("Bearer ")
    claims = _claims(given) if given else {}
    if claims.get("repository") == name and right in claims["rights"]:
        return None
    host = asked.request.host
    realm = f'Bearer realm="https://{host}/oauth2/token",service="{host}",scope="repository:{name}:{right}"'
    message = "authentication required, visit https://aka.ms/acr/authorization for more information."
    return _error(401, "UNAUTHORIZED", message, {"WWW-Authenticate": realm})


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    return json_of({"errors": [{"code": code, "message": message}]}, status, headers)


def _form(asked: Asked) -> dict[str, str]:
    return dict(parse_qsl(asked.request.body.decode()))


def _signed(claims: dict[str, object]) -> str:
    return jwt.encode({**claims, "exp": int(time.time()) + 3600}, KEY, "HS256")


def _claims(token: str) -> dict:
    try:
        return jwt.decode(token, KEY, ["HS256"])
    except jwt.InvalidTokenError:
        raise Refusal(401, "UNAUTHORIZED", "authentication required") from None
