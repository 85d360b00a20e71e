"""Where callers ask: each request goes to a deployment by the shares, or to the one that it names, and is logged."""

import time
import uuid
from datetime import UTC, datetime

from tests.emulator import access
from tests.emulator.https.routing import Asked, json_of, route
from tests.emulator.https.servers import IDENTITY
from tests.emulator.https.wire import Response
from tests.emulator.ids import Id
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.rule import dig
from tests.emulator.store import Document

SCORING, ONLINE = ".inference.ml.azure.com", "microsoft.machinelearningservices/workspaces/onlineendpoints"
NAMED, CALLERS_ID = "azureml-model-deployment", "x-ms-client-request-id"
TABLE = "AmlOnlineEndpointTrafficLog"
MODELS = "ms-azureml-model-error-"
PASSED_ON = ("content-type", "accept", CALLERS_ID)
KEPT = ("content-type", CALLERS_ID)


@route("POST", f"{{name}}.{{region}}{SCORING}/score", "https://ml.azure.com")
def score(asked: Asked) -> Response:
    """What a container answers other than 200 is 424, and its own status is in a header and in the log.

    Source: HTTP status codes in "Troubleshoot online endpoint deployment and scoring" (Microsoft Learn, 2025-10-06);
    columns of the log: Azure Monitor Logs reference (2026-03-11). That the body stays, the values of the reason, and
    that nothing else says what became of a container that does not answer: assumed.
    """
    endpoint = _endpoint(asked)
    if not access.allows(asked.cloud.arm, asked.caller, f"{ONLINE}/score/action", Id(endpoint["id"])):
        message = "You do not have permission to perform the action onlineEndpoints/score/action."
        raise Refusal(403, "Forbidden", message)
    name = asked.request.headers.get(NAMED) or _drawn(asked, dig(endpoint, "properties.traffic", {}))
    if not name or asked.cloud.arm.find(f"{endpoint['id']}/deployments/{name}") is None:
        raise Refusal(404, "NotFound", "No valid deployment to route to.")
    answer = _answered(asked, endpoint, name)
    mirror = {} if asked.request.headers.get(NAMED) else dig(endpoint, "properties.mirrorTraffic", {})
    if copied := _drawn(asked, mirror, 100):
        _answered(asked, endpoint, copied)
    kept = {key: value for key, value in answer.headers.items() if key.lower() in KEPT or key.startswith(MODELS)}
    return Response(answer.status, answer.body, {**kept, NAMED: name})


@route("GET", f"{IDENTITY}/token", "-")
def token(asked: Asked) -> Response:
    """What a container asks for a token of its endpoint's identity."""
    query = asked.request.query
    client = asked.cloud.servers.client(asked.request.headers.get("secret", ""), query.get("clientid", ""))
    given = asked.cloud.directory.token(client, query["resource"])
    return json_of({"access_token": given, "expires_on": str(int(time.time()) + 3600)})


def _endpoint(asked: Asked) -> Document:
    for document in asked.cloud.arm.store.documents.values():
        if Id(document["id"]).kind == ONLINE and document["name"].lower() == asked.names["name"].lower():
            return document
    raise Refusal(404, "NotFound", f"There is no endpoint '{asked.names['name']}'.")


def _drawn(asked: Asked, shares: dict[str, int], of: int = 0) -> str:
    place = asked.cloud.draw.random() * (of or sum(shares.values()))
    for name, share in shares.items():
        if (place := place - share) < 0:
            return name
    return ""


def _answered(asked: Asked, endpoint: Document, deployment: str) -> Response:
    """Ask one deployment, and leave a line in each log workspace to which the endpoint's traffic log goes."""
    headers = {key: asked.request.headers[key] for key in PASSED_ON if key in asked.request.headers}
    since, at = time.perf_counter(), datetime.now(UTC)
    models = asked.cloud.servers.ask(Id(f"{endpoint['id']}/deployments/{deployment}"), headers, asked.request.body)
    answer = models if models.status == 200 else _not_good(models)
    line = {
        "TimeGenerated": at,
        "_ResourceId": endpoint["id"].lower(),
        "EndpointName": endpoint["name"],
        "DeploymentName": deployment,
        "AuthType": "AADToken",
        "IdentityData": asked.caller,
        "Method": "POST",
        "Path": "/score",
        "ResponseCode": answer.status,
        "ModelStatusCode": models.status or None,
        "RequestPayloadSize": len(asked.request.body),
        "ResponsePayloadSize": len(answer.body),
        "TotalDurationMs": round((time.perf_counter() - since) * 1000),
        "XRequestId": str(uuid.uuid4()),
        "XMSClientRequestId": headers.get(CALLERS_ID, ""),
    }
    for sink in _sinks(asked, endpoint):
        asked.cloud.lines.append((asked.cloud.arm.clock.stamp(), sink, line))
    return answer


def _not_good(models: Response) -> Response:
    """What a caller gets for an answer of the container that is not 200."""
    about = {f"{MODELS}statuscode": str(models.status), f"{MODELS}reason": "model_error"}
    return Response(424, models.body, {**models.headers, **(about if models.status else {})})


def _sinks(asked: Asked, endpoint: Document) -> set[str]:
    """Keys of the log workspaces that a diagnostic setting of the endpoint sends its traffic log to."""
    found = set()
    for setting in asked.cloud.arm.below(endpoint["id"]):
        for log in dig(setting, "properties.logs", []):
            if log.get("enabled") and (log.get("category") == TABLE or log.get("categoryGroup") == "allLogs"):
                found.add(Id(dig(setting, "properties.workspaceId", "")).key)
    return found
