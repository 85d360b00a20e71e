"""Each resource says whose it is and what lies in it."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatch

from policy.limits import Limits
from policy.rule import UNKNOWN, Resource, differs, each

FIX = "Tags come from `tags` in infra/Pulumi.{stack}.yaml and from mlops.yaml; give the resource `tags=stack.tags`."


@each(
    "Each resource carries the tags that the organisation asks for.",
    "*",
    fix=FIX + " A kind that cannot carry tags belongs in `untaggable` of infra/policy/limits.yml.",
)
def tags_are_there(resource: Resource, limits: Limits) -> Iterator[str]:
    tags = resource.get("tags")
    if tags is UNKNOWN or any(fnmatch(resource.kind, pattern) for pattern in limits.all.untaggable):
        return
    given = tags if isinstance(tags, Mapping) else {}
    missing = [name for name in limits.all.tags if not str(given.get(name) or "").strip()]
    if missing:
        yield f"it lacks {', '.join(missing)}; each must say something."


@each("The tag `classification` is a word that the limits know.", "*", fix="Correct `data` in mlops.yaml.")
def classification_is_known(resource: Resource, limits: Limits) -> Iterator[str]:
    if resource.get("tags.classification"):
        yield from differs(resource, "tags.classification", *limits.all.classifications)


RULES = (tags_are_there, classification_is_known)
