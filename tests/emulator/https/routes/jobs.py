"""Jobs: a submit brings a second token, for the service that starts them. Steps have no document of their own."""

from tests.emulator.https.routing import Asked, json_of, route
from tests.emulator.https.wire import Response


@route("PUT", "{W}/jobs/{name}")
def submit(asked: Asked) -> Response:
    asked.cloud.directory.caller(asked.request.headers.get("x-azureml-token"), "https://ml.azure.com")
    arm, id = asked.cloud.arm, asked.request.path
    there = arm.find(id)
    made = arm.put(asked.caller, id, asked.json)
    if there is None:
        asked.cloud.runs.begin(arm.store.documents[id])
    return json_of(made, 201)


@route("GET", "{W}/jobs/{name}")
def job(asked: Asked) -> Response:
    run = asked.cloud.runs.find(asked.names["name"])
    if run and run.parent:
        asked.cloud.arm.get(asked.caller, asked.names["W"])
        return json_of({"id": asked.request.path, "name": run.id, "type": "", "properties": None})
    return json_of(asked.cloud.arm.get(asked.caller, asked.request.path))


@route("POST", "{W}/jobs/{name}/cancel")
def cancel(asked: Asked) -> Response:
    asked.cloud.arm.post(asked.caller, asked.request.path.removesuffix("/cancel"), "cancel")
    asked.cloud.runs.cancel(asked.names["name"])
    return Response(200)
