"""Starts that meet, starts that are broken off, and the way back. The state is what decides."""

import signal
from collections import Counter

import pytest

from tests.infra.support import Stack

CONTAINER = "azure-native:storage:BlobContainer"


@pytest.fixture
def blobs(small: Stack, azurite: dict[str, str]) -> Stack:
    small.variables.update(azurite)
    return small.init()


def test_two_starts_at_once_have_one_winner(small: Stack) -> None:
    small.cloud.arm.faults.slow(3, type="Microsoft.Resources/resourceGroups")
    first = small.start("up", "--yes", "--skip-preview")
    first.is_writing()
    second = small.up()
    assert second.code != 0
    assert "currently locked by 1 lock(s)" in second.text
    first.wait().ok()
    assert set(Counter(small.cloud.writes()).values()) == {1}


def test_a_cancelled_start_lets_go_and_the_next_one_goes_on(small: Stack) -> None:
    stopped = small.start("up", "--yes", "--skip-preview").kill(signal.SIGTERM, after=3).wait()
    assert stopped.code != 0
    assert 3 <= sum(small.resources().values()) - 1 < 7
    small.up().ok()
    assert set(Counter(small.cloud.writes()).values()) == {1}
    small.preview("--refresh", "--expect-no-changes").ok()


def test_a_killed_start_leaves_a_lock_and_a_resource_that_is_imported(blobs: Stack) -> None:
    small = blobs  # a kill can leave half a file, but no half blob
    small.start("up", "--yes", "--skip-preview").kill(signal.SIGKILL, at="container-0").wait()
    lost = next(id for id in small.cloud.ids() if id.endswith("container-0"))
    assert "currently locked" in small.up().text
    small.cancel().ok()
    small.refresh("--clear-pending-creates").ok()
    assert CONTAINER not in small.resources()
    assert f"cannot create already existing resource '{lost}'" in small.up().text
    small.import_(CONTAINER, "container-0", lost).ok()
    small.up().ok()
    assert small.cloud.arm.births[lost.strip("/").lower()] == 1
    small.preview("--refresh", "--expect-no-changes").ok()


def test_nothing_is_left_running_after_a_kill(small: Stack) -> None:
    killed = small.start("up", "--yes", "--skip-preview").kill(signal.SIGKILL)
    killed.wait()
    assert killed.left_behind() == []


def test_two_stacks_of_a_program_share_nothing(small: Stack) -> None:
    small.up().ok()
    other = small.beside("other").init()
    assert other.preview().ok().changes["create"] == 8


def test_state_lives_in_a_blob_container(blobs: Stack) -> None:
    blobs.config(containers=1).up().ok()
    assert blobs.preview("--expect-no-changes").ok().changes == {}
    assert not [file for file in blobs.state.rglob("*.json") if "StorageAccount" in file.read_text()]
    killed = blobs.config(days=9).start("up", "--yes", "--skip-preview").kill(signal.SIGKILL)
    killed.wait()
    assert "currently locked" in blobs.up().text
    blobs.cancel().ok()
    blobs.up().ok()
    blobs.destroy().ok()
    assert not blobs.cloud.ids()
