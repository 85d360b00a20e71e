"""Questions to what a program registered."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from policy import Resource

STACKS = ("dev", "staging", "prod")
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


def hosts(resources: Seen) -> list[str]:
    """Host names that have a rule: the first one starts a firewall."""
    rules = (one(resources, "machinelearningservices:Workspace").get("managedNetwork.outboundRules") or {}).values()
    return [rule["destination"] for rule in rules if rule["type"] == "FQDN"]


def thresholds(resources: Seen) -> set[float]:
    return {each.get("criteria.allOf")[0]["threshold"] for each in of(resources, "monitor:ScheduledQueryRule")}


def assignments(resources: Seen) -> list[Resource]:
    return of(resources, "authorization:RoleAssignment")


def who(resources: Seen, assignment: Resource) -> str:
    """The identity that an assignment is for, as the matrix calls it."""
    (urn,) = assignment.sources["principalId"]
    (identity,) = (each for each in resources if each.urn == urn)
    return identity.get("resourceName").rpartition("-")[2]
