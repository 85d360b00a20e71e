"""`projects.yaml`, typed: the organisation, and one entry per project."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from mlops.errors import Misuse
from mlops.sections import Section, nearest, validated
from mlops.settings import Email, Positive, Text
from mlops.specs.load import Item, read

from . import TEMPLATE

REGIONS = (TEMPLATE.resolve().parent / "local_extensions" / "regions.txt").read_text("utf-8").split()
ENVIRONMENTS = ("dev", "staging", "prod")
EXAMPLE = "00000000-0000-0000-0000-0000000001"
GROUP = r"/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+"
LOCKABLE = r"(Microsoft\.Storage/storageAccounts|Microsoft\.KeyVault/vaults|Microsoft\.OperationalInsights/workspaces)"


def region(text: str) -> str:
    if text not in REGIONS:
        raise ValueError(f"{text} is no Azure region. `az account list-locations` lists them, such as westeurope")
    return text


def of_kind(kind: str) -> AfterValidator:
    """An Azure id of one kind, such as `Microsoft.Storage/storageAccounts`, with its parents' names left out."""
    provider, *types = kind.split("/")
    path = "".join(f"/{each}/[^/]+" for each in types)

    def check(text: str) -> str:
        if not re.fullmatch(f"{GROUP}/providers/{re.escape(provider)}{path}", text, re.IGNORECASE):
            raise ValueError(f"{text} is no id of {kind}. Copy what `az resource show --query id` prints")
        return text

    return AfterValidator(check)


def lockable(text: str) -> str:
    if not re.fullmatch(f"{GROUP}/providers/{LOCKABLE}/[^/]+", text, re.IGNORECASE):
        raise ValueError(
            "give the Azure id of a storage account, key vault or log workspace; a lock on a group or an ML workspace "
            "stops clusters from scaling down"
        )
    return text


Guid = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
ShortName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{1,9}$")]
Url = Annotated[str, Field(pattern=r"^https://\S+[^/\s]$")]
SLUG = r"[a-z](?!.*--)[a-z0-9-]{0,48}[a-z0-9]"


class Subscriptions(Section):
    """Ids of subscriptions, in lower case. They may all be the same."""

    organisation: Guid
    """In lower case, as `az account show --query id` prints it."""
    dev: Guid
    """In lower case, as `az account show --query id` prints it."""
    staging: Guid
    """In lower case, as `az account show --query id` prints it."""
    prod: Guid
    """In lower case, as `az account show --query id` prints it."""


class Issuers(Section):
    """Who vouches for a CI job, by CI system."""

    github: Url = Field(alias="github-actions")
    """An address that starts with https:// and has no slash at its end."""
    azure: Url = Field(alias="azure-devops")
    """An address that starts with https:// and has no slash at its end."""


class State(Section):
    """Where Pulumi keeps the state, if not in the store that `make bootstrap` makes."""

    backend: Text
    secrets_provider: Text


class OrganisationGroups(Section):
    platform: Guid
    """Object id of the group that runs this program, in lower case."""


class Groups(Section):
    """Object ids of groups in Entra ID, in lower case."""

    data_scientists: Guid
    """Object id of a group, in lower case: `az ad group show --group NAME --query id`."""
    operators: Guid
    """Object id of a group, in lower case: `az ad group show --group NAME --query id`."""
    signers: Guid
    """Object id of a group, in lower case: `az ad group show --group NAME --query id`."""
    readers: Guid
    """Object id of a group, in lower case: `az ad group show --group NAME --query id`."""


class Subjects(Section):
    """The subject in the token of the CI job that acts as each identity. Absent: nobody can act as it yet."""

    deploy: Text | None = None
    reader: Text | None = None
    operate: Text | None = None


class Existing(Section):
    """Azure ids of what the stack uses but does not own: each deploy identity gets its rights there too."""

    subnet: list[Annotated[str, of_kind("Microsoft.Network/virtualNetworks/subnets")]] = []
    dns_zones: list[Annotated[str, of_kind("Microsoft.Network/privateDnsZones")]] = []
    log_workspace: list[Annotated[str, of_kind("Microsoft.OperationalInsights/workspaces")]] = []
    source: list[Annotated[str, of_kind("Microsoft.Storage/storageAccounts")]] = []
    """Storage accounts to which the managed network makes private endpoints."""
    source_data: list[Annotated[str, of_kind("Microsoft.Storage/storageAccounts/blobServices/containers")]] = []
    """Containers that jobs read."""


