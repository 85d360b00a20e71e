"""`make infra-…` in a project, on the real engine: what is refused, what it needs first, and what it says."""

import subprocess
from pathlib import Path

import yaml

from tests.infra.onboarded import Onboarded
from tests.infra.support import Stack


def make(stack: Stack, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--assume-old=infra/.venv/.synced", *arguments],
        cwd=stack.folder.parent,
        env={**stack.env(stack.caller), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )


def test_a_platform_engineer_brings_up_what_was_previewed_and_takes_it_down(onboarded: Onboarded) -> None:
    stack = onboarded.begun("dev")
    early = make(stack, "infra-up", "STACK=dev", "YES=1")
    assert early.returncode == 2 and "run `make infra-preview STACK=dev`, and read it" in early.stderr
    assert not onboarded.cloud.ids("/workspaces/mlw-")

    previewed = make(stack, "infra-preview", "STACK=dev")
    assert previewed.returncode == 0, previewed.stdout + previewed.stderr
    assert "mlops@v0.0.1" in previewed.stdout, "the policies were asked"
    file = stack.folder / "Pulumi.dev.yaml"
    read = file.read_text()
    stack.config(logs={**stack.settings()["logs"], "keep_days": 60})
    changed = make(stack, "infra-up", "STACK=dev", "YES=1")
    assert changed.returncode == 2 and "no preview of these files has passed" in changed.stderr
    assert not onboarded.cloud.ids("/workspaces/mlw-")
    file.write_text(read)
    done = make(stack, "infra-up", "STACK=dev", "YES=1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert onboarded.cloud.ids("/workspaces/mlw-")

    gone = make(stack, "infra-destroy", "STACK=dev", "YES=1")
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert not onboarded.cloud.ids("/workspaces/mlw-")


def test_a_violated_policy_refuses_before_anything_is_made(onboarded: Onboarded) -> None:
    stack = onboarded.begun("dev")
    component = stack.folder / "components" / "storage.py"
    component.write_text(component.read_text().replace("allow_shared_key_access=False", "allow_shared_key_access=True"))
    refused = make(stack, "infra-preview", "STACK=dev")
    assert refused.returncode == 2 and "Error 1" in refused.stderr, "make: 2, the command: 1"
    assert "no-account-keys" in refused.stdout
    assert "no preview of these files has passed" in make(stack, "infra-up", "STACK=dev", "YES=1").stderr
    assert not onboarded.cloud.ids("/storageAccounts/stincomesupp")


def test_what_cannot_be_is_said_in_words(onboarded: Onboarded, tmp_path: Path) -> None:
    stack = onboarded.begun("dev")
    assert "say which stack, as in `make infra-up STACK=dev`" in make(stack, "infra-up").stderr
    assert "`pulumi` is not on the PATH" in make(stack, "infra-preview", "STACK=dev", PATH="/usr/bin:/bin").stderr
    elsewhere = make(stack, "infra-preview", "STACK=dev", PULUMI_BACKEND_URL="file:///nowhere")
    assert "could not open the state of dev. Set PULUMI_BACKEND_URL" in elsewhere.stderr, elsewhere.stderr
    file = stack.folder / "Pulumi.dev.yaml"
    document = yaml.safe_load(file.read_text())
    (key,) = [key for key in document["config"] if key.endswith(":organisation")]
    del document["config"][key]
    file.write_text(yaml.safe_dump(document))
    assert "the project is not onboarded" in make(stack, "infra-preview", "STACK=dev").stderr


def test_wrong_settings_are_all_said_at_their_lines_before_anything_is_registered(onboarded: Onboarded) -> None:
    stack = onboarded.begun("prod")
    network = {**stack.settings()["network"], "inbound": "open", "colour": "blue"}
    stack.config(network=network, storage={"redundancy": "GZRS", "versions": True, "keep_deleted_days": 1000})
    before = onboarded.cloud.ids()
    refused = stack.preview()
    assert refused.code != 0
    for said in ("network.inbound", "network.colour", "storage.keep_deleted_days", "Pulumi.prod.yaml:"):
        assert said in refused.text
    assert "Traceback" not in refused.text
    assert onboarded.cloud.ids() == before
