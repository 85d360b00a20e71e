"""A model goes from a private dev to the registry of the organisation, with the rights and ways that programs make."""

import pytest

from tests.emulator.rules import Refusal
from tests.infra.onboarded import Onboarded


def test_a_private_dev_shares_a_model_and_nobody_else_gets_it(onboarded: Onboarded) -> None:
    stack, arm = onboarded.begun("dev"), onboarded.cloud.arm
    settings = stack.settings()
    network = {"isolation": settings["network"]["isolation"], "inbound": "private", "address_space": "10.20.0.0/24"}
    stack.config(network=network, images={**settings["images"], "sku": "Premium"})
    stack.preview(policy=stack.folder / "policy").ok()
    stack.up(policy=stack.folder / "policy").ok()

    outputs, deploy, reader = (
        stack.outputs(),
        onboarded.principal("dev", "deploy"),
        onboarded.principal("dev", "reader"),
    )
    (workspace,) = [each for each in onboarded.cloud.ids("/workspaces/mlw-") if each.endswith(outputs["workspace"])]
    store = arm.store.documents[workspace]["properties"]["storageAccount"]
    rules = arm.store.documents[store]["properties"]["networkAcls"]
    assert [each["resourceId"] for each in rules["resourceAccessRules"]] == [outputs["registry"]]
    assert rules["defaultAction"] == "Deny" and not rules["ipRules"]

    model = f"{workspace}/models/triage/versions/1"
    arm.put(deploy, model, {"properties": {"modelUri": "azureml://datastores/workspaceblobstore/paths/model"}})
    shared = f"{outputs['registry']}/models/triage/versions/1"
    with pytest.raises(Refusal, match="registries/assets/write"):
        arm.put(reader, shared, {"properties": {"sourceAssetId": model}})
    others = [{"resourceId": workspace}]
    arm.change_behind(store, "properties.networkAcls.resourceAccessRules", others)
    with pytest.raises(Refusal, match="not authorized to read the storage of the workspace"):
        arm.put(deploy, shared, {"properties": {"sourceAssetId": model}})
    stack.up("--refresh").ok()
    arm.put(deploy, shared, {"properties": {"sourceAssetId": model}})
