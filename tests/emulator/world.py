"""A project's resources as ARM documents, for the tests of rules: each can be put as it is, or changed in one place."""

import copy
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.emulator.access import BUILT_IN
from tests.emulator.arm import OWNER, Arm
from tests.emulator.clock import Clock
from tests.emulator.rules import Refusal
from tests.emulator.store import SUBSCRIPTION, TENANT, Document

SUB = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{SUB}/resourceGroups/rg"
_RG = f"{GROUP}/providers"
STORAGE, VAULT = f"{_RG}/Microsoft.Storage/storageAccounts/stlend", f"{_RG}/Microsoft.KeyVault/vaults/kv-lend"
CONTAINER = f"{STORAGE}/blobServices/default/containers/ledger"
REGISTRY = f"{_RG}/Microsoft.ContainerRegistry/registries/crlend"
LOGS, INSIGHTS = f"{_RG}/Microsoft.OperationalInsights/workspaces/log-lend", f"{_RG}/Microsoft.Insights/components/appi"
VNET, ZONE = (
    f"{_RG}/Microsoft.Network/virtualNetworks/vnet",
    f"{_RG}/Microsoft.Network/privateDnsZones/privatelink.x.net",
)
SUBNET, NSG = f"{VNET}/subnets/endpoints", f"{_RG}/Microsoft.Network/networkSecurityGroups/nsg"
ENDPOINT = f"{_RG}/Microsoft.Network/privateEndpoints/pe-blob"
WORKSPACE = f"{_RG}/Microsoft.MachineLearningServices/workspaces/mlw-lend"
CLUSTER, ONLINE = f"{WORKSPACE}/computes/cpu", f"{WORKSPACE}/onlineEndpoints/score"
DEPLOYMENT = f"{ONLINE}/deployments/blue"
IDENTITY = f"{_RG}/Microsoft.ManagedIdentity/userAssignedIdentities/id-lend"
ACTIONS = f"{_RG}/Microsoft.Insights/actionGroups/people"
ALERT = f"{_RG}/Microsoft.Insights/scheduledQueryRules/errors"
SETTING = f"{WORKSPACE}/providers/Microsoft.Insights/diagnosticSettings/all"
BUDGET = f"{GROUP}/providers/Microsoft.Consumption/budgets/month"
HERE = {"location": "westeurope"}
BODIES: dict[str, Document] = {
    GROUP: HERE,
    IDENTITY: HERE,
    STORAGE: HERE
    | {"sku": {"name": "Standard_ZRS"}, "kind": "StorageV2", "properties": {"allowSharedKeyAccess": False}},
    VAULT: HERE | {"properties": {"tenantId": TENANT, "enablePurgeProtection": True, "softDeleteRetentionInDays": 90}},
    REGISTRY: HERE | {"sku": {"name": "Premium"}, "properties": {"zoneRedundancy": "Enabled"}},
    LOGS: HERE | {"properties": {"retentionInDays": 90}},
    INSIGHTS: HERE | {"kind": "web", "properties": {"WorkspaceResourceId": LOGS}},
    NSG: HERE,
    VNET: HERE | {"properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/24"]}}},
    SUBNET: {"properties": {"addressPrefix": "10.0.0.0/26", "networkSecurityGroup": {"id": NSG}}},
    ZONE: {"location": "global"},
    ACTIONS: {"location": "global", "properties": {"groupShortName": "people", "enabled": True}},
    ALERT: HERE
    | {
        "properties": {
            "scopes": [LOGS],
            "windowSize": "PT15M",
            "evaluationFrequency": "PT5M",
            "severity": 2,
            "actions": {"actionGroups": [ACTIONS]},
        }
    },
    WORKSPACE: HERE
    | {
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "storageAccount": STORAGE,
            "keyVault": VAULT,
            "applicationInsights": INSIGHTS,
            "containerRegistry": REGISTRY,
            "systemDatastoresAuthMode": "identity",
            "managedNetwork": {"isolationMode": "AllowInternetOutbound"},
            "provisionNetworkNow": True,
        },
    },
    SETTING: {"properties": {"workspaceId": LOGS, "logs": [{"category": "AmlComputeClusterEvent", "enabled": True}]}},
    ENDPOINT: HERE
    | {
        "properties": {
            "subnet": {"id": SUBNET},
            "privateLinkServiceConnections": [
                {"name": "blob", "properties": {"privateLinkServiceId": STORAGE, "groupIds": ["blob"]}}
            ],
        }
    },
    CLUSTER: {
        "properties": {
            "computeType": "AmlCompute",
            "properties": {"vmSize": "Standard_DS3_v2", "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 4}},
        }
    },
    ONLINE: HERE | {"identity": {"type": "SystemAssigned"}, "properties": {"authMode": "AADToken"}},
    DEPLOYMENT: HERE | {"sku": {"name": "Default", "capacity": 3}, "properties": {"instanceType": "Standard_DS2_v2"}},
}


class World:
    """An empty subscription, and the resources above to fill it with."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.arm = Arm(clock=clock)

    def put(self, id: str, changes: Document | None = None, *, like: str = "", caller: str = OWNER) -> Document:
        """Put a resource as it stands above (or as `like` stands), `changes` applied by dotted path."""
        body = copy.deepcopy(BODIES.get(like or id, {}))
        for path, value in (changes or {}).items():
            *way, last = path.split(".")
            place = body
            for key in way:
                place = place.setdefault(key, {})
            place[last] = value
        return self.arm.put(caller, id, body)

    def make(self, *until: str, without: tuple[str, ...] = ()) -> None:
        """Put everything above down to the last of `until`, in order, as it stands."""
        for id in BODIES:
            if id in without or self.arm.find(id):
                continue
            if all(self.arm.find(wanted) for wanted in until):
                return
            self.put(id)

    def principal(self, id: str = IDENTITY) -> str:
        found = self.arm.find(id)
        assert found
        return found["properties"]["principalId"]

    def budget(self, start: str, **properties: object) -> Document:
        notifications = {"most": {"threshold": 80, "operator": "GreaterThan", "contactEmails": ["a@b.c"]}}
        given = {"amount": 400, "timeGrain": "Monthly", "notifications": notifications} | properties
        return self.arm.put(OWNER, BUDGET, {"properties": given | {"timePeriod": {"startDate": start}}})

    def give(self, principal: str, role: str, scope: str = GROUP, caller: str = OWNER, **more: object) -> Document:
        """Assign a built-in role by a request, as a program does."""
        definition = f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{BUILT_IN[role]['id']}"
        name = uuid.uuid5(uuid.NAMESPACE_URL, principal + role + scope)
        given = {"roleDefinitionId": definition, "principalId": principal, "principalType": "ServicePrincipal"} | more
        return self.arm.put(
            caller, f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}", {"properties": given}
        )

    def lock(self, scope: str, level: str) -> Document:
        return self.arm.put(
            OWNER, f"{scope}/providers/Microsoft.Authorization/locks/keep", {"properties": {"level": level}}
        )


@contextmanager
def refused(rule: str, code: str, words: str) -> Iterator[None]:
    """The block is refused by this rule, with this code and these words in the message."""
    with pytest.raises(Refusal) as caught:
        yield
    refusal = caught.value
    assert (refusal.rule, refusal.code) == (rule, code), refusal
    assert words in refusal.message
