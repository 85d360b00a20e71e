"""What holds for every stack, as a security officer would ask it. A question is also put to a stack that breaks it."""

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from policy import Resource, judge
from policy.limits import limits
from record import Recorded
from roles import WITHIN, rights

from mlops import settings

STACKS = ("dev", "staging", "prod")
PROJECT = Path(__file__).resolve().parents[2]
Seen = Sequence[Resource]


def of(resources: Iterable[Resource], *kinds: str) -> list[Resource]:
    return [each for each in resources if each.kind in kinds]


def one(resources: Iterable[Resource], kind: str) -> Resource:
    (found,) = of(resources, kind)
    return found


def azure(resources: Iterable[Resource]) -> list[Resource]:
    return [each for each in resources if each.type.startswith("azure-native:")]


def but(resources: Seen, kind: str, path: str, value: Any) -> Seen:
    """The same resources; those of a kind say something else at a dotted path."""

    def put(inputs: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
        first, *rest = keys
        return {**inputs, first: put(inputs.get(first) or {}, rest) if rest else value}

    keys = path.split(".")
    return [
        dataclasses.replace(each, inputs=put(each.inputs, keys)) if each.kind == kind else each for each in resources
    ]


def without(resources: Seen, name: str) -> Seen:
    return [each for each in resources if each.name != name]


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


def hosts(resources: Seen) -> list[str]:
    """Host names that have a rule: the first one starts a firewall."""
    rules = (one(resources, "machinelearningservices:Workspace").get("managedNetwork.outboundRules") or {}).values()
    return [rule["destination"] for rule in rules if rule["type"] == "FQDN"]


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


@pytest.mark.parametrize("stack", STACKS)
def test_roles_are_those_of_the_matrix_and_no_more(recorded: Mapping[str, Recorded], stack: str) -> None:
    resources = recorded[stack].resources
    given = {each.get("roleDefinitionId").rpartition("/")[2] for each in assignments(resources)}
    rows = [right for right in rights(stack, "stack") if right.scope in WITHIN]
    assert Counter(granted(resources)) == Counter((right.who, right.role_id) for right in rows)
    assert given == {right.role_id for right in rows}


def granted(resources: Seen) -> list[tuple[str, str]]:
    """Who is given which role, from the assignments themselves."""
    return [(who(resources, each), each.get("roleDefinitionId").rpartition("/")[2]) for each in assignments(resources)]


def assignments(resources: Seen) -> list[Resource]:
    return of(resources, "authorization:RoleAssignment")


def who(resources: Seen, assignment: Resource) -> str:
    """The identity that an assignment is for, as the matrix calls it."""
    (urn,) = assignment.sources["principalId"]
    (identity,) = (each for each in resources if each.urn == urn)
    return identity.get("resourceName").rpartition("-")[2]


def early(found: Recorded, kind: str, identity: str) -> bool:
    """Whether what acts as an identity waits for each of its roles but those at the workspace itself."""
    workspace = one(found.resources, "machinelearningservices:Workspace")
    theirs = [each for each in assignments(found.resources) if who(found.resources, each) == identity]
    roles = {each.urn for each in theirs if not each.of("scope", workspace)}
    assert roles
    return all(roles <= found.after[each.urn] for each in of(found.resources, kind))


USERS = {"machinelearningservices:Workspace": "workspace", "machinelearningservices:Compute": "compute"}


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize(("kind", "identity"), USERS.items())
def test_roles_are_there_before_who_needs_them(
    recorded: Mapping[str, Recorded], stack: str, kind: str, identity: str
) -> None:
    found = recorded[stack]
    assert early(found, kind, identity)
    assert not early(dataclasses.replace(found, after=dict.fromkeys(found.after, frozenset())), kind, identity)


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


def test_a_host_name_is_seen_and_refused(recorded: Mapping[str, Recorded]) -> None:
    resources = recorded["in a network that exists"].resources
    assert hosts(resources) == ["data.example.org"]
    assert any("data.example.org" in str(each) for each in judge(resources, "prod"))


@pytest.mark.parametrize("stack", STACKS)
def test_budget_and_alerts_are_the_figures_of_mlops_yaml(recorded: Mapping[str, Recorded], stack: str) -> None:
    service = settings.load(PROJECT / "mlops.yaml").service
    promised = {service.batch.deadline_minutes} | ({service.online.p95_ms} if service.online else set())
    assert one(recorded[stack].resources, "consumption:Budget").get("amount") == service.cost_per_month
    assert promised <= thresholds(recorded[stack].resources)


def test_other_figures_make_other_alerts(recorded: Mapping[str, Recorded]) -> None:
    resources = recorded["in a network that exists"].resources
    assert one(resources, "consumption:Budget").get("amount") == 1234
    assert 17 in thresholds(resources)


def thresholds(resources: Seen) -> set[float]:
    return {each.get("criteria.allOf")[0]["threshold"] for each in of(resources, "monitor:ScheduledQueryRule")}


def test_stacks_differ_in_settings_only(recorded: Mapping[str, Recorded]) -> None:
    """What a public stack has, a private one has too; more is for private endpoints, logs or roles that it needs."""
    kinds = {stack: {each.kind for each in azure(recorded[stack].resources)} for stack in STACKS}
    assert kinds["dev"] <= kinds["staging"] <= kinds["prod"]
    assert {kind.partition(":")[0] for kind in kinds["prod"] - kinds["dev"]} <= {"network", "privatedns", "storage"}


@pytest.mark.parametrize("stack", STACKS)
def test_datastores_use_an_identity(recorded: Mapping[str, Recorded], stack: str) -> None:
    assert "machinelearningservices:Workspace" not in keyed(recorded[stack].resources)


def test_a_lake_is_read_by_identity_and_only_read(recorded: Mapping[str, Recorded]) -> None:
    resources = recorded["in a network that exists"].resources
    stores = of(resources, "machinelearningservices:Datastore")
    assert [each.get("properties.credentials.credentialsType") for each in stores] == ["None", "None"]
    there = [each for each in assignments(resources) if "/storageaccounts/lake" in each.get("scope").lower()]
    source = [right for right in rights("prod", "stack") if right.scope.startswith("source")]
    assert len(there) == len(source), "Azure refuses the same role twice in one place"
    assert not any("Contributor" in right.role for right in source)


def test_two_datastores_in_one_account_share_the_way_to_it(recorded: Mapping[str, Recorded]) -> None:
    workspace = one(recorded["in a network that exists"].resources, "machinelearningservices:Workspace")
    assert [name for name in workspace.get("managedNetwork.outboundRules") if name.startswith("source")] == [
        "source-lake"
    ]


def test_a_network_that_exists_is_used(recorded: Mapping[str, Recorded]) -> None:
    resources = recorded["in a network that exists"].resources
    assert not of(resources, "network:VirtualNetwork", "privatedns:PrivateZone", "network:NetworkSecurityGroup")
    subnets = {each.get("subnet.id") for each in of(resources, "network:PrivateEndpoint")}
    assert [each.rpartition("/")[2] for each in subnets] == ["endpoints"]
    assert of(recorded["prod"].resources, "network:VirtualNetwork")


def test_logs_that_exist_are_used(recorded: Mapping[str, Recorded]) -> None:
    resources = recorded["in a network that exists"].resources
    assert not of(resources, "operationalinsights:Workspace")
    workspaces = {each.get("workspaceId") for each in of(resources, "monitor:DiagnosticSetting")}
    assert [each.rpartition("/")[2] for each in workspaces] == ["central"]
    assert of(recorded["prod"].resources, "operationalinsights:Workspace")


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
