"""What every request must have: a known type, a name, a location, tags, a registered provider, no policy against it."""

import re
from pathlib import Path

import yaml

from tests.emulator.ids import GROUP_TYPE
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.rule import Ask, rule
from tests.emulator.store import Document

_FOLDER = Path(__file__).parent.parent
TYPES: dict[str, Document] = {
    type.lower(): rules for type, rules in yaml.safe_load((_FOLDER / "names.yml").read_text(encoding="utf-8")).items()
}
REGIONS: dict[str, Document] = yaml.safe_load((_FOLDER / "regions.yml").read_text(encoding="utf-8"))
MOST_TAGS = 50


def region(given: str) -> str:
    """West Europe and westeurope are one."""
    return given.replace(" ", "").lower()


@rule(on="put delete")
def type_is_known(ask: Ask) -> None:
    """A resource type exists in its namespace.

    Assumed: the message; the emulator knows the types of names.yml only.
    """
    if ask.id.kind not in TYPES:
        kind = ask.id.type.partition("/")[2]
        message = f"The resource type '{kind}' could not be found in the namespace '{ask.id.namespace}'."
        raise Refusal(404, "InvalidResourceType", message)


@rule()
def namespace_is_registered(ask: Ask) -> None:
    """The subscription is registered for the resource provider.

    Source: "Resolve errors for resource provider registration" (Microsoft Learn); code and
    message in public reports.
    """
    if ask.id.namespace.lower() in {namespace.lower() for namespace in ask.arm.unregistered}:
        message = f"The subscription is not registered to use namespace '{ask.id.namespace}'."
        hint = "See https://aka.ms/rps-not-found for how to register subscriptions."
        raise Refusal(409, "MissingSubscriptionRegistration", f"{message} {hint}")


@rule()
def name_fits(ask: Ask) -> None:
    """A name has the length and the characters of its type.

    Source: "Naming rules and restrictions for Azure resources" (Microsoft Learn, 2020); code of most types:
    assumed.
    """
    given = TYPES[ask.id.kind]
    low, high = given["length"]
    name = ask.id.name
    if not low <= len(name) <= high or not re.fullmatch(given.get("pattern", ".*"), name):
        bounds = f"between {low} and {high} characters" if low != high else f"{low} characters"
        message = f"'{name}' is not a valid name for {ask.id.type}: it must have {bounds} and match {given['pattern']}."
        raise Refusal(400, given.get("code", "InvalidResourceName"), message)


@rule()
def location_is_offered(ask: Ask) -> None:
    """The location is given where the type has one, and is a region of Azure.

    Source: "Resolve errors for locations" (Microsoft Learn, from memory): LocationNotAvailableForResourceType,
    LocationRequired.
    """
    if not TYPES[ask.id.kind].get("location"):
        return
    given = ask.body.get("location")
    if not given:
        raise Refusal(400, "LocationRequired", "The location property is required for this definition.")
    if region(given) not in REGIONS:
        known = f"List of available regions for the resource type is '{','.join(REGIONS)}'."
        if ask.id.kind == GROUP_TYPE.lower():
            message = f"The provided location '{given}' is not available for resource group."
            raise Refusal(400, "LocationNotAvailableForResourceGroup", f"{message} {known}")
        message = f"The provided location '{given}' is not available for resource type '{ask.id.type}'."
        raise Refusal(400, "LocationNotAvailableForResourceType", f"{message} {known}")


@rule()
def location_stays(ask: Ask) -> None:
    """A resource cannot move to another region.

    Source: "Resolve errors for resource already exists" (Microsoft Learn, from memory): InvalidResourceLocation.
    """
    old, new = (ask.before or {}).get("location"), ask.body.get("location")
    if not old or not new or region(old) == region(new):
        return
    if ask.id.kind == GROUP_TYPE.lower():
        message = f"Invalid resource group location '{new}'. The Resource group already exists in location '{old}'."
        raise Refusal(409, "InvalidResourceGroupLocation", message)
    group = ask.id.group.name if ask.id.group else ""
    message = f"The resource '{ask.id.name}' already exists in location '{old}' in resource group '{group}'."
    hint = f"A resource with the same name cannot be created in location '{new}'. Please select a new resource name."
    raise Refusal(409, "InvalidResourceLocation", f"{message} {hint}")


@rule()
def tags_fit(ask: Ask) -> None:
    """At most 50 tags, names to 512 (storage: 128) and values to 256 characters, none of <>%&\\?/ in a name.

    Source: "Use tags to organize your Azure resources", limitations (Microsoft Learn, 2022-03-15); the codes:
    assumed.
    """
    tags = ask.body.get("tags") or {}
    longest = 128 if ask.id.kind == "microsoft.storage/storageaccounts" else 512
    if len(tags) > MOST_TAGS:
        raise Refusal(
            400, "TagCountLimitExceeded", f"The resource has {len(tags)} tags; at most {MOST_TAGS} are allowed."
        )
    for name, value in tags.items():
        if not 0 < len(name) <= longest:
            raise Refusal(400, "InvalidTagNameLength", f"The tag name '{name}' must have 1 to {longest} characters.")
        if set(name) & set("<>%&\\?/"):
            message = f"The tag names '{name}' have reserved characters '<,>,%,&,\\,?,/' or control characters."
            raise Refusal(400, "InvalidTagNameCharacters", message)
        if len(str(value)) > 256:
            raise Refusal(400, "InvalidTagValueLength", f"The value of tag '{name}' has more than 256 characters.")


@rule()
def policy_allows(ask: Ask) -> None:
    """No policy assignment with the effect deny speaks against the request.

    Source: "Resolve errors for request not allowed by policy" (Microsoft Learn, from memory):
    RequestDisallowedByPolicy.
    """
    for policy in ask.arm.policies:
        if policy.type.lower() == ask.id.kind and policy.forbids(ask.body):
            message = f"Resource '{ask.id.name}' was disallowed by policy. Policy identifiers: '{policy.name}'."
            raise Refusal(403, "RequestDisallowedByPolicy", message)
