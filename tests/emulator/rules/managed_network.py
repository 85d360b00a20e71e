"""The managed network of an ML workspace: a one-way door, and half an hour until it is there."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.emulator import access
from tests.emulator.ids import Id
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.requests import region
from tests.emulator.rules.rule import Ask, dig, rule
from tests.emulator.store import Document

if TYPE_CHECKING:
    from tests.emulator.arm import Arm

WORKSPACE = "Microsoft.MachineLearningServices/workspaces"
RULE, COMPUTE = f"{WORKSPACE}/outboundRules", f"{WORKSPACE}/computes"
DEPLOYMENT = f"{WORKSPACE}/onlineEndpoints/deployments"
OFF, INTERNET, APPROVED = "Disabled", "AllowInternetOutbound", "AllowOnlyApprovedOutbound"
MINUTES, FIREWALL_MINUTES = 30, 10
MADE_BY_AZURE = {"blob", "file", "vault", "registry", "amlworkspace"}


def isolation(workspace: Document | None) -> str:
    return dig(workspace or {}, "properties.managedNetwork.isolationMode", OFF)


def active(arm: "Arm", workspace: Document) -> bool:
    """Whether the network is provisioned by now: 30 minutes after its start, 10 more with a firewall.

    Source: "Workspace managed virtual network isolation" (Microsoft Learn, 2024-08-29).
    """
    wanted = MINUTES + (FIREWALL_MINUTES if dig(workspace, "properties.managedNetwork.firewallSku") else 0)
    start = arm.networks.get(Id(workspace["id"]).key)
    return start is not None and arm.clock.since(start) >= wanted


def workspace_of(ask: Ask) -> Document:
    """The workspace that the request is about: as it will be for a put on it, else the parent at any depth."""
    if ask.id.kind == WORKSPACE.lower():
        return ask.body | {"id": ask.id.text}
    id = ask.id
    while id.parent and id.kind != WORKSPACE.lower():
        id = id.parent
    return ask.arm.find(id.text) or {}


def outbound_rules(ask: Ask) -> Iterator[tuple[str, Document]]:
    """User-defined rules in the request, by name."""
    if ask.id.kind == RULE.lower():
        yield ask.id.name, ask.body.get("properties") or {}
        return
    yield from (ask.sent("managedNetwork.outboundRules") or {}).items()


@rule(WORKSPACE)
def isolation_is_a_one_way_door(ask: Ask) -> None:
    """Isolation cannot be switched off again, nor go from approved outbound back to internet outbound.

    Source: "Workspace managed virtual network isolation" (Microsoft Learn, 2024-08-29); message: assumed.
    """
    old, new = isolation(ask.before), ask.sent("managedNetwork.isolationMode")
    order = [OFF, INTERNET, APPROVED]
    if new and order.index(new) < order.index(old):
        message = f"Managed network isolation mode cannot be changed from '{old}' to '{new}'."
        raise Refusal(400, "ValidationError", message)


@rule(WORKSPACE)
def isolation_needs_computes_gone(ask: Ask) -> None:
    """Isolation is switched on only while the workspace has no computes and no endpoints.

    Source: "Workspace managed virtual network isolation", update of a workspace (Microsoft Learn, 2024-08-29). That
    computes must go, and the message: assumed.
    """
    new = ask.sent("managedNetwork.isolationMode", OFF)
    if ask.before is None or isolation(ask.before) == new or isolation(ask.before) != OFF:
        return
    for document in ask.arm.below(ask.id.text):
        if Id(document["id"]).kind in (COMPUTE.lower(), f"{WORKSPACE}/onlineEndpoints".lower()):
            message = f"Managed network cannot be enabled while '{document['name']}' exists:"
            raise Refusal(400, "ValidationError", f"{message} delete all computes and endpoints.")


@rule(WORKSPACE, RULE)
def outbound_rule_fits_the_isolation(ask: Ask) -> None:
    """Rules need isolation; with internet outbound only private endpoints are taken.

    Source: microsoft-foundry/foundry-samples#961 (2026-09-04), and "Workspace managed virtual network isolation"
    (Microsoft Learn, 2024-08-29).
    """
    mode = isolation(workspace_of(ask))
    for name, given in outbound_rules(ask):
        if mode == OFF:
            raise Refusal(
                400, "ValidationError", f"Outbound rule '{name}' needs a managed network; isolation is 'Disabled'."
            )
        if mode == INTERNET and given.get("type") != "PrivateEndpoint":
            message = 'Only "PrivateEndpoint" outbound rules are supported when managed network isolation mode is'
            raise Refusal(400, "ValidationError", f'{message} "{INTERNET}".')


@rule(WORKSPACE, RULE)
def azure_makes_the_rules_to_its_own(ask: Ask) -> None:
    """Rules to the workspace's own storage (blob, file), vault, registry and itself exist, where Azure makes them.

    With internet outbound it makes them only to what has no public access, with approved outbound always.

    Source: Azure/azureml-examples#2990 (2024-02-08); list of required rules in "Workspace managed virtual network
    isolation" (Microsoft Learn, 2024-08-29); message: assumed.
    """
    workspace = workspace_of(ask)
    own = [dig(workspace, f"properties.{key}", "") for key in ("storageAccount", "keyVault", "containerRegistry")]
    own = {id.lower() for id in [*own, workspace.get("id", "")] if id}
    for name, given in outbound_rules(ask):
        target, part = dig(given, "destination.serviceResourceId", ""), dig(given, "destination.subresourceTarget", "")
        made = target.lower() in own and part.lower() in MADE_BY_AZURE
        if (
            given.get("type") == "PrivateEndpoint"
            and made
            and (isolation(workspace) == APPROVED or _closed(ask, target))
        ):
            message = f"Outbound rule '{name}': a rule to the destination '{target}' ({part}) already exists."
            raise Refusal(400, "ValidationError", message)


def _closed(ask: Ask, id: str) -> bool:
    return dig(ask.arm.find(id) or {}, "properties.publicNetworkAccess") == "Disabled"


@rule(WORKSPACE, RULE)
def domain_rule_fits_the_firewall(ask: Ask) -> None:
    """A domain rule cannot lead to Azure Storage. The first one starts an Azure Firewall, which costs.

    Source: "Workspace managed virtual network isolation", limitations (Microsoft Learn, 2024-08-29); message:
    assumed.
    """
    for name, given in outbound_rules(ask):
        if given.get("type") == "FQDN" and str(given.get("destination", "")).endswith(".core.windows.net"):
            message = f"Outbound rule '{name}': FQDN rules to Azure Storage are not supported, use a private endpoint."
            raise Refusal(400, "ValidationError", message)


@rule(DEPLOYMENT)
def deployment_waits_for_the_network(ask: Ask) -> None:
    """A deployment before the managed network is active is refused.

    Source: "Troubleshoot online endpoint deployment" (Microsoft Learn, from memory):
    WorkspaceManagedNetworkNotReady.
    """
    workspace = workspace_of(ask)
    if isolation(workspace) != OFF and not active(ask.arm, workspace):
        message = "The workspace managed network is not ready. Provision the managed network of the workspace first:"
        raise Refusal(400, "WorkspaceManagedNetworkNotReady", f"{message} '{workspace['name']}'.")


@rule(COMPUTE)
def compute_fits_the_network(ask: Ask) -> None:
    """In a managed network: no subnet of one's own, no Kubernetes or attached machines, the workspace's region only.

    Source: "Workspace managed virtual network isolation", limitations (Microsoft Learn, 2024-08-29); messages:
    assumed.
    """
    workspace = workspace_of(ask)
    if isolation(workspace) == OFF:
        return
    if ask.sent("computeType") in ("Kubernetes", "VirtualMachine"):
        raise Refusal(400, "ValidationError", f"{ask.sent('computeType')} is not supported in a managed network.")
    if ask.sent("properties.subnet"):
        raise Refusal(400, "ValidationError", "Compute in a managed network cannot be in a subnet of your own.")
    where = ask.sent("computeLocation") or ask.body.get("location") or workspace["location"]
    if region(where) != region(workspace["location"]):
        message = f"Compute must be in the workspace's region '{workspace['location']}' when a managed network is used."
        raise Refusal(400, "ValidationError", message)


@rule(WORKSPACE, COMPUTE, on="put post")
def network_identity_may_approve(ask: Ask) -> None:
    """A workspace with a user-assigned identity provisions its network only if that may approve private endpoints.

    Source: "Workspace managed virtual network isolation", note on user-assigned identities (2024-08-29); code:
    assumed.
    """
    workspace = (ask.before or {}) if ask.verb == "post" else workspace_of(ask)
    starts = ask.action.lower() == "provisionmanagednetwork" or (
        ask.verb == "put" and (ask.id.kind == COMPUTE.lower() or bool(ask.sent("provisionNetworkNow")))
    )
    primary = dig(workspace, "properties.primaryUserAssignedIdentity")
    if not starts or isolation(workspace) == OFF or not primary:
        return
    principal = dig(ask.arm.find(primary) or {}, "properties.principalId", "")
    for key in ("storageAccount", "keyVault", "containerRegistry"):
        target = Id(dig(workspace, f"properties.{key}", ""))
        if target.text and not access.allows(
            ask.arm, principal, target.action("privateEndpointConnectionsApproval/action"), target
        ):
            message = f"The managed identity '{primary}' cannot approve private endpoints on '{target}':"
            raise Refusal(
                403, "AuthorizationFailed", f"{message} it needs Azure AI Enterprise Network Connection Approver."
            )
