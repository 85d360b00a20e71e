"""The pages in docs/runbooks/ of a project: what they say one sees is seen, and what they say to type puts it right."""

import re
import shlex
import signal
import subprocess
from collections.abc import Callable
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from tests.emulator.arm import OWNER
from tests.infra import PROJECT
from tests.infra.onboarded import Onboarded
from tests.infra.support import Stack

PAGES = PROJECT / "docs" / "runbooks"


def commands(page: str) -> list[str]:
    """What a page tells one to type, in order."""
    blocks = MarkdownIt().parse((PAGES / f"{page}.md").read_text("utf-8"))
    return [line for block in blocks if block.type == "fence" for line in block.content.splitlines()]


def typed(stack: Stack, line: str, **words: str) -> subprocess.CompletedProcess[str]:
    """Type a command of a page in a project, in infra/ if it is one of Pulumi's."""
    for word, meant in words.items():
        line = re.sub(rf"\b{word}\b", meant, line)
    program, *arguments = shlex.split(line)
    if program == "make":
        arguments = ["--assume-old=infra/.venv/.synced", *arguments, "YES=1"]
    return subprocess.run(
        [program, *arguments],
        cwd=stack.folder if program == "pulumi" else stack.folder.parent,
        env={**stack.env(stack.caller), "PULUMI_SKIP_CONFIRMATIONS": "true"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )


def works(stack: Stack, line: str, **words: str) -> None:
    done = typed(stack, line, **words)
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


def test_drift_is_seen_and_brought_back(up: Callable[[str], Onboarded]) -> None:
    """As a reader, who changes nothing, neither there nor in the state; and not as somebody who may not look."""
    there = up("dev")
    stack, arm = there.stack("dev"), there.cloud.arm
    reader, stranger = (replace(stack, caller=there.principal(each, "reader")) for each in ("dev", "prod"))
    see, repair = commands("drift")
    unseen = typed(stranger, see)
    assert "Error 3" in unseen.stderr and "could not compare dev with Azure" in unseen.stderr, unseen.stderr
    (account,) = there.cloud.ids("/storageAccounts/stincomesupp")[:1]
    (group,) = there.cloud.ids("/actionGroups/")
    arm.change_behind(account, "properties.allowSharedKeyAccess", True)
    arm.delete(OWNER, group)
    before = [len(there.cloud.writes()), *sorted((file, file.read_bytes()) for file in stack.state.rglob("*.json"))]
    seen = typed(reader, see)
    assert before == [
        len(there.cloud.writes()),
        *sorted((file, file.read_bytes()) for file in stack.state.rglob("*.json")),
    ]
    assert seen.returncode == 2 and "Error 1" in seen.stderr, "make: 2, the command: 1"
    assert "  storage (azure-native:storage:StorageAccount) is another: allowSharedKeyAccess\n" in seen.stderr
    assert (
        "(azure-native:monitor:ActionGroup) is not there\n" in seen.stderr and "docs/runbooks/drift.md" in seen.stderr
    )
    works(stack, repair)
    assert arm.store.documents[account]["properties"]["allowSharedKeyAccess"] is False
    works(reader, see)


@pytest.mark.parametrize("at", ["/storageAccounts/", "/workspaces/mlw-"])
def test_an_up_that_was_killed_goes_on(onboarded: Onboarded, azurite: dict[str, str], at: str) -> None:
    """With the state where users have it: a kill can leave half a file, but no half blob."""
    stack = onboarded.begun("dev", **azurite)
    again, unlock, forget, stops, adopt, once_more, proof = commands("interrupted-up")
    assert again == stops == once_more
    stack.start("up", "--yes", "--skip-preview").kill(signal.SIGKILL, at=at).wait()
    locked = typed(stack, again)
    assert locked.returncode != 0 and "the stack is currently locked by 1 lock(s)" in locked.stdout + locked.stderr
    assert commands("held-lock") == [unlock]
    works(stack, unlock)
    works(stack, forget)
    stopped = typed(stack, stops)
    assert stopped.returncode != 0 and "cannot create already existing resource" in stopped.stdout + stopped.stderr
    works(stack, adopt)
    while (done := typed(stack, once_more)).returncode and "already existing" in done.stdout:
        works(stack, adopt)
    assert done.returncode == 0, done.stdout + done.stderr
    works(stack, proof)
    assert set(onboarded.cloud.arm.births.values()) == {1}, "nothing was made twice"
    assert not [file for file in stack.state.rglob("*.json") if at in file.read_text()], "it is in the container"


def test_a_vault_that_was_deleted_past_pulumi_is_recovered_or_left_behind(up: Callable[[str], Onboarded]) -> None:
    there = up("dev")
    stack, arm = there.stack("dev"), there.cloud.arm
    (vault,) = there.cloud.ids("/vaults/kv-incomesupp")[:1]
    recover, stops, adopt, again, destroy, anew = commands("vault-name")
    body = {
        "location": "westeurope",
        "properties": {**arm.store.documents[vault]["properties"], "createMode": "recover"},
    }
    arm.delete(OWNER, vault)
    refused = typed(stack, commands("drift")[1])
    assert refused.returncode != 0 and "already exists in deleted state" in refused.stdout

    assert recover.startswith("az keyvault recover"), "which is this request"
    arm.put(OWNER, vault, body)
    assert "already existing" in typed(stack, stops).stdout
    works(stack, adopt)
    works(stack, again)
    works(stack, commands("drift")[0])

    works(stack, destroy)
    works(stack, anew)
    assert vault not in there.cloud.ids() and there.cloud.ids("/vaults/kv-incomesupp")


def test_a_role_that_does_not_work_yet_works_later(onboarded: Onboarded) -> None:
    stack = onboarded.begun("dev")
    onboarded.cloud.arm.clock.advance(minutes=11)
    onboarded.cloud.arm.propagation = 10
    again, _look = commands("role")
    refused = typed(stack, again)
    assert (
        refused.returncode != 0
        and "AuthorizationFailed" in refused.stdout
        and not onboarded.cloud.ids("/workspaces/mlw-")
    )
    onboarded.cloud.arm.clock.advance(minutes=11)
    works(stack, again)
    assert set(onboarded.cloud.arm.births.values()) == {1}
