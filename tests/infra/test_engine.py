"""The engine does on emulated Azure what a person sees it do on Azure: a small program, each time on a new stack.

Drift, refusals and broken starts are shown on the project's stacks: test_project.py, test_runbooks.py.
"""

import re
import signal

from tests.emulator.store import Document
from tests.infra.support import Stack


def account(stack: Stack) -> Document:
    """The storage account, as Azure has it."""
    return stack.cloud.document(stack.outputs()["store"])


def test_a_stack_comes_up_once_and_lies_in_azure_as_azure_has_it(small: Stack) -> None:
    previewed = small.preview("--diff").ok()
    assert previewed.changes["create"] == 8
    assert not re.search("small[a-z0-9]{4}", previewed.text), "the suffix is not known yet"
    assert not small.cloud.writes()
    assert small.up().ok().changes["create"] == 8
    assert small.preview("--expect-no-changes").ok().changes == {}
    made = small.cloud.writes()
    assert small.up().ok().changes == {}
    assert small.cloud.writes() == made
    store, identity = account(small), small.cloud.ids("userAssignedIdentities")[0]
    assert store["location"] == "westeurope"
    assert list(store["identity"]["userAssignedIdentities"]) == [identity]
    assert store["properties"]["networkAcls"]["ipRules"] == [{"value": "20.50.1.7", "action": "Allow"}]
    shown = next(each for each in small.export()["resources"] if each["type"].endswith(":StorageAccount"))
    assert shown["id"] == store["id"]
    assert shown["outputs"]["networkRuleSet"]["ipRules"][0]["iPAddressOrRange"] == "20.50.1.7"
    assert shown["outputs"]["identity"]["userAssignedIdentities"][identity]["principalId"]


def test_a_changed_setting_is_an_update_and_a_fixed_one_a_replacement(small: Stack) -> None:
    small.up().ok()
    small.config(days=30)
    changed = small.preview("--diff").ok()
    assert changed.steps == [("update", "azure-native:storage:BlobServiceProperties", "blobs")]
    assert "7 => 30" in changed.text
    assert small.up().ok().changes == {"update": 1}
    before, small = small.cloud.ids(), small.config(region="northeurope")
    replaced = small.preview().ok().changes
    assert replaced["replace"] == 6, "the group, and what lies in it"
    small.up().ok()
    assert sorted(small.cloud.ids()) == sorted(before)
    assert small.cloud.document("resourceGroups/small")["location"] == "northeurope"


def test_a_passing_fault_is_never_seen(small: Stack) -> None:
    small.cloud.arm.faults.throttle(3, type="Microsoft.Storage/storageAccounts", verb="put")
    small.up().ok()


def test_what_was_deleted_behind_comes_back(small: Stack) -> None:
    small.up().ok()
    container = next(id for id in small.cloud.ids() if id.endswith("container-1"))
    small.cloud.arm.store.documents.pop(container)
    assert small.refresh().ok().changes == {"delete": 1}
    assert small.up().ok().changes == {"create": 1}
    assert container in small.cloud.ids()


def test_destroy_leaves_nothing_and_spares_what_is_protected(small: Stack) -> None:
    small.config(protect=True).up().ok()
    before = small.cloud.ids()
    refused = small.destroy()
    assert refused.code != 0
    assert "protected" in refused.text
    assert small.cloud.ids() == before
    small.config(protect=False).up().ok()
    small.destroy().ok()
    assert not small.cloud.ids()
    assert not small.resources()


