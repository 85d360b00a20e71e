"""Jobs: a submit brings a second token, for the service that starts them."""

from tests.emulator.https.routing import Asked, json_of, route
from tests.emulator.https.wire import Response


@route("PUT", "{W}/jobs/{name}")
def submit(asked: Asked) -> Response:
    asked.cloud.directory.caller(asked.request.headers.get("x-azureml-token"), "https://ml.azure.com")
    return json_of(asked.cloud.arm.put(asked.caller, asked.request.path, asked.json), 201)
