"""What Azure adds to what was sent: ids, endpoints, states. Deterministic: made from the ARM id and its incarnation."""

import uuid
from collections.abc import Callable, Mapping

from tests.emulator.ids import GROUP_TYPE
from tests.emulator.rules.managed_network import isolation
from tests.emulator.rules.rule import Ask
from tests.emulator.store import TENANT, Document

READ_ONLY = ("id", "name", "type", "systemData")


def complete(ask: Ask) -> Document:
    """The resource as it is stored: what was sent, then what Azure keeps or adds."""
    sent = {key: value for key, value in ask.body.items() if key not in READ_ONLY and value is not None}
    properties = {key: value for key, value in (sent.pop("properties", None) or {}).items() if value is not None}
    shown = GROUP_TYPE if ask.id.kind == GROUP_TYPE.lower() else ask.id.type
    document = {"id": ask.id.text, "name": ask.id.name, "type": shown} | sent
    if identity := sent.get("identity"):
        document["identity"] = _identity(ask, identity)
    born = (ask.before or {}).get("systemData", {}).get("createdAt") or ask.arm.clock.stamp()
    document["systemData"] = {"createdAt": born, "createdBy": ask.caller, "lastModifiedAt": ask.arm.clock.stamp()}
    if make := FILLS.get(ask.id.kind):
        properties = make(ask, properties)
    document["properties"] = properties if ask.id.kind in STATELESS else {"provisioningState": "Succeeded"} | properties
    return document


