"""What data asks for follows its classification, whatever the environment."""

from collections.abc import Iterator, Sequence
from typing import get_args

from policy.access import exposed
from policy.limits import Inbound, Limits
from policy.logs import sends, settings
from policy.rule import UNKNOWN, Finding, Resource, shown, whole

STRICT = get_args(Inbound)


def classifications(resources: Sequence[Resource], limits: Limits) -> list[str]:
    """The classifications that the stack's tags name, of those in `limits.yml`: the strictest last."""
    found = [each.get("tags.classification") for each in resources]
    return [word for word in limits.all.classifications if word in found]


@whole("All of a stack has one classification, the strictest of its data.", fix="Give the resource `tags=stack.tags`.")
def one_classification(resources: Sequence[Resource], limits: Limits) -> Iterator[Finding]:
    *_, strictest = classifications(resources, limits) or [None]
    for resource in resources:
        word = resource.get("tags.classification")
        if word not in (None, UNKNOWN, strictest):
            yield resource, f"its tag is {shown(word)}, and others are {shown(strictest)}."


@whole(
    "Data can be reached from no further away than its classification allows.",
    fix="Set `network.inbound: private` (for confidential data `network.allowed_ips` is enough) in "
    "infra/Pulumi.{stack}.yaml, or keep this data out of {stack}.",
)
def as_closed_as_its_data(resources: Sequence[Resource], limits: Limits) -> Iterator[Finding]:
    for word in classifications(resources, limits):
        inbound = limits.all.classifications[word].inbound
        if STRICT.index(inbound) > STRICT.index(limits.here.inbound):
            for resource in resources:
                yield from ((resource, f"data here is {word}: {finding}") for finding in exposed(resource, inbound))


@whole("Each read of sensitive data is logged.", fix="Set `logs.scope: all` in infra/Pulumi.{stack}.yaml.")
def reads_are_logged(resources: Sequence[Resource], limits: Limits) -> Iterator[Finding]:
    words = [word for word in classifications(resources, limits) if limits.all.classifications[word].read_logs]
    for account in resources if words else ():
        if account.kind == "storage:StorageAccount" and not any(
            sends(setting, "StorageRead", "allLogs") for setting in settings(resources, account)
        ):
            yield account, f"data here is {words[-1]}, and no diagnostic setting sends StorageRead; one must."


RULES = (one_classification, as_closed_as_its_data, reads_are_logged)
