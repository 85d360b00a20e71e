"""Online endpoints and their deployments: long work, at whose end a server runs or does not."""

from tests.emulator.https.routing import Asked, json_of, route
from tests.emulator.https.wire import Response
from tests.emulator.ids import Id

ENDPOINT = "{W}/onlineEndpoints/{endpoint}"
DEPLOYMENT = ENDPOINT + "/deployments/{deployment}"


@route("PUT", DEPLOYMENT)
def deploy(asked: Asked) -> Response:
    cloud, id = asked.cloud, Id(asked.request.path)
    made = cloud.arm.put(asked.caller, id.text, asked.json)
    return json_of(made, 201, cloud.operations.begin(id.text, lambda: cloud.servers.start(id, made)))


@route("DELETE", DEPLOYMENT)
def delete(asked: Asked) -> Response:
    cloud, id = asked.cloud, Id(asked.request.path)
    there = cloud.arm.find(id.text)
    cloud.arm.delete(asked.caller, id.text)
    ended = cloud.operations.begin(id.text, lambda: cloud.servers.stop(id))
    return Response(202, headers=ended) if there else Response(204)


@route("POST", DEPLOYMENT + "/getLogs")
def logs(asked: Asked) -> Response:
    id = asked.request.path.rpartition("/")[0]
    asked.cloud.arm.post(asked.caller, id, "getLogs")
    return json_of({"content": asked.cloud.servers.logs(Id(id), asked.json.get("tail") or 100)})
