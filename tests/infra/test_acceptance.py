"""The acceptance run refuses before it makes anything, and takes down what it made, whatever happens to it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import pytest
import verified

from tests.infra import TEMPLATE
from tests.infra.onboarded import Onboarded
from tests.infra.reached import Reached, reached

IN_A_TERMINAL = """
import fcntl, os, signal, sys, termios
for each in (signal.SIGINT, signal.SIGHUP):  # a surrounding nohup or shell may ignore some
    signal.signal(each, signal.SIG_DFL)
fcntl.ioctl(0, termios.TIOCSCTTY)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""A program that is told Ctrl-C, and that its terminal was closed."""


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


@pytest.mark.parametrize("closed", [False, True], ids=["Ctrl-C", "a closed terminal"])
def test_what_stops_it_ends_it_in_order(there: Reached, closed: bool) -> None:
    arm = there.cloud.arm
    arm.faults.slow(3, type="Microsoft.ContainerRegistry/registries", verb="put")
    terminal, inside = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", IN_A_TERMINAL, "infra/.venv/bin/python", "infra/acceptance.py", "dev"],
        cwd=there.path,
        env=there.variables("dev"),
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
    )
    os.close(inside)
    os.set_blocking(terminal, False)
    said = b""
    while not any("/registries/crincomesupp" in call.id for call in arm.calls if call.verb == "put"):
        said += shown(terminal)
        assert process.poll() is None, said
    if not closed:
        os.write(terminal, b"\x03")
        while process.poll() is None:
            said += shown(terminal)
        said += shown(terminal)
    os.close(terminal)
    status, log = process.wait(), there.path / ".mlops" / "azure-check.log"
    said = log.read_bytes() if closed else said
    assert status == 130 and b"dev is removed" in said, said.decode()
    assert not there.made.cloud.ids("/registries/crincomesupp") and not there.stack("dev").resources()
    assert there.record["steps"][-1]["step"] == "destroy" and log.exists() == closed


def shown(terminal: int) -> bytes:
    """What a terminal shows that was not read yet."""
    time.sleep(0.1)
    try:
        return os.read(terminal, 1 << 20)
    except OSError:  # nothing new, or nobody is in it any more
        return b""


def test_what_scales_a_deployment_goes_with_it(up: Callable[[str], Onboarded], tmp_path: Path) -> None:
    made = up("dev")
    (tmp_path / "azure").mkdir()
    with reached(made, tmp_path / "azure") as there:
        there.set(environments={"dev": {"region": "westeurope", "instances": {"least": 1, "most": 2}}})
        there.type("dev", ".venv/bin/mlops", "env", "sync", "dev")
        arm, deploy = there.cloud.arm, made.principal("dev", "deploy")
        workspace, *_ = made.cloud.ids("/workspaces/mlw-")
        insights = f"{workspace.partition('/providers/')[0]}/providers/Microsoft.Insights"
        endpoint = f"{workspace}/onlineEndpoints/triage"
        arm.put(deploy, endpoint, {"location": "westeurope", "properties": {"authMode": "AADToken", "properties": {}}})
        for name in ("old", "new"):
            id = f"{endpoint}/deployments/{name}"
            arm.store.documents[id] = {"id": id, "name": name, "location": "westeurope", "properties": {}}
            scaling = {"location": "westeurope", "properties": {"targetResourceUri": id}}
            arm.put(deploy, f"{insights}/autoscaleSettings/triage-{name}", scaling)
        done = there.type("dev", ".venv/bin/python", "-P", "infra/reach.py", "remove", "dev")
    assert done.stdout == "deleted: triage\n"
    assert not made.cloud.ids("/onlineEndpoints/") and not made.cloud.ids("/autoscaleSettings/")


def test_the_tests_that_the_page_of_what_was_verified_names_are_there() -> None:
    for each in chain.from_iterable(verified.CAPABILITIES.values()):
        assert "\ndef test_" in (TEMPLATE / each["test"]).read_text(), each
