"""Online endpoints: what their traffic may be, what a deployment refers to, and when it can go."""

from tests.emulator.ids import Id
from tests.emulator.rules.assets import asset
from tests.emulator.rules.managed_network import APPROVED, DEPLOYMENT, WORKSPACE, isolation, workspace_of
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.rule import Ask, dig, rule
from tests.emulator.store import Document

BATCH = f"{WORKSPACE}/batchEndpoints"
ONLINE, SCALING = f"{WORKSPACE}/onlineEndpoints", "Microsoft.Insights/autoscaleSettings"
MOST_DEPLOYMENTS, MOST_COPIED = 20, 50


def _shares(document: Document | None, key: str) -> dict[str, int]:
    given = dig(document or {}, f"properties.{key}", {})
    return {name: int(share) for name, share in given.items() if share}


def _succeeded(ask: Ask, deployment: str, otherwise: str) -> None:
    found = ask.arm.find(f"{ask.id.text}/deployments/{deployment}")
    if dig(found or {}, "properties.provisioningState") != "Succeeded":
        what = "does not exist" if found is None else "is not in the state Succeeded"
        raise Refusal(400, "BadArgument", f"{otherwise}: deployment '{deployment}' {what}.")


@rule(ONLINE)
def endpoint_name_is_free(ask: Ask) -> None:
    """Names of endpoints are unique in a region.

    Source: message in Azure/mlops-project-template#29 (2022-06-09); code: assumed.
    """
    others = (document for document in ask.arm.store.documents.values() if Id(document["id"]).key != ask.id.key)
    same = (it for it in others if Id(it["id"]).kind == ONLINE.lower() and it["name"].lower() == ask.id.name.lower())
    if ask.before is None and (any(same) or ask.id.name.lower() in ask.arm.taken):
        message = "There is already an endpoint with this name, endpoint name needs to be unique within a region."
        raise Refusal(400, "BadArgument", message)


@rule(ONLINE)
def traffic_is_all_or_nothing(ask: Ask) -> None:
    """Shares of live traffic sum to 100, or to 0.

    Source: "CLI (v2) online endpoint YAML schema" (Microsoft Learn): total traffic is 0 or 100; message: assumed.
    """
    shares = _shares(ask.body, "traffic")
    if sum(shares.values()) not in (0, 100) or any(share < 0 for share in shares.values()):
        raise Refusal(
            400, "BadArgument", f"The sum of traffic percentages must be 0 or 100, not {sum(shares.values())}."
        )


@rule(ONLINE)
def traffic_has_somewhere_to_go(ask: Ask) -> None:
    """Live and mirrored traffic goes to deployments that are there and succeeded.

    Assumed: code and message; the client checks neither.
    """
    for name in {**_shares(ask.body, "traffic"), **_shares(ask.body, "mirrorTraffic")}:
        _succeeded(ask, name, "Traffic cannot be set")


@rule(ONLINE)
def mirror_is_a_copy_of_live_traffic(ask: Ask) -> None:
    """At most 50 % is mirrored, to one deployment, which has no live traffic, while another has.

    Source: "Perform safe rollout of new deployments for real-time inference" (Microsoft Learn): limits of mirroring.
    That it needs live traffic, and the messages: assumed.
    """
    live, copied = _shares(ask.body, "traffic"), _shares(ask.body, "mirrorTraffic")
    if len(copied) > 1:
        raise Refusal(400, "BadArgument", "Traffic can be mirrored to one deployment only.")
    for name, share in copied.items():
        if not 0 < share <= MOST_COPIED:
            raise Refusal(400, "BadArgument", f"Mirrored traffic must be at most {MOST_COPIED} percent, not {share}.")
        if name in live:
            raise Refusal(400, "BadArgument", f"Deployment '{name}' cannot have both live and mirrored traffic.")
        if not live:
            raise Refusal(400, "BadArgument", "Traffic cannot be mirrored while no deployment has live traffic.")


@rule(DEPLOYMENT, on="delete")
def deployment_without_traffic_goes(ask: Ask) -> None:
    """A deployment with live or mirrored traffic cannot be deleted.

    Source: "Troubleshoot online endpoint deployment" (Microsoft Learn, from memory); mirrored, code, message: assumed.
    """
    endpoint = ask.arm.find(ask.id.parent.text) if ask.id.parent else None
    if ask.id.name in {**_shares(endpoint, "traffic"), **_shares(endpoint, "mirrorTraffic")}:
        raise Refusal(400, "BadArgument", f"Deployment '{ask.id.name}' has traffic and cannot be deleted.")


