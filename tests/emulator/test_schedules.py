"""What Azure refuses of schedules: times that there are not, jobs that cannot run, and too early a deletion."""

from typing import Any

import pytest

from tests.emulator.arm import OWNER
from tests.emulator.world import CLUSTER, WORKSPACE, World, refused

SCHEDULE = f"{WORKSPACE}/schedules/train"


def schedule(world: World, expression: str = "0 3 * * 1", enabled: bool = True, **job: Any) -> None:
    trigger = {"triggerType": "Cron", "expression": expression}
    properties = {"trigger": trigger, "action": {"jobDefinition": job}, "isEnabled": enabled}
    world.arm.put(OWNER, SCHEDULE, {"properties": properties})


@pytest.mark.parametrize("expression", ["0 3 * *", "60 3 * * 1", "0 24 * * 1", "0 3 * * 7", "every monday at three o"])
def test_a_time_that_there_is_not(world: World, expression: str) -> None:
    world.make(CLUSTER)
    with refused("schedule_has_a_time", "UserError", f"'{expression}' is invalid"):
        schedule(world, expression)
    schedule(world)


def test_a_job_that_cannot_run_is_not_scheduled(world: World) -> None:
    world.make(CLUSTER)
    missing = {"jobInputType": "uri_file", "uri": f"{WORKSPACE}/data/rows/versions/1"}
    with refused("scheduled_job_can_run", "UserError", "Could not find asset"):
        schedule(world, inputs={"rows": missing})
    with refused("scheduled_job_can_run", "UserError", "Unknown compute target 'gpu'"):
        schedule(world, jobs={"train": {"computeId": CLUSTER.replace("cpu", "gpu")}})


def test_a_schedule_that_runs_is_disabled_before_it_is_deleted(world: World) -> None:
    world.make(CLUSTER)
    schedule(world)
    with refused("schedule_is_disabled_first", "UserError", "must be disabled"):
        world.arm.delete(OWNER, SCHEDULE)
    schedule(world, enabled=False)
    world.arm.delete(OWNER, SCHEDULE)
