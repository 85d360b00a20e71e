"""Azure Resource Manager: any resource by its id. What is refused is for the rules; what Azure adds, for fill.py."""

import re

from tests.emulator.https.routing import ANY, Asked, json_of, route
from tests.emulator.https.wire import Response
from tests.emulator.ids import Id

LONG = re.compile(r"microsoft\.machinelearningservices/workspaces/((online|batch)endpoints(/deployments)?|schedules)")


@route("GET", ANY)
def get(asked: Asked) -> Response:
    """One, or all of a type below the same parent."""
    path = asked.request.path
    if not _is_collection(path):
        return json_of(asked.cloud.arm.get(asked.caller, path))
    parent, kind = path.rsplit("/", 1)[0], Id(f"{path}/x").kind
    found = [each for each in asked.cloud.arm.list(asked.caller, parent) if Id(each["id"]).kind == kind]
    return json_of({"value": [each for each in found if Id(each["id"]).text.rsplit("/", 1)[0].lower() == path.lower()]})


@route("PUT", ANY)
def put(asked: Asked) -> Response:
    arm, id = asked.cloud.arm, Id(asked.request.path)
    status = 201 if arm.find(id.text) is None else 200
    made = arm.put(asked.caller, id.text, asked.json)
    if not LONG.fullmatch(id.kind):
        return json_of(made, status)
    operation = asked.cloud.operations.begin(id.text)
    return json_of(made, 201, operation)


@route("DELETE", ANY)
def delete(asked: Asked) -> Response:
    there = asked.cloud.arm.find(asked.request.path)
    asked.cloud.arm.delete(asked.caller, asked.request.path)
    return Response(200 if there else 204)


@route("POST", ANY)
def post(asked: Asked) -> Response:
    path, _, action = asked.request.path.rpartition("/")
    return json_of(asked.cloud.arm.post(asked.caller, path, action, asked.json))


@route("GET", "/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices/operations/{operation}", "-")
def operation(asked: Asked) -> Response:
    return json_of(asked.cloud.operations.status(asked.names["operation"]), headers={"retry-after-ms": "20"})


def _is_collection(path: str) -> bool:
    """A path to one resource has a name for each type."""
    after = path.strip("/").split("/providers/")[-1] if "/providers/" in path else path.strip("/")
    parts = after.split("/")
    return (len(parts) - ("/providers/" in path)) % 2 == 1
