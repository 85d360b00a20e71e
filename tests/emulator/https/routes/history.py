"""Run history, and where outputs of runs lie: the data plane of a region."""

from tests.emulator.https.routing import Asked, json_of, route
from tests.emulator.https.runs import Run
from tests.emulator.https.wire import Response
from tests.emulator.rules.refusal import Refusal

PLANE = "{region}.api.azureml.ms"
HISTORY = PLANE + "/history/v1.0{W}"


@route("GET", PLANE + "/discovery", "-")
def discovery(asked: Asked) -> Response:
    base = f"https://{asked.request.host}"
    return json_of(dict.fromkeys(("api", "history", "experimentation"), base))


@route("GET", HISTORY + "/runs/{name}")
def one(asked: Asked) -> Response:
    return json_of(_run(asked, asked.names["name"]).document)


@route("GET", HISTORY + "/runs/{name}/children")
def children(asked: Asked) -> Response:
    """Assumed: a step is listed from when it is no longer NotStarted."""
    begun = asked.cloud.runs.begun[_run(asked, asked.names["name"]).id]
    return json_of({"value": [step.document for step in begun.steps.values() if step.status != "NotStarted"]})


@route("POST", HISTORY + "/rundata")
def data(asked: Asked) -> Response:
    return json_of({"runMetadata": _run(asked, asked.json["runId"]).document})


@route("POST", PLANE + "/data/v1.0{W}/dataversion/batchGetResolvedUris")
def places(asked: Asked) -> Response:
    """Where outputs of runs lie, in the long form of a datastore's URI."""
    _, subscription, _, group, *_, workspace = asked.names["W"].strip("/").split("/")
    base = f"azureml://subscriptions/{subscription}/resourcegroups/{group}/workspaces/{workspace}"
    found = {}
    for asset in asked.json["values"]:
        id, output = asset.removeprefix("azureml://").split("/")
        end = "/" if _run(asked, id).outputs[output] == "uri_folder" else ""
        found[asset] = {"uri": f"{base}/datastores/workspaceblobstore/paths/azureml/{id}/{output}{end}"}
    return json_of({"values": found})


def _run(asked: Asked, id: str) -> Run:
    """Who reads the workspace reads its runs. Assumed: the action."""
    asked.cloud.arm.get(asked.caller, asked.names["W"])
    run = asked.cloud.runs.find(id)
    if run is None or run.workspace.lower() != asked.names["W"].lower():
        raise Refusal(404, "NotFound", f"Run {id} was not found.")
    return run
