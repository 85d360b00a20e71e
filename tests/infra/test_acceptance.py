"""The acceptance run refuses before it makes anything, and takes down what it made, whatever happens to it."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import verified

from tests.infra import TEMPLATE
from tests.infra.onboarded import Onboarded
from tests.infra.reached import Reached, reached


@pytest.fixture
def there(onboarded: Onboarded, tmp_path: Path) -> Iterator[Reached]:
    (tmp_path / "azure").mkdir()
    with reached(onboarded, tmp_path / "azure") as there:
        there.trust("dev", there.key("dev"))
        yield there


def test_a_failure_in_the_middle_leaves_nothing(there: Reached) -> None:
    there.cloud.images.failing.append("no space left on device")
    done = there.check("ENV=dev", ok=False)
    assert "Error 3" in done.stderr, done.stdout + done.stderr
    assert "images ended with 3: .venv/bin/mlops env build --on dev" in done.stderr
    assert "no space left on device" in done.stderr and "dev is removed" in done.stdout
    assert not there.made.cloud.ids("/workspaces/mlw-") and not there.stack("dev").resources()
    assert [(each["step"], each["status"]) for each in there.record["steps"]] == [
        ("preview", 0), ("up", 0), ("names", 0), ("images", 3), ("remove endpoints", 0), ("destroy", 0),
    ]  # fmt: skip
    assert not (there.path / "verified-azure.json").exists()


def test_what_is_wrong_is_said_before_anything_is_made(there: Reached) -> None:
    there.set(service={"cost_per_month": 601})
    for options, sentence in (
        (["ENV=staging"], "only dev is for"),
        (["ENV=dev", "CAP=1"], "That is more than 1"),
    ):
        refused = there.check(*options, ok=False)
        assert "Error 2" in refused.stderr and sentence in refused.stderr, refused.stdout + refused.stderr
    (there.path / "more.txt").write_text("not committed")
    refused = there.check("ENV=dev", ok=False)
    assert "more.txt is not committed" in refused.stderr
    assert not there.made.cloud.ids("/workspaces/mlw-") and not (there.path / ".mlops" / "azure-check.json").exists()


def test_ctrl_c_ends_it_in_order(there: Reached) -> None:
    arm = there.cloud.arm
    arm.faults.slow(3, type="Microsoft.ContainerRegistry/registries", verb="put")
    process = subprocess.Popen(
        ["infra/.venv/bin/python", "infra/acceptance.py", "dev"],
        cwd=there.path,
        env=there.variables("dev"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    while not any("/registries/crincomesupp" in call.id for call in arm.calls if call.verb == "put"):
        assert process.poll() is None
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGINT)
    said, _ = process.communicate()
    assert process.returncode == 130 and "dev is removed" in said, said
    assert not there.made.cloud.ids("/registries/crincomesupp") and not there.stack("dev").resources()
    assert json.loads((there.path / ".mlops" / "azure-check.json").read_text())["steps"][-1]["step"] == "destroy"


def test_the_tests_that_the_page_of_what_was_verified_names_are_there() -> None:
    for each in verified.CAPABILITIES:
        assert "\ndef test_" in (TEMPLATE / each["test"]).read_text(), each