@rule(DEPLOYMENT, f"{BATCH}/deployments")
def deployments_are_few(ask: Ask) -> None:
    """An endpoint has at most 20 deployments.

    Source: "Manage and increase quotas" (Microsoft Learn, 2026-01-27): deployments per endpoint; code: assumed.
    """
    others = sum(1 for _ in ask.siblings())
    if ask.before is None and others >= MOST_DEPLOYMENTS:
        raise Refusal(400, "OutOfQuota", f"An endpoint can have at most {MOST_DEPLOYMENTS} deployments.")


@rule(DEPLOYMENT)
def deployment_parts_exist(ask: Ask) -> None:
    """Model, environment and code of a deployment are there.

    Source: "Could not find asset with assetId", Azure/azure-sdk-for-python#34876 (2024-03-21).
    """
    for reference in filter(None, map(ask.sent, ("model", "environmentId", "codeConfiguration.codeId"))):
        if asset(ask.arm, reference) is None:
            raise Refusal(404, "UserError", f"Could not find asset with assetId {reference}")


@rule(DEPLOYMENT)
def image_can_be_reached(ask: Ask) -> None:
    """With approved outbound only, images come from the workspace's own registry, or from a registry of Azure ML.

    Source: "Workspace managed virtual network isolation" (Microsoft Learn, 2024-08-29): nothing else is reached. That
    it is found out at once, code and message: assumed.
    """
    workspace = workspace_of(ask)
    image = dig(asset(ask.arm, ask.sent("environmentId", "")) or {}, "properties.image", "")
    own = dig(ask.arm.find(dig(workspace, "properties.containerRegistry", "")) or {}, "properties.loginServer", "")
    shared = ask.sent("environmentId", "").startswith("azureml://")
    if image and not shared and isolation(workspace) == APPROVED and not image.startswith(f"{own}/"):
        raise Refusal(400, "ImageBuildFailure", f"Failed to pull the image '{image}': it cannot be reached.")


@rule(ONLINE, on="post")
def keys_are_off(ask: Ask) -> None:
    """An endpoint that goes by Microsoft Entra tokens has no keys to list or to make again.

    Source: "Authenticate clients for online endpoints" (Microsoft Learn): listKeys is for mode key; code: assumed.
    """
    if ask.action.lower() in ("listkeys", "regeneratekeys") and ask.was("authMode", "").lower() != "key":
        raise Refusal(400, "BadArgument", f"Endpoint '{ask.id.name}' does not use keys for authentication.")


@rule(BATCH)
def default_deployment_exists(ask: Ask) -> None:
    """The default of a batch endpoint is one of its deployments, and succeeded.

    Assumed: code and message, as those of traffic.
    """
    if default := ask.sent("defaults.deploymentName"):
        _succeeded(ask, default, "The default cannot be set")


@rule(f"{BATCH}/deployments")
def batch_component_exists(ask: Ask) -> None:
    """The component that a batch deployment runs is there.

    Assumed: code and message, as those of a job.
    """
    component = ask.sent("deploymentConfiguration.componentId.assetId", "")
    if component and asset(ask.arm, component) is None:
        raise Refusal(404, "UserError", f"Could not find asset with assetId {component}")


@rule(SCALING)
def scaling_fits(ask: Ask) -> None:
    """Autoscale has a target that is there, and keeps its default between minimum and maximum.

    Source: "Autoscale Settings", REST reference of Azure Monitor (Microsoft Learn, from memory); codes: assumed.
    """
    if ask.arm.find(ask.sent("targetResourceUri", "")) is None:
        raise Refusal(404, "ResourceNotFound", f"The target '{ask.sent('targetResourceUri')}' was not found.")
    for profile in ask.sent("profiles", []):
        least, usual, most = (int(profile["capacity"][key]) for key in ("minimum", "default", "maximum"))
        if not 1 <= least <= usual <= most:
            message = f"Capacity {least} to {most} with default {usual} of profile '{profile['name']}' is not valid."
            raise Refusal(400, "InvalidAutoscaleSetting", message)
