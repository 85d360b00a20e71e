"""What in `projects.yaml` does not go together. Each rule reads the document as it stands, well formed or not."""

import re
from collections.abc import Iterator
from typing import Any

from settings.regions import HAVE, lacks, stranger

from mlops.errors import Misuse
from mlops.sections import nearest
from mlops.specs.load import Item

from .names import own_group
from .types import ENVIRONMENTS, JOBS, NIGHTLY, SUBJECT, identities

SLUG = r"[a-z](?!.*--)[a-z0-9-]{0,48}[a-z0-9]"
PREFIX = "`gh api repos/{}/actions/oidc/customization/sub --jq .sub_claim_prefix`"
Mistakes = Iterator[Misuse]


def broken(document: Item) -> Mistakes:
    """Every mistake, at its line."""
    for rule in (region, clashes, repositories, subjects, own_things, repeated):
        yield from rule(document)


def region(document: Item) -> Mistakes:
    """Azure has the region, and there the redundancy of storage."""
    name, redundancy = value(document, "region"), value(document, "redundancy")
    if not isinstance(name, str) or not isinstance(redundancy, str):
        return
    if said := stranger(name):
        yield nearest(document, ["region"]).wrong(f"`region`: {said}.")
    elif redundancy in HAVE and (said := lacks(name, redundancy)):
        best = [each for each, regions in HAVE.items() if name in regions][-1]
        what = f"`redundancy`: {said}: write `redundancy: {best}`, or take another region."
        yield nearest(document, ["redundancy"]).wrong(what)


def clashes(document: Item) -> Mistakes:
    """What a project cannot be called, and what two cannot share."""
    first: dict[tuple[str, str], str] = {}
    for slug, project in projects_of(document):
        if not re.fullmatch(SLUG, slug):
            yield project.wrong(
                f"`projects.{slug}`: write its slug, 2 to 50 of a-z, 0-9 and single hyphens in between."
            )
        for key in ("short_name", "repository", "subject"):
            given = value(project, key)
            if not isinstance(given, str):
                continue
            if other := first.get((key, given.lower())):
                yield nearest(project, [key]).wrong(
                    f"`projects.{slug}.{key}` is that of {other} too. Give each project its own."
                )
            first.setdefault((key, given.lower()), slug)


def repositories(document: Item) -> Mistakes:
    """`subject` is GitHub's name of the project's own repository: without it no job could act as any identity."""
    for slug, project in projects_of(document):
        ci, repository, subject = (value(project, key) for key in ("ci", "repository", "subject"))
        name, at = f"`projects.{slug}.subject`", nearest(project, ["subject"])
        if ci == "github-actions" and subject is None:
            yield at.wrong(f"{name} is missing: write what {PREFIX.format(repository or 'OWNER/NAME')} prints.")
        elif ci == "azure-devops" and subject is not None:
            yield at.wrong(
                f"{name} is GitHub's: take it out. Azure DevOps has one per service connection, under `environments`."
            )
        elif isinstance(repository, str) and not named(subject, repository):
            yield at.wrong(f"{name} is of another repository than {repository}. Correct one of them.")


def named(subject: Any, repository: str) -> bool:
    """Whether a subject, so far as it is one, names the repository; ids may stand in it."""
    if not re.fullmatch(SUBJECT, str(subject)):
        return True
    return re.sub(r"@\d+", "", subject).lower() == f"repo:{repository}".lower()


def subjects(document: Item) -> Mistakes:
    """Subjects that open a second identity or let in what is no job of the project: a job acts as its subject says."""
    taken: dict[str, str] = {}
    given: list[tuple[str, Item]] = []
    for slug, project, environment, entry in environments_of(document):
        prefix, found = value(project, "subject"), entry.get("subjects")
        for who in identities(environment):
            name, item = f"{slug}, {environment}, {who}", found and found.get(who)
            end = JOBS[who].format(environment=environment)
            for each in (end, NIGHTLY) if prefix and who == "reader" else (end,) if prefix else ():
                taken.setdefault(f"{prefix}:{each}", name)
            if not item or not isinstance(item.value, str):
                continue
            if value(project, "ci") != "github-actions":
                given.append((name, item))
            elif prefix and not ours(item.value, prefix, end):
                yield item.wrong(f"this subject opens {name} to another job. Leave it out, or: {prefix}:{end}.")
    for name, item in given:
        if other := taken.get(item.value):
            yield item.wrong(f"this subject opens {other} already. Make a service connection of its own.")
        taken.setdefault(item.value, name)


def ours(subject: str, prefix: str, end: str) -> bool:
    """Whether GitHub writes such a subject for this job of the project; claims may be added in between."""
    return subject.startswith(f"{prefix}:") and subject.endswith(f":{end}")


def own_things(document: Item) -> Mistakes:
    """Ids in the organisation's own group: states, ledgers and keys are not a project's to use or lock."""
    own = f"/resourcegroups/{own_group(value(document, 'name'))}/".lower()
    for _, _, _, entry in environments_of(document):
        for _, item in ids_of(entry):
            if own in item.value.lower():
                yield item.wrong("this is the organisation's own, with every project's state: take it out.")


def repeated(document: Item) -> Mistakes:
    """An id twice: Azure takes a right once, and a lock once wherever it is asked for."""
    first: dict[tuple[str, ...], str] = {}
    for slug, _, environment, entry in environments_of(document):
        for what, item in ids_of(entry):
            id, place = item.value.lower(), f"{slug}, {environment}, `{what}`"
            key = (id, what) if what == "locked" else (id, what, slug, environment)
            if key in first:
                yield item.wrong(f"this id stands under {first[key]} already: keep one.")
            first.setdefault(key, place)


def projects_of(document: Item) -> Iterator[tuple[str, Item]]:
    """Slug and entry of each project, as far as they have that form."""
    projects = value(document, "projects")
    return iter(projects.items() if isinstance(projects, dict) else ())


def environments_of(document: Item) -> Iterator[tuple[str, Item, str, Item]]:
    """Slug, project, environment and its entry, as far as they have that form."""
    for slug, project in projects_of(document):
        entries = project.get("environments")
        for environment in ENVIRONMENTS:
            if entry := entries and entries.get(environment):
                yield slug, project, environment, entry


def ids_of(entry: Item) -> Iterator[tuple[str, Item]]:
    """The Azure ids in an environment's entry, each with the name of its list."""
    existing = value(entry, "existing")
    lists = {**(existing if isinstance(existing, dict) else {}), "locked": entry.get("locked")}
    for name, ids in lists.items():
        for item in ids.value if ids and isinstance(ids.value, list) else ():
            if isinstance(item.value, str):
                yield name, item


def value(item: Item, key: str) -> Any:
    found = item.get(key)
    return found and found.value
