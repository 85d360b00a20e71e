"""What a test plans: failures, throttling, slowness, drift; and that nothing else is left to chance."""

from datetime import UTC, datetime

import pytest

from tests.emulator.arm import OWNER
from tests.emulator.clock import Clock
from tests.emulator.rules import Refusal
from tests.emulator.world import CLUSTER, GROUP, STORAGE, VAULT, World


def test_a_failure_on_the_nth_call(world: World) -> None:
    world.make(GROUP)
    world.arm.faults.fail(2, "InternalServerError", verb="put")
    world.put(STORAGE)
    with pytest.raises(Refusal, match="InternalServerError"):
        world.put(VAULT)
    world.put(VAULT)
    assert [call.refused for call in world.arm.calls[-3:]] == ["", "InternalServerError", ""]


def test_throttling_says_when_to_come_back(world: World) -> None:
    world.make(GROUP)
    world.arm.faults.throttle(2, type="Microsoft.Storage/storageAccounts", retry_after=3)
    for _ in range(2):
        with pytest.raises(Refusal) as caught:
            world.put(STORAGE)
        assert (caught.value.status, caught.value.code, caught.value.retry_after) == (429, "TooManyRequests", 3)
    world.put(STORAGE)


def test_slow_operations_take_their_time(world: World) -> None:
    world.make(GROUP)
    slept: list[float] = []
    world.arm.faults.sleep = slept.append
    world.arm.faults.slow(7, type="Microsoft.Storage/storageAccounts")
    world.make(VAULT)
    assert slept == [7]


def test_drift_is_seen(world: World) -> None:
    world.make(STORAGE)
    world.arm.change_behind(STORAGE, "properties.allowSharedKeyAccess", True)
    assert world.arm.get(OWNER, STORAGE)["properties"]["allowSharedKeyAccess"] is True


def test_two_subscriptions_of_the_same_story_look_the_same() -> None:
    def story() -> list[object]:
        world = World(Clock(datetime(2026, 5, 20, tzinfo=UTC)))
        world.make(CLUSTER)
        return list(world.arm.list(OWNER, GROUP))

    assert story() == story()
