"""Signing in: what a client asks the directory for. The answers of `login.microsoftonline.com`."""

from urllib.parse import parse_qsl

from tests.emulator.https.routing import Asked, json_of, route
from tests.emulator.https.wire import Response
from tests.emulator.rules.refusal import Refusal

LOGIN = "login.microsoftonline.com"


@route("GET", LOGIN + "/{tenant}/v2.0/.well-known/openid-configuration", "-")
def configuration(asked: Asked) -> Response:
    base = f"https://{LOGIN}/{asked.names['tenant']}"
    places = {f"{what}_endpoint": f"{base}/oauth2/v2.0/{what}" for what in ("authorization", "token")}
    return json_of({"issuer": f"{base}/v2.0", **places})


@route("GET", LOGIN + "/common/discovery/instance", "-")
def instance(asked: Asked) -> Response:
    where = {"tenant_discovery_endpoint": f"https://{LOGIN}/common/v2.0/.well-known/openid-configuration"}
    names = {"preferred_network": LOGIN, "preferred_cache": LOGIN, "aliases": [LOGIN]}
    return json_of({**where, "api-version": "1.1", "metadata": [names]})


@route("POST", LOGIN + "/{tenant}/oauth2/v2.0/token", "-")
def token(asked: Asked) -> Response:
    form = dict(parse_qsl(asked.request.body.decode()))
    try:
        return json_of(asked.cloud.directory.sign_in(asked.names["tenant"], form))
    except Refusal as refusal:
        return json_of({"error": refusal.code, "error_description": refusal.message}, refusal.status)
