"""What a registry of Azure ML refuses: it copies what workspaces have, once, as far as it may read that itself."""

from collections.abc import Iterator

from tests.emulator import access
from tests.emulator.ids import Id
from tests.emulator.rules.assets import OF_REGISTRY, SHARED, asset, located
from tests.emulator.rules.managed_network import APPROVED, DEPLOYMENT, WORKSPACE, isolation, workspace_of
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.rule import Ask, dig, rule
from tests.emulator.rules.workspace import BLOBS
from tests.emulator.store import Document

JOB = f"{WORKSPACE}/jobs"
PULL = "Microsoft.ContainerRegistry/registries/pull/read"


def registry_of(id: Id) -> Id:
    return Id("/".join(id.text.split("/")[:9]))


@rule(*SHARED)
def shared_once(ask: Ask) -> None:
    """What a registry has under a name and version is not shared there again.

    Source: azure-ai-ml 1.35.2, which looks for the version before it shares one; code and message: assumed.
    """
    if ask.before is not None and ask.sent("sourceAssetId"):
        what = f"{ask.id.parent.name if ask.id.parent else ''}:{ask.id.name}"
        raise Refusal(
            409, "UserError", f"A {ask.id.type.split('/')[-2].rstrip('s')} {what} already exists in the registry."
        )


@rule(*SHARED)
def source_is_there(ask: Ask) -> None:
    """Who shares an asset may read it where it is from.

    Source: "Share models across workspaces with registries" (Microsoft Learn, from memory); code and message: assumed.
    """
    if source := ask.sent("sourceAssetId"):
        id = Id(source)
        if ask.arm.find(source) is None or not access.allows(ask.arm, ask.caller, id.action("read"), id):
            raise Refusal(404, "UserError", f"Could not find asset with assetId {source}")


@rule(*SHARED)
def storage_lets_the_registry_in(ask: Ask) -> None:
    """A workspace's closed storage is open to chosen networks, and lists the registry among its resource instances.

    Source: "Network isolation with Azure Machine Learning registries", share assets from workspace to registry
    (Microsoft Learn, 2025-04-04); message: assumed.
    """
    if not (account := _storage(ask)):
        return
    shut = dig(account, "properties.publicNetworkAccess") == "Disabled"
    closed = shut or dig(account, "properties.networkAcls.defaultAction") == "Deny"
    instances = dig(account, "properties.networkAcls.resourceAccessRules", [])
    registry = registry_of(ask.id)
    if shut or closed and registry.key not in {Id(each["resourceId"]).key for each in instances}:
        message = f"The registry {registry.name} is not authorized to read the storage of the workspace."
        raise Refusal(403, "UserError", message)


@rule(*SHARED)
def registry_reads_what_it_copies(ask: Ask) -> None:
    """Where storage takes no keys, the registry's own identity reads the blobs that it copies.

    Source: "Configure Azure Storage to accept requests from resource instances" (Microsoft Learn, 2025-06-18): its
    role assignments say what a resource instance may do. That a registry reads as itself, and the message: assumed.
    """
    account = _storage(ask)
    if account and dig(account, "properties.allowSharedKeyAccess") is False:
        source = ask.sent("sourceAssetId")
        container = located(_uri(ask), ask.arm, "/".join(source.split("/")[:9]))[1]
        _refuse_unless(ask, f"{BLOBS}/read", f"{account['id']}/blobServices/default/containers/{container}", data=True)


@rule(*SHARED)
def registry_pulls_what_it_copies(ask: Ask) -> None:
    """The registry's own identity pulls the image of an environment from where it lies, to keep a copy.

    Source: Azure/azureml-examples#3420 (2024-10-14), where an image that the caller could pull was refused; that a
    share copies the image: README of an engineer of Azure ML (2026-04-17). That it is its own identity: assumed.
    """
    for id in _image_registries(ask):
        _refuse_unless(ask, PULL, id)


