"""The project's stacks on the real engine, each brought up by the identity that the organisation made for it."""

import re
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from policy.keys import LOOKS_LIKE_A_KEY

from tests.emulator.rules import Refusal
from tests.infra.onboarded import SLUG, Onboarded

STACKS = ("dev", "staging", "prod")
OUTPUTS = {
    *("subscription", "resource_group", "location", "workspace", "registry", "image_registry", "endpoint_identity"),
    *("computes", "log_workspace", "ledger_url", "sign_key_id", "inference_log_url", "sensitive_log_url"),
    *("log_key_id", "endpoint_client_id"),
}
WORKSPACE = "azure-native:machinelearningservices:Workspace"
Up = Callable[[str], Onboarded]


@pytest.mark.parametrize("name", STACKS)
def test_a_stack_comes_up_as_deploy_after_a_preview_as_reader(up: Up, name: str) -> None:
    there = up(name)
    stack, reader, writes = there.stack(name), there.principal(name, "reader"), there.cloud.writes()
    assert there.first["up"].changes == there.first["preview"].changes
    assert set(Counter(writes).values()) == {1}, "nothing is written twice"
    assert set(stack.outputs()) == OUTPUTS
    stack.preview("--refresh", "--expect-no-changes", caller=reader).ok()
    assert stack.up().ok().changes == {}
    assert there.cloud.writes() == writes


@pytest.mark.parametrize("name", STACKS)
def test_destroy_leaves_only_what_the_organisation_made(up: Up, name: str) -> None:
    there = up(name)
    stack = there.stack(name)
    if name == "prod":
        refused = stack.destroy()
        assert refused.code != 0 and "protected" in refused.text
        assert there.cloud.ids("/workspaces/mlw-")
        stack.run("state", "unprotect", "--all", "--yes").ok()
    stack.destroy().ok()
    group = there.blocks[SLUG][name]["organisation"]["resource_group"]
    left = [id for id in there.cloud.ids(f"/resourceGroups/{group}") if "/id-ci-" not in id]
    assert not [id for id in left if re.search(r"storageAccounts|vaults|workspaces|registries|virtualNetworks", id)]
    assert not stack.resources()


def test_a_changed_setting_is_an_update_and_replaces_nothing(up: Up) -> None:
    stack = up("prod").stack("prod")
    settings = stack.settings()
    cluster = {**settings["computes"]["cpu"], "max_nodes": settings["computes"]["cpu"]["max_nodes"] + 1}
    stack.config(computes={"cpu": cluster}, logs={**settings["logs"], "keep_days": 120})
    changed = stack.preview(policy=stack.folder / "policy").ok()
    assert sorted(name for _, _, name in changed.steps) == ["compute-cpu", "logs"]
    assert {op for op, _, _ in changed.steps} == {"update"}
    assert stack.up().ok().changes == {"update": 2}


def test_isolation_stays_although_somebody_weakens_settings_and_limits(up: Up) -> None:
    stack = up("prod").stack("prod")
    stack.config(network={**stack.settings()["network"], "isolation": "internet"})
    refused = stack.preview(policy=stack.folder / "policy")
    assert refused.code != 0 and "`network.isolation` is internet" in refused.text and "Traceback" not in refused.text

    limits = stack.folder / "policy" / "limits.yml"
    limits.write_text(limits.read_text().replace("isolation: approved", "isolation: internet"))
    stack.preview(policy=stack.folder / "policy").ok()
    anyway = stack.up()
    assert anyway.code != 0
    assert "cannot be changed from 'AllowOnlyApprovedOutbound' to 'AllowInternetOutbound'" in anyway.text
    (workspace,) = stack.cloud.ids("/workspaces/mlw-")[:1]
    network = stack.cloud.arm.store.documents[workspace]["properties"]["managedNetwork"]
    assert network["isolationMode"] == "AllowOnlyApprovedOutbound"


def test_a_failure_half_way_converges_and_makes_nothing_twice(onboarded: Onboarded) -> None:
    stack = onboarded.begun("prod")
    kind = "Microsoft.MachineLearningServices/workspaces"
    onboarded.cloud.arm.faults.fail(1, "Conflict", 409, type=kind, verb="put")
    failed = stack.up()
    assert failed.code != 0 and 'Code="Conflict"' in failed.text
    made = sum(stack.resources().values())
    assert made > 0
    assert stack.up().ok().changes["create"] > 0
    assert set(onboarded.cloud.arm.births.values()) == {1}
    stack.preview("--refresh", "--expect-no-changes").ok()


def test_a_cancelled_up_goes_on_where_it_was(onboarded: Onboarded) -> None:
    stack = onboarded.begun("dev")
    stopped = stack.start("up", "--yes", "--skip-preview").kill(signal.SIGTERM, after=9).wait()
    assert stopped.code != 0
    stack.up().ok()
    assert set(onboarded.cloud.arm.births.values()) == {1}


def test_two_starts_at_once_have_one_winner(onboarded: Onboarded) -> None:
    stack = onboarded.begun("dev")
    onboarded.cloud.arm.faults.slow(3, type="Microsoft.ManagedIdentity/userAssignedIdentities")
    first = stack.start("up", "--yes", "--skip-preview")
    first.is_writing()
    second = stack.up()
    assert second.code != 0
    assert "currently locked" in second.text or "load checkpoint: EOF" in second.text, "else read while it is written"
    first.wait().ok()
    assert set(onboarded.cloud.arm.births.values()) == {1}


def test_what_the_organisation_locked_is_not_deleted_by_ci(up: Up) -> None:
    there = up("dev")
    stack, account = there.stack("dev"), next(iter(there.cloud.ids("/storageAccounts/stincomesupp")))
    there.projects.write_text(
        there.projects.read_text().replace(
            "monthly_budget: 150", f"monthly_budget: 150\n        locked: [{account}]", 1
        )
    )
    assert there.organisation.up().ok().changes == {"create": 1}
    refused = stack.destroy()
    assert refused.code != 0 and "ScopeLocked" in refused.text
    assert account in there.cloud.ids()
    lock = next(iter(there.cloud.ids(f"{account}/providers/Microsoft.Authorization/locks")))
    with pytest.raises(Refusal, match="does not have authorization to perform action"):
        there.cloud.arm.delete(stack.caller, lock)


def secrets(state: Path) -> set[str]:
    """What looks like a key, or is named like one, in the files of a state.

    Application Insights always says its instrumentation key: an address, which opens nothing without a role.
    """
    kinds = (LOOKS_LIKE_A_KEY, re.compile(r"listKeys|primaryKey|sharedKey"))
    texts = [file.read_text() for file in state.rglob("*.json")]
    assert texts
    return {found.group() for text in texts for kind in kinds for found in kind.finditer(text)} - {
        "InstrumentationKey="
    }


def test_nothing_secret_is_in_state_or_outputs(up: Up) -> None:
    assert secrets(up("prod").stack("prod").state) == set()


def test_a_key_that_a_program_exports_is_refused_and_is_seen_in_the_state(onboarded: Onboarded) -> None:
    stack = onboarded.begun("dev")
    key = f"{'made/up+key' * 8}"[:86] + "=="
    (stack.folder / "__main__.py").write_text(f"import pulumi\npulumi.export('found', [{{'value': {key!r}}}])\n")
    refused = stack.preview(policy=stack.folder / "policy")
    assert refused.code != 0
    assert "the output `found` holds what looks like a key" in refused.text
    stack.up().ok()
    assert secrets(stack.state) == {key}