class Environment(Section):
    monthly_budget: Positive
    """In the currency in which the subscription is billed."""
    subjects: Subjects = Subjects()
    existing: Existing = Existing()
    locked: list[Annotated[str, AfterValidator(lockable)]] = []
    """Azure ids of what nobody can delete, once the project's stack has made it."""


class Environments(Section):
    dev: Environment | None = None
    staging: Environment | None = None
    prod: Environment | None = None

    @model_validator(mode="after")
    def some(self) -> "Environments":
        if not self.present:
            raise ValueError("name at least one of dev, staging and prod")
        return self

    @property
    def present(self) -> dict[str, Environment]:
        return {name: found for name in ENVIRONMENTS if (found := getattr(self, name))}


class Project(Section):
    short_name: ShortName
    """The same as in the project's mlops.yaml: 2 to 10 of a-z and 0-9, a letter first."""
    ci: Literal["github-actions", "azure-devops"]
    repository: Annotated[str, Field(pattern=r"^[^/\s]+/[^/\s]+$")]
    """Written as `owner/name`."""
    subject: Annotated[str, Field(pattern=r"^repo:[^:/\s]+/[^:/\s]+$")] | None = None
    """How GitHub's tokens name the repository: what `gh api repos/OWNER/NAME/actions/oidc/customization/sub
    --jq .sub_claim_prefix` prints."""
    owner: Email
    cost_centre: Text
    groups: Groups
    environments: Environments

    @model_validator(mode="after")
    def same_repository(self) -> "Project":
        if self.subject and self.ci != "github-actions":
            raise ValueError("`subject` is GitHub's; Azure DevOps has one per service connection, under `environments`")
        if self.subject and re.sub(r"@\d+", "", self.subject).lower() != f"repo:{self.repository}".lower():
            raise ValueError(f"`subject` is of another repository than {self.repository}")
        return self

    def subject_of(self, identity: str, environment: str) -> str | None:
        """The subject of the CI jobs that may act as an identity; None while it is not known."""
        if given := getattr(self.environments.present[environment].subjects, identity):
            return given
        return f"{self.subject}:{JOBS[identity].format(environment=environment)}" if self.subject else None


JOBS = {
    "deploy": "environment:{environment}",
    "reader": "pull_request",
    "operate": "environment:{environment}-operate",
}
"""What GitHub adds for a job: docs.github.com, "OpenID Connect reference", 2026-07."""


def identities(environment: str) -> list[str]:
    """The CI identities of an environment."""
    return list(JOBS) if environment == "prod" else ["deploy", "reader"]


class Organisation(Section):
    """Everything in `projects.yaml`."""

    version: Literal[1] = Field(alias="schema")
    name: ShortName
    """Goes into names that must be free in all of Azure: 2 to 10 of a-z and 0-9, a letter first."""
    tenant: Guid
    """In lower case, as `az account show --query tenantId` prints it."""
    subscriptions: Subscriptions
    region: Annotated[Text, AfterValidator(region)]
    redundancy: Literal["LRS", "ZRS", "GRS", "GZRS"]
    locked: bool
    issuers: Issuers
    groups: OrganisationGroups
    tags: dict[str, Text] = {}
    state: State | None = None
    projects: dict[str, Project] = {}

    def issuer(self, project: Project) -> str:
        return self.issuers.github if project.ci == "github-actions" else self.issuers.azure


def load(path: Path) -> Organisation:
    """Read `projects.yaml`. Raises Misuse with every mistake at its line."""
    document = read(path)
    mistakes = [str(mistake) for found in (clashes, subjects, own_things) for mistake in found(document)]
    try:
        organisation = validated(Organisation, document.plain(), document)
    except Misuse as error:
        raise Misuse("\n".join([str(error), *mistakes])) from None
    if mistakes:
        raise Misuse("\n".join(mistakes))
    return organisation