@rule(DEPLOYMENT, f"{WORKSPACE}/batchEndpoints/deployments", JOB)
def who_uses_a_registry_reads_it(ask: Ask) -> None:
    """Who deploys or submits what a registry has may read assets there; so may, for a deployment, the endpoint.

    Source: "Manage Azure Machine Learning registries", permissions (Microsoft Learn, 2024-10-10), and "Registries"
    (Azure/azureml-previews): who submits. That an endpoint pulls as its own identity, code and message: assumed.
    """
    endpoint = (ask.arm.find(ask.id.parent.text) if ask.id.parent else None) or {}
    identities = [ask.arm.find(id) or {} for id in dig(endpoint, "identity.userAssignedIdentities", {})]
    principals = [ask.caller, *(dig(each, "properties.principalId", "") for each in identities)]
    for used in _used(ask):
        for principal in principals:
            if not access.allows(ask.arm, principal, used.action("read"), used):
                message = f"'{principal}' does not have authorization to perform action '{used.action('read')}'"
                raise Refusal(403, "AuthorizationFailed", f"{message} over scope '{registry_of(used)}'.")


@rule(DEPLOYMENT)
def registry_can_be_reached(ask: Ask) -> None:
    """With approved outbound only, a rule leads to the registry from which a deployment comes.

    Source: "Network isolation with Azure Machine Learning registries", use assets from registry (Microsoft Learn,
    2025-04-04): outbound access. That one private endpoint to the registry is enough, code and message: assumed.
    """
    workspace = workspace_of(ask)
    given = (dig(workspace, "properties.managedNetwork.outboundRules") or {}).values()
    leads = {Id(dig(each, "destination.serviceResourceId", "")).key for each in given}
    for used in _used(ask):
        if isolation(workspace) == APPROVED and registry_of(used).key not in leads:
            raise Refusal(400, "ImageBuildFailure", f"The registry {registry_of(used).name} cannot be reached.")


def _source(ask: Ask) -> Document:
    return dig(ask.arm.find(ask.sent("sourceAssetId", "")) or {}, "properties", {})


def _uri(ask: Ask) -> str:
    """Where the bytes of what is shared lie; nothing for an environment that names an image."""
    return dig(_source(ask), "modelUri", "") or dig(_source(ask), "build.contextUri", "")


def _storage(ask: Ask) -> Document | None:
    workspace = ask.arm.find("/".join(ask.sent("sourceAssetId", "").split("/")[:9])) or {}
    return ask.arm.find(dig(workspace, "properties.storageAccount", "")) if _uri(ask) else None


def _image_registries(ask: Ask) -> Iterator[str]:
    """The registry of images of the subscription that what is shared names."""
    host = dig(_source(ask), "image", "").split("/")[0]
    for document in list(ask.arm.store.documents.values()):
        if host and dig(document, "properties.loginServer") == host:
            yield document["id"]


def _refuse_unless(ask: Ask, action: str, scope: str, *, data: bool = False) -> None:
    registry = registry_of(ask.id)
    principal = dig(ask.arm.find(registry.text) or {}, "identity.principalId", "")
    if not access.allows(ask.arm, principal, action, Id(scope), data=data, resource={"name": Id(scope).name}):
        message = f"The identity of registry {registry.name} has no permission for {action} on '{scope}'."
        raise Refusal(403, "UserError", message)


def _used(ask: Ask) -> Iterator[Id]:
    """What a deployment, or a job or the steps of it, take from a registry."""
    component = ask.sent("componentId") or ask.sent("deploymentConfiguration.componentId.assetId", "")
    named, inputs = [ask.sent("model", ""), ask.sent("environmentId", "")], [ask.sent("inputs", {})]
    for node in (*ask.sent("jobs", {}).values(), *_spec(ask, component).get("jobs", {}).values()):
        spec = _spec(ask, node.get("componentId", ""))
        named.append((spec.get("task") or spec).get("environment", ""))
        inputs.append(node.get("inputs") or {})
    named += [each.get("uri", "") for given in inputs for each in given.values()]
    for reference in filter(OF_REGISTRY.fullmatch, named):
        if found := asset(ask.arm, reference):
            yield Id(found["id"])


def _spec(ask: Ask, component: str) -> Document:
    return dig(asset(ask.arm, component) or {}, "properties.componentSpec", {})
