"""Schedules: without a word about it only those that run are listed. One can be told to run now."""

from datetime import UTC, datetime

from tests.emulator.https.routing import Asked, json_of, route
from tests.emulator.https.wire import Response

VIEWS = {"EnabledOnly": {True}, "DisabledOnly": {False}, "All": {True, False}}


@route("GET", "{W}/schedules")
def schedules(asked: Asked) -> Response:
    """Source: azure-ai-ml 1.35.2, ScheduleListViewType; what it is without: "defaults to EnabledOnly" there."""
    wanted = VIEWS[asked.request.query.get("listViewType", "EnabledOnly")]
    found = asked.cloud.arm.list(asked.caller, asked.request.path)
    return json_of({"value": [each for each in found if each["properties"]["isEnabled"] in wanted]})


@route("POST", "{W}/schedules/{name}/trigger")
def trigger(asked: Asked) -> Response:
    """Submit its job, as it does by itself at its times.

    Source: azure-ai-ml 1.35.2, ScheduleOperations.trigger; "Schedule machine learning pipeline jobs" (Microsoft Learn,
    2025): the name with the time is what a job is shown as; that it is its name too: assumed.
    """
    arm, name = asked.cloud.arm, asked.names["name"]
    schedule = arm.get(asked.caller, asked.request.path.removesuffix("/trigger"))
    job = f"{asked.names['W']}/jobs/{name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    arm.put(asked.caller, job, {"properties": schedule["properties"]["action"]["jobDefinition"]})
    asked.cloud.runs.begin(arm.store.documents[job])
    return json_of({"scheduleActionType": "CreateJob", "submissionId": job.rsplit("/", 1)[1]})