def clashes(document: Item) -> Iterator[Misuse]:
    """What a project cannot be called, and what two cannot share, in any document."""
    projects = document.value.get("projects")
    first: dict[tuple[str, str], str] = {}
    for slug, project in projects.value.items() if projects and isinstance(projects.value, dict) else ():
        if not re.fullmatch(SLUG, slug):
            yield project.wrong(
                f"`projects.{slug}`: write its slug, 2 to 50 of a-z, 0-9 and single hyphens in between."
            )
        for key in ("short_name", "repository", "subject"):
            value = nearest(project, [key]).value
            if not isinstance(value, str):
                continue
            if other := first.get((key, value.lower())):
                yield nearest(project, [key]).wrong(
                    f"`projects.{slug}.{key}` is that of {other} too. Give each project its own."
                )
            first.setdefault((key, value.lower()), slug)


def subjects(document: Item) -> Iterator[Misuse]:
    """Subjects that open a second identity or let in what is no job of the project: a job acts as its subject says."""
    taken: dict[str, str] = {}
    given: list[tuple[str, Item]] = []
    for slug, project, environment, entry in environments_of(document):
        prefix, found = at(project, "subject"), at(entry, "subjects")
        for who in identities(environment):
            name, item = f"{slug}, {environment}, {who}", at(found, who)
            end = JOBS[who].format(environment=environment)
            if prefix:
                taken.setdefault(f"{prefix.value}:{end}", name)
            if not item or not isinstance(item.value, str):
                continue
            if value(project, "ci") != "github-actions":
                given.append((name, item))
            elif not prefix:
                yield item.wrong(f"write `subject` of {slug} instead: GitHub's subjects are made of it.")
            elif not ours(item.value, prefix.value, end):
                yield item.wrong(f"this subject opens {name} to another job. Leave it out, or: {prefix.value}:{end}.")
    for name, item in given:
        if other := taken.get(item.value):
            yield item.wrong(f"this subject opens {other} already. Make a service connection of its own.")
        taken.setdefault(item.value, name)


def ours(subject: str, prefix: str, end: str) -> bool:
    """Whether GitHub writes such a subject for this job of the project; claims may be added in between."""
    return subject.startswith(f"{prefix}:") and subject.endswith(f":{end}")


def own_things(document: Item) -> Iterator[Misuse]:
    """Ids under `existing` in the organisation's own group: states, ledgers and keys are not a project's to use."""
    own = f"/resourcegroups/{own_group(value(document, 'name'))}/".lower()
    for _, _, _, entry in environments_of(document):
        existing = at(entry, "existing")
        for ids in existing.value.values() if existing and isinstance(existing.value, dict) else ():
            for item in ids.value if isinstance(ids.value, list) else ():
                if own in str(item.value).lower():
                    yield item.wrong("this is the organisation's own, with every project's state: take it out.")


def own_group(name: str) -> str:
    """The organisation's resource group."""
    return f"rg-{name}-mlops"


def at(item: Item | None, *keys: str) -> Item | None:
    """What a path of keys leads to; None where it leads nowhere."""
    for key in keys:
        item = item.get(key) if item else None
    return item


def value(item: Item, key: str) -> Any:
    found = item.get(key)
    return found and found.value


def environments_of(document: Item) -> Iterator[tuple[str, Item, str, Item]]:
    """Slug, project, environment and its entry, as far as they have that form."""
    projects = at(document, "projects")
    for slug, project in projects.value.items() if projects and isinstance(projects.value, dict) else ():
        entries = at(project, "environments")
        for environment in ENVIRONMENTS:
            if entry := at(entries, environment):
                yield slug, project, environment, entry


def unfilled(path: Path) -> list[str]:
    """A sentence for each id that is still the example's."""

    def walk(item: Item, name: str) -> Iterator[str]:
        if isinstance(item.value, dict):
            for key, inner in item.value.items():
                yield from walk(inner, f"{name}.{key}" if name else key)
        elif isinstance(item.value, str) and EXAMPLE in item.value:
            yield str(item.wrong(f"`{name}` is still the example's. Write your organisation's."))

    return list(walk(read(path), ""))


def plain(value: Section) -> dict[str, Any]:
    """A section as YAML holds it."""
    return value.model_dump(mode="json", by_alias=True)
