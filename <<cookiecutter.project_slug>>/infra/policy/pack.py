"""The rules of this folder as Pulumi's engine calls them: a preview with the pack refuses what violates one.

A value may not be known in a preview: rules pass over it, and `up` judges it before the resource is made.
Policies see what shall be, not what was before (pulumi-policy, issue 154, read in 2026-11).
At the end of a run the engine hands over outputs, which lack what is part of a resource's path: the inputs, which it
handed over before, fill them up, so that a rule sees the same as without an engine.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from mlops.errors import Misuse
from policy import RULES
from policy.limits import Limits, limits, load
from policy.rule import UNKNOWN, Resource, Rule


def plain(values: Any) -> Any:
    """What the engine hands over as dicts and lists, with UNKNOWN for what it does not know yet."""
    if isinstance(values, Mapping):
        return {key: known(values, key) for key in values}
    if isinstance(values, Sequence) and not isinstance(values, str):
        return [known(values, index) for index in range(len(values))]
    return values


def known(values: Any, key: Any) -> Any:
    try:
        return plain(values[key])
    except UnknownValueError:
        return UNKNOWN


def resource(seen: ResourceValidationArgs | PolicyResource) -> Resource:
    inputs, sources = plain(seen.props), getattr(seen, "property_dependencies", {})
    return Resource(
        seen.resource_type,
        seen.name,
        inputs,
        seen.urn,
        inputs.get("id", ""),
        seen.opts.parent or "",
        bool(seen.opts.protect),
        {key: frozenset(each.urn for each in found) for key, found in sources.items()},
    )


def stack(urn: str) -> str:
    """The name of a resource's stack, which is in its URN."""
    return urn.split(":")[2]


def policy(rule: Rule, environments: Mapping[str, Limits], inputs: dict[str, Mapping[str, Any]]) -> Policy:
    """A rule for each resource before it is made, or for the whole stack at the end; `inputs` are kept between."""

    def judge(resources: Sequence[Resource], report: ReportViolation) -> None:
        environment = environments.get(stack(resources[0].urn)) if resources else None
        for violation in rule.check(resources, environment) if environment else ():
            report(violation.detail(), violation.resource.urn)

    def one(args: ResourceValidationArgs, report: ReportViolation) -> None:
        made = resource(args)
        inputs[made.urn] = made.inputs
        judge([made], report)

    def whole(args: StackValidationArgs, report: ReportViolation) -> None:
        made = [resource(each) for each in args.resources]
        judge([replace(each, inputs={**each.inputs, **inputs.get(each.urn, {})}) for each in made], report)

    kind: Callable[..., Policy] = ResourceValidationPolicy if rule.kinds else StackValidationPolicy
    return kind(rule.id, rule.title, one if rule.kinds else whole)


def has_limits(args: StackValidationArgs, report: ReportViolation) -> None:
    """Report a stack of which `limits.yml` says nothing: no rule could judge it."""
    for first in args.resources[:1]:
        try:
            limits(stack(first.urn))
        except Misuse as error:
            report(str(error), first.urn)


def start() -> None:
    """Serve the pack until the engine ends it. A mistake in `limits.yml` ends it with the sentence."""
    try:
        environments = load()
    except Misuse as error:
        sys.exit(str(error))
    inputs: dict[str, Mapping[str, Any]] = {}
    policies = [policy(rule, environments, inputs) for rule in RULES]
    policies.append(StackValidationPolicy("stack-has-limits", "Each stack has limits.", has_limits))
    PolicyPack("mlops", policies, EnforcementLevel.MANDATORY)
