"""What happened can be seen, and for how long."""

from collections.abc import Iterator, Sequence

from policy.limits import Limits
from policy.rule import UNKNOWN, Finding, Resource, each, least, whole

LOGGED = {
    "workspace": "machinelearningservices:Workspace",
    "storage": "storage:StorageAccount",
    "vault": "keyvault:Vault",
    "images": "containerregistry:Registry",
}


def settings(resources: Sequence[Resource], target: Resource) -> list[Resource]:
    """The diagnostic settings of a resource or of something inside it."""
    return [each for each in resources if each.kind == "monitor:DiagnosticSetting" and each.of("resourceUri", target)]


def sends(setting: Resource, *names: str) -> bool:
    """Whether a setting sends logs (of these categories or groups; else any), or may: not all of it is known yet."""
    logs = setting.get("logs")
    if UNKNOWN in (logs, setting.get("workspaceId")):
        return True
    return setting.get("workspaceId") is not None and any(
        log is UNKNOWN
        or log.get("enabled")
        and (not names or {log.get("category"), log.get("categoryGroup")} & {*names})
        for log in logs or ()
    )


@whole("What must be logged sends its logs.", fix="Set `logs.scope` in infra/Pulumi.{stack}.yaml, or add a setting.")
def logs_are_sent(resources: Sequence[Resource], limits: Limits) -> Iterator[Finding]:
    kinds = {LOGGED[word] for word in limits.here.diagnostics}
    for resource in resources:
        if resource.kind in kinds and not any(map(sends, settings(resources, resource))):
            yield resource, "no diagnostic setting sends its logs to a log workspace; one must."


@each(
    "Logs are kept as long as the environment asks for.",
    "operationalinsights:Workspace",
    fix="Set `logs.keep_days` in infra/Pulumi.{stack}.yaml.",
)
def logs_are_kept(resource: Resource, limits: Limits) -> Iterator[str]:
    yield from least(resource, "retentionInDays", limits.here.keep_logs_days)


RULES = (logs_are_sent, logs_are_kept)
