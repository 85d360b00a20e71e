"""Where a stack may be: what limits.yml allows, where its data stays, and what Azure has there."""

from difflib import get_close_matches

from policy.limits import Limits

from mlops.settings import Settings

from .limited import Mistakes, needs
from .regions import HAVE, KNOWN, STRANGE, ZONES, lacks
from .types import Images, Storage

HELD = ("confidential", "sensitive")
"""Classifications of data that stays in its region."""


def region(limits: Limits, project: Settings) -> Mistakes:
    environment, allowed = limits.environment, limits.all.regions
    name = getattr(project.environments, environment).region
    stays = {key: source for key, source in project.data.items() if source.classification in HELD}
    held = {source.region for source in stays.values()}
    fit = [each for each in sorted(KNOWN) if redundancies(limits, each) and held <= {each}]
    if name in fit and name in allowed:
        return
    why = [STRANGE.format(name)]
    if name in KNOWN:
        why = [] if name in allowed else [f"{name} is none of `regions` in infra/policy/limits.yml"]
        why += [
            f"{s.classification} data (`{key}`) stays in {s.region}" for key, s in stays.items() if s.region != name
        ]
        asked = " or ".join(limits.here.storage.redundancy)
        why += [f"{environment} needs {asked} storage, and {lack}" for lack in lacking(limits, name)]
    if possible := [each for each in fit if each in allowed]:
        advice = f"write `region: {'` or `region: '.join(possible)}`"
    elif fit:
        near = " or ".join(get_close_matches(name, fit, 3, 0))
        advice = f"have {near} added to `regions` in infra/policy/limits.yml, and write that"
    else:
        advice = (
            f"no region has all of this: keep the data out of {environment}, or ask less in infra/policy/limits.yml"
        )
    yield ("mlops.yaml", "environments", environment, "region"), f"{'; '.join(why)}: {advice}"


def redundancies(limits: Limits, region: str) -> list[str]:
    """What the environment's storage may have in a region, the least first."""
    return [each for each, regions in HAVE.items() if region in regions and each in limits.here.storage.redundancy]


def lacking(limits: Limits, region: str) -> list[str]:
    """What a region would need for the environment's storage, if it has nothing that is allowed."""
    asked = [each for each in HAVE if each in limits.here.storage.redundancy]
    return [] if redundancies(limits, region) else [lacks(region, asked[0]) if asked else "Azure has none"]


def kept(limits: Limits, project: Settings, storage: Storage) -> Mistakes:
    where, asked = getattr(project.environments, limits.environment).region, limits.here.storage
    possible = redundancies(limits, where)
    if possible and storage.redundancy not in possible:
        if lack := lacks(where, storage.redundancy):
            yield ("storage", "redundancy"), f"{lack}: write `redundancy: {possible[-1]}`"
        else:
            why = f"{limits.environment} needs {' or '.join(asked.redundancy)}"
            yield ("storage", "redundancy"), f"{why}: write `redundancy: {possible[0]}`"
    if asked.versions and not storage.versions:
        yield ("storage", "versions"), needs("storage", "versions", "false", limits.environment, "true")
    if storage.keep_deleted_days < asked.keep_deleted_days:
        days = f"{asked.keep_deleted_days}"
        given = f"{storage.keep_deleted_days}"
        yield ("storage", "keep_deleted_days"), needs("storage", "keep_deleted_days", given, limits.environment, days)


def image_zones(limits: Limits, project: Settings, images: Images) -> Mistakes:
    name = getattr(project.environments, limits.environment).region
    if images.zone_redundant and name in KNOWN - ZONES and redundancies(limits, name):
        yield ("images", "zone_redundant"), f"{name} has no availability zones: write `zone_redundant: false`"


RULES = (region, kept, image_zones)