def test_a_secret_is_in_no_state_no_output_and_no_log(small: Stack) -> None:
    small.run("config", "set", "--secret", "token", "token-hunter2").ok()
    done = small.up("--diff").ok()
    assert small.outputs(secrets=True)["token"] == "token-hunter2"
    assert small.outputs()["token"] == "[secret]"
    assert small.outputs()["token_is_secret"] is True
    written = [file.read_bytes() for file in small.scratch.rglob("*") if file.is_file()]
    shown = b"".join(text for text in written if b"token-hunter2" in text)
    assert shown.count(b"token-hunter2") == 1, "only the one answer to --show-secrets has it"
    assert "token-hunter2" not in done.text
    group = small.cloud.document("resourceGroups/small")
    assert group["tags"]["token"] == "token-hunter2"
    small.variables["PULUMI_CONFIG_PASSPHRASE"] = "wrong"
    assert "incorrect passphrase" in small.preview().text


def test_a_policy_pack_lets_pass_and_refuses(small: Stack) -> None:
    pack = small.folder / "policy"
    assert small.preview(policy=pack).ok().violations == []
    small.config(owner="nobody")
    refused = small.preview(policy=pack)
    assert refused.code != 0
    assert [violation["policyName"] for violation in refused.violations] == ["owned"]
    assert "The tag owner names somebody." in refused.text
    assert not small.cloud.writes()


def test_a_program_that_stops_says_so_without_a_traceback(small: Stack) -> None:
    stopped = small.config(stop="yes").preview()
    assert stopped.code != 0
    assert "Remove it: pulumi config rm stop" in stopped.text
    assert "Traceback" not in stopped.text
    assert "exit status" not in stopped.text, "what the user has read is not followed by a second error"
    (small.folder / "__main__.py").write_text("import settings_that_are_not_there")
    assert "ModuleNotFoundError" in small.preview().text


def test_a_type_or_a_name_that_nobody_knows_is_refused(small: Stack) -> None:
    program = "from pulumi_azure_native import {}\n{}"
    main = small.folder / "__main__.py"
    main.write_text(program.format("sql", "sql.Server('x', resource_group_name='small', server_name='x')"))
    assert "'azure-native:sql:Server' is not emulated" in small.preview().text
    arguments = "'x', resource_group_name='small', account_name='x', kind='StorageV2', sku={'nmae_': 'Standard_LRS'}"
    main.write_text(program.format("storage", f"storage.StorageAccount({arguments})"))
    assert "'sku.nmae_' is not an input of azure-native:storage:StorageAccount" in small.preview().text


def test_a_caller_without_a_role_can_do_nothing(small: Stack) -> None:
    nobody = "00000000-0000-0000-0000-0000000000aa"
    refused = small.up(caller=nobody)
    assert refused.code != 0
    assert "AuthorizationFailed" in refused.text and nobody in refused.text
    assert not small.cloud.ids()


def test_each_provider_of_a_program_has_its_own_subscription(small: Stack) -> None:
    here, there = small.cloud.subscription, "/subscriptions/00000000-0000-0000-0000-000000000002"
    small.cloud.arm.store.documents[there] = {"id": there}
    small.cloud.arm.assign(small.caller, "Owner", there)
    (small.folder / "__main__.py").write_text(f"""
import pulumi, pulumi_azure_native as azure
other = azure.Provider("other", subscription_id="{there.rsplit("/", 1)[1]}", location="northeurope")
azure.resources.ResourceGroup("here", resource_group_name="small")
azure.resources.ResourceGroup("there", resource_group_name="small", opts=pulumi.ResourceOptions(provider=other))
pulumi.export("who", azure.authorization.get_client_config().object_id)
""")
    small.up().ok()
    found = {id: small.cloud.arm.store.documents[id]["location"] for id in small.cloud.ids()}
    assert found == {f"{here}/resourceGroups/small": "westeurope", f"{there}/resourceGroups/small": "northeurope"}
    assert small.outputs()["who"] == small.caller


def test_nothing_is_left_running_after_a_kill(small: Stack) -> None:
    killed = small.start("up", "--yes", "--skip-preview").kill(signal.SIGKILL)
    killed.wait()
    assert killed.left_behind() == []


def test_two_stacks_of_a_program_share_nothing(small: Stack) -> None:
    small.up().ok()
    other = small.beside("other").init()
    assert other.preview().ok().changes["create"] == 8