def guid(ask: Ask, what: str) -> str:
    """The same for one life of a resource, another after it was deleted and made again."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{ask.id.key}#{ask.arm.births.get(ask.id.key, 1)}#{what}"))


def _identity(ask: Ask, sent: Document) -> Document:
    """System-assigned: a principal of its own. User-assigned: that of each identity, which may be named as a list."""
    identity = {"type": sent.get("type", "None")}
    if "SystemAssigned" in identity["type"]:
        identity |= {"principalId": guid(ask, "principal"), "tenantId": TENANT}
    users = {}
    for id in sent.get("userAssignedIdentities") or ():
        found = (ask.arm.find(id) or {}).get("properties", {})
        users[id] = {key: found[key] for key in ("principalId", "clientId") if key in found}
    return identity | ({"userAssignedIdentities": users} if users else {})


def _user_identity(ask: Ask, properties: Document) -> Document:
    return properties | {
        "principalId": guid(ask, "principal"),
        "clientId": guid(ask, "client"),
        "tenantId": TENANT,
    }


def _storage(ask: Ask, properties: Document) -> Document:
    name, kinds = ask.id.name, ("blob", "dfs", "file", "queue", "table", "web")
    endpoints = {kind: f"https://{name}.{kind}.core.windows.net/" for kind in kinds}
    defaults = {"allowSharedKeyAccess": True, "allowBlobPublicAccess": False, "supportsHttpsTrafficOnly": True}
    fixed = {
        "primaryEndpoints": endpoints,
        "primaryLocation": ask.body.get("location"),
        "statusOfPrimary": "available",
        "creationTime": (ask.before or {}).get("properties", {}).get("creationTime") or ask.arm.clock.stamp(),
        "privateEndpointConnections": ask.was("privateEndpointConnections", []),
    }
    return defaults | properties | fixed


def _vault(ask: Ask, properties: Document) -> Document:
    defaults = {"enableSoftDelete": True, "softDeleteRetentionInDays": 90, "accessPolicies": []}
    return defaults | properties | {"vaultUri": f"https://{ask.id.name}.vault.azure.net/"}


def _key(ask: Ask, properties: Document) -> Document:
    vault = ask.id.parent
    uri = f"https://{vault.name if vault else ''}.vault.azure.net/keys/{ask.id.name}"
    return properties | {"keyUri": uri, "keyUriWithVersion": f"{uri}/{guid(ask, 'version').replace('-', '')}"}


def _registry(ask: Ask, properties: Document) -> Document:
    made = {"loginServer": f"{ask.id.name.lower()}.azurecr.io", "creationDate": ask.arm.clock.stamp()}
    return {"adminUserEnabled": False, "zoneRedundancy": "Disabled"} | properties | made


def _logs(ask: Ask, properties: Document) -> Document:
    return {"retentionInDays": 30, "sku": {"name": "PerGB2018"}} | properties | {"customerId": guid(ask, "customer")}


def _insights(ask: Ask, properties: Document) -> Document:
    key, app = guid(ask, "key"), guid(ask, "app")
    made = {"InstrumentationKey": key, "AppId": app, "ApplicationId": ask.id.name, "TenantId": TENANT}
    return properties | made | {"ConnectionString": f"InstrumentationKey={key};ApplicationId={app}"}


def _workspace(ask: Ask, properties: Document) -> Document:
    made = {
        "workspaceId": guid(ask, "workspace"),
        "tenantId": TENANT,
        "discoveryUrl": f"https://{ask.body.get('location', '')}.api.azureml.ms/discovery",
        "mlFlowTrackingUri": f"azureml://{ask.body.get('location', '')}.api.azureml.ms/mlflow/v1.0{ask.id.text}",
    }
    network = dict(ask.was("managedNetwork", {})) | (properties.get("managedNetwork") or {})
    if network.get("isolationMode", "Disabled") != "Disabled":
        network["networkId"] = guid(ask, "network")
        if any(given.get("type") == "FQDN" for given in (network.get("outboundRules") or {}).values()):
            network["firewallSku"] = network.get("firewallSku", "Standard")
        if properties.get("provisionNetworkNow"):
            ask.arm.networks.setdefault(ask.id.key, ask.arm.clock.stamp())
        properties = properties | {"managedNetwork": network}
    return {"publicNetworkAccess": "Enabled", "hbiWorkspace": False} | properties | made


def _outbound_rule(ask: Ask, properties: Document) -> Document:
    """The first domain rule starts a firewall, seen on the workspace."""
    workspace = ask.arm.find(ask.id.parent.text) if ask.id.parent else None
    if workspace and properties.get("type") == "FQDN":
        workspace["properties"]["managedNetwork"].setdefault("firewallSku", "Standard")
    return {"category": "UserDefined", "status": "Active"} | properties


def _compute(ask: Ask, properties: Document) -> Document:
    """The first compute starts the managed network."""
    workspace = ask.id.parent
    if workspace and isolation(ask.arm.find(workspace.text)) != "Disabled":
        ask.arm.networks.setdefault(workspace.key, ask.arm.clock.stamp())
    return properties


def _assignment(ask: Ask, properties: Document) -> Document:
    scope = ask.id.parent.text if ask.id.parent else "/"
    created = ask.was("createdOn") or ask.arm.clock.stamp()
    return {"principalType": "ServicePrincipal"} | properties | {"scope": scope, "createdOn": created}


def _private_endpoint(ask: Ask, properties: Document) -> Document:
    """Approved at once, as it is where the caller may approve; one address by name."""
    connections = [
        connection
        | {
            "properties": (connection.get("properties") or {})
            | {
                "provisioningState": "Succeeded",
                "privateLinkServiceConnectionState": {"status": "Approved", "actionsRequired": "None"},
            }
        }
        for connection in properties.get("privateLinkServiceConnections") or []
    ]
    card = (
        f"{ask.id.parent.text if ask.id.parent else ''}/providers/Microsoft.Network/networkInterfaces/{ask.id.name}.nic"
    )
    return properties | {"privateLinkServiceConnections": connections, "networkInterfaces": [{"id": card}]}


def _zone(ask: Ask, properties: Document) -> Document:
    return properties | {"numberOfRecordSets": 1, "numberOfVirtualNetworkLinks": 0}


def _endpoint(ask: Ask, properties: Document) -> Document:
    uri = f"https://{ask.id.name}.{ask.body.get('location', '')}.inference.ml.azure.com"
    return {"traffic": {}} | properties | {"scoringUri": f"{uri}/score", "swaggerUri": f"{uri}/swagger.json"}


def _deployment(ask: Ask, properties: Document) -> Document:
    return {"scaleSettings": {"scaleType": "Default"}, "properties": {}} | properties


def _ml_registry(ask: Ask, properties: Document) -> Document:
    made = {"discoveryUrl": f"https://{ask.body.get('location', '')}.api.azureml.ms/registrymanagement/v1.0/registries"}
    return properties | made


def _asset(ask: Ask, properties: Document) -> Document:
    return {"properties": {}, "tags": {}, "isArchived": False} | properties


def _model(ask: Ask, properties: Document) -> Document:
    return {"flavors": {}} | _asset(ask, properties)


def _job(ask: Ask, properties: Document) -> Document:
    return {"status": "NotStarted", "services": {}, "outputs": {}} | _asset(ask, properties)


def _schedule(ask: Ask, properties: Document) -> Document:
    return {"isEnabled": True, "tags": {}, "properties": {}} | properties


FILLS: Mapping[str, Callable[[Ask, Document], Document]] = {
    "microsoft.managedidentity/userassignedidentities": _user_identity,
    "microsoft.storage/storageaccounts": _storage,
    "microsoft.keyvault/vaults": _vault,
    "microsoft.keyvault/vaults/keys": _key,
    "microsoft.containerregistry/registries": _registry,
    "microsoft.operationalinsights/workspaces": _logs,
    "microsoft.insights/components": _insights,
    "microsoft.machinelearningservices/workspaces": _workspace,
    "microsoft.machinelearningservices/workspaces/onlineendpoints": _endpoint,
    "microsoft.machinelearningservices/workspaces/onlineendpoints/deployments": _deployment,
    "microsoft.machinelearningservices/workspaces/outboundrules": _outbound_rule,
    "microsoft.machinelearningservices/workspaces/computes": _compute,
    "microsoft.machinelearningservices/registries": _ml_registry,
    "microsoft.machinelearningservices/workspaces/jobs": _job,
    "microsoft.machinelearningservices/workspaces/schedules": _schedule,
    "microsoft.machinelearningservices/workspaces/models/versions": _model,
    **{
        f"microsoft.machinelearningservices/workspaces/{kind}/versions": _asset
        for kind in ("codes", "data", "environments", "components")
    },
    "microsoft.machinelearningservices/registries/environments/versions": _asset,
    "microsoft.machinelearningservices/registries/models/versions": _model,
    "microsoft.authorization/roleassignments": _assignment,
    "microsoft.network/privateendpoints": _private_endpoint,
    "microsoft.network/privatednszones": _zone,
}
STATELESS = {
    "microsoft.authorization/roleassignments",
    "microsoft.authorization/locks",
    "microsoft.consumption/budgets",
}
