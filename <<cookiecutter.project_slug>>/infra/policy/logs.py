"""What happened can be seen, and for how long."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policy.limits import Limits
from policy.rule import UNKNOWN, Finding, Resource, differs, each, least, whole

LOGGED = {
    "workspace": "machinelearningservices:Workspace",
    "storage": "storage:StorageAccount",
    "vault": "keyvault:Vault",
    "images": "containerregistry:Registry",
}


def settings(resources: Sequence[Resource], target: Resource) -> list[Resource]:
    """The diagnostic settings of a resource (of storage: of its blobs) that send to the stack's own logs, if any."""
    homes = [each for each in resources if each.kind == "operationalinsights:Workspace"]
    return [
        each
        for each in resources
        if each.kind == "monitor:DiagnosticSetting"
        and each.of("resourceUri", target)
        and (target.kind != LOGGED["storage"] or blobs(each.get("resourceUri")))
        and (not homes or any(each.of("workspaceId", home) for home in homes))
    ]


def blobs(uri: Any) -> bool:
    return uri is UNKNOWN or "/blobservices/" in str(uri).lower()


def sends(setting: Resource, *names: str) -> bool:
    """Whether a setting sends logs of one of these categories or groups, or may: not all of it is known yet."""
    logs = setting.get("logs")
    if UNKNOWN in (logs, setting.get("workspaceId")):
        return True
    return setting.get("workspaceId") is not None and any(
        log is UNKNOWN
        or isinstance(log, Mapping)
        and log.get("enabled")
        and (log.get("category") in names or log.get("categoryGroup") in names)
        for log in logs or ()
    )


@whole("What must be logged sends its logs.", fix="Set `logs.scope` in infra/Pulumi.{stack}.yaml, or add a setting.")
def logs_are_sent(resources: Sequence[Resource], limits: Limits) -> Iterator[Finding]:
    kinds = {LOGGED[word] for word in limits.here.diagnostics}
    for resource in resources:
        if resource.kind in kinds and not any(
            sends(setting, "allLogs", "audit") for setting in settings(resources, resource)
        ):
            yield resource, "no diagnostic setting sends `allLogs` or `audit` of it to the log workspace; one must."


@each(
    "All logs are kept, as long as the environment asks for.",
    "operationalinsights:Workspace",
    fix="Set `logs.keep_days` in infra/Pulumi.{stack}.yaml; a cap by the day belongs in no stack.",
)
def logs_are_kept(resource: Resource, limits: Limits) -> Iterator[str]:
    yield from least(resource, "retentionInDays", limits.here.keep_logs_days)
    yield from differs(resource, "workspaceCapping.dailyQuotaGb", None, -1)


RULES = (logs_are_sent, logs_are_kept)
