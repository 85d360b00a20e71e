"""What holds for every stack, as a security officer would ask it. A question is also put to a stack that breaks it."""

import re
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path

import pytest
from policy import judge
from policy.limits import limits
from record import Recorded
from seen import STACKS, Seen, azure, but, hosts, of, one, thresholds

from mlops import settings

PROJECT = Path(__file__).resolve().parents[2]


CLOSED = {
    "storage:StorageAccount": "publicNetworkAccess",
    "keyvault:Vault": "properties.publicNetworkAccess",
    "containerregistry:Registry": "publicNetworkAccess",
    "machinelearningservices:Workspace": "publicNetworkAccess",
}
KEYLESS = {
    "storage:StorageAccount": ("allowSharedKeyAccess", False),
    "containerregistry:Registry": ("adminUserEnabled", False),
    "keyvault:Vault": ("properties.enableRbacAuthorization", True),
    "operationalinsights:Workspace": ("features.disableLocalAuth", True),
    "applicationinsights:Component": ("disableLocalAuth", True),
    "machinelearningservices:Compute": ("properties.disableLocalAuth", True),
    "machinelearningservices:Workspace": ("systemDatastoresAuthMode", "Identity"),
}


def opened(resources: Seen) -> set[str]:
    """Kinds that the internet reaches."""
    return {each.kind for kind, path in CLOSED.items() for each in of(resources, kind) if each.get(path) != "Disabled"}


def keyed(resources: Seen) -> set[str]:
    """Kinds to which a key or a password opens the door."""
    return {
        each.kind
        for kind, (path, wanted) in KEYLESS.items()
        for each in of(resources, kind)
        if str(each.get(path)).lower() != str(wanted).lower()
    }


def untagged(resources: Seen, environment: str) -> set[str]:
    """Names of what lacks a tag that it could carry."""
    known = limits(environment).all
    taggable = [each for each in azure(resources) if not any(fnmatch(each.kind, kind) for kind in known.untaggable)]
    return {each.name for each in taggable if not all((each.get("tags") or {}).get(tag) for tag in known.tags)}


@pytest.mark.parametrize("stack", STACKS)
def test_it_keeps_every_policy(recorded: Mapping[str, Recorded], stack: str) -> None:
    found = recorded[stack]
    assert not found.refused + found.failed
    assert [str(each) for each in judge(found.resources, stack)] == []


def test_a_policy_that_is_broken_is_named(recorded: Mapping[str, Recorded]) -> None:
    found = judge(but(recorded["prod"].resources, "storage:StorageAccount", "allowSharedKeyAccess", True), "prod")
    assert any("allowSharedKeyAccess is true" in str(each) for each in found)


def test_the_internet_reaches_nothing_in_prod(recorded: Mapping[str, Recorded]) -> None:
    resources = recorded["prod"].resources
    assert all(of(resources, kind) for kind in CLOSED)
    assert opened(resources) == set()


@pytest.mark.parametrize(("kind", "path"), CLOSED.items())
def test_an_open_door_is_seen(recorded: Mapping[str, Recorded], kind: str, path: str) -> None:
    assert opened(but(recorded["prod"].resources, kind, path, "Enabled")) == {kind}


@pytest.mark.parametrize("stack", STACKS)
def test_no_key_opens_anything(recorded: Mapping[str, Recorded], stack: str) -> None:
    assert keyed(recorded[stack].resources) == set()


@pytest.mark.parametrize("kind", KEYLESS)
def test_a_key_is_seen(recorded: Mapping[str, Recorded], kind: str) -> None:
    path, wanted = KEYLESS[kind]
    assert keyed(
        but(recorded["dev"].resources, kind, path, "AccessKey" if isinstance(wanted, str) else not wanted)
    ) == {kind}


@pytest.mark.parametrize("stack", STACKS)
def test_everything_says_whose_it_is(recorded: Mapping[str, Recorded], stack: str) -> None:
    resources = recorded[stack].resources
    assert untagged(resources, stack) == set()
    assert untagged(but(resources, "keyvault:Vault", "tags.owner", ""), stack) == {"vault"}


LENGTHS = {
    "storage:StorageAccount": ("accountName", r"[a-z0-9]{3,24}"),
    "keyvault:Vault": ("vaultName", r"[a-zA-Z][a-zA-Z0-9-]{2,23}"),
    "containerregistry:Registry": ("registryName", r"[a-zA-Z0-9]{5,50}"),
    "machinelearningservices:Workspace": ("workspaceName", r"[a-zA-Z0-9][\w-]{2,32}"),
    "machinelearningservices:Compute": ("computeName", r"[a-zA-Z][a-zA-Z0-9-]{2,23}"),
    "monitor:ActionGroup": ("groupShortName", r".{1,12}"),
}
"""Naming rules and restrictions for Azure resources (Microsoft, 2026)."""


@pytest.mark.parametrize("stack", STACKS)
def test_names_are_within_azures_limits(recorded: Mapping[str, Recorded], stack: str) -> None:
    for kind, (path, pattern) in LENGTHS.items():
        for each in of(recorded[stack].resources, kind):
            assert re.fullmatch(pattern, each.get(path)), each.get(path)


def test_the_workspace_of_prod_is_protected(recorded: Mapping[str, Recorded]) -> None:
    protected = {stack: one(recorded[stack].resources, "machinelearningservices:Workspace").protect for stack in STACKS}
    assert protected == {"dev": False, "staging": False, "prod": True}


@pytest.mark.parametrize("stack", STACKS)
def test_no_host_name_starts_a_firewall(recorded: Mapping[str, Recorded], stack: str) -> None:
    assert hosts(recorded[stack].resources) == []


@pytest.mark.parametrize("stack", STACKS)
def test_logs_of_predictions_end_when_mlops_yaml_says(recorded: Mapping[str, Recorded], stack: str) -> None:
    found = recorded[stack].resources
    logs, *_ = one(found, "storage:ManagementPolicy").get("policy.rules")
    days = settings.load(PROJECT / "mlops.yaml").service.keep_log_days
    assert logs["definition"]["actions"] == {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": days}}}
    containers = {each.get("containerName") for each in of(found, "storage:BlobContainer")}
    assert {prefix.rstrip("/") for prefix in logs["definition"]["filters"]["prefixMatch"]} == containers


@pytest.mark.parametrize("stack", STACKS)
def test_the_key_of_the_log_can_sign_and_nothing_else(recorded: Mapping[str, Recorded], stack: str) -> None:
    assert one(recorded[stack].resources, "keyvault:Key").get("properties.keyOps") == ["sign"]


@pytest.mark.parametrize("stack", STACKS)
def test_budget_and_alerts_are_the_figures_of_mlops_yaml(recorded: Mapping[str, Recorded], stack: str) -> None:
    service = settings.load(PROJECT / "mlops.yaml").service
    promised = {service.batch.deadline_minutes} | ({service.online.p95_ms} if service.online else set())
    assert one(recorded[stack].resources, "consumption:Budget").get("amount") == service.cost_per_month
    assert promised <= thresholds(recorded[stack].resources)


def test_stacks_differ_in_settings_only(recorded: Mapping[str, Recorded]) -> None:
    """What a public stack has, a private one has too; more is for private endpoints, logs or roles that it needs."""
    kinds = {stack: {each.kind for each in azure(recorded[stack].resources)} for stack in STACKS}
    assert kinds["dev"] <= kinds["staging"] <= kinds["prod"]
    assert {kind.partition(":")[0] for kind in kinds["prod"] - kinds["dev"]} <= {"network", "privatedns", "storage"}


@pytest.mark.parametrize("stack", STACKS)
def test_datastores_use_an_identity(recorded: Mapping[str, Recorded], stack: str) -> None:
    assert "machinelearningservices:Workspace" not in keyed(recorded[stack].resources)


def test_a_stack_that_weakens_itself_is_refused_in_words(recorded: Mapping[str, Recorded]) -> None:
    found = recorded["an open prod"]
    assert [each.kind for each in azure(found.resources)] == []
    assert re.search(r"Pulumi\.prod\.yaml:\d+: `network\.inbound` is public; prod needs private", found.refused)
    assert re.search(r"Pulumi\.prod\.yaml:\d+: `images\.sku` must be", found.refused)
    assert not found.failed


def test_the_program_runs_before_anything_is_up(recorded: Mapping[str, Recorded]) -> None:
    found = recorded["prod, before it is up"]
    assert not found.refused + found.failed
    assert {each.urn for each in found.resources} == {each.urn for each in recorded["prod"].resources}
    assert judge(found.resources, "prod") == []
