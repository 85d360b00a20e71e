"""What `projects.yaml` may say: the organisation, and one entry per project. rules.py has what fits together."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError
from settings.types import GROUP, Account, LogWorkspace, Subnet, Zone, arm_id

from mlops.sections import Positive, Section, Text
from mlops.settings import Email

ENVIRONMENTS = ("dev", "staging", "prod")
LOCKABLE = r"(Microsoft\.Storage/storageAccounts|Microsoft\.KeyVault/vaults|Microsoft\.OperationalInsights/workspaces)"
SUBJECT = r"repo:[^:/\s]+/[^:/\s]+"
JOBS = {
    "deploy": "environment:{environment}",
    "reader": "pull_request",
    "operate": "environment:{environment}-operate",
}
"""What GitHub adds to a subject for a job: docs.github.com, "OpenID Connect reference", 2026-07."""
NIGHTLY = "ref:refs/heads/main"
"""The same for a job of the schedule without an environment: the nightly watch, which looks as reader."""


def lockable(text: str) -> str:
    if not re.fullmatch(f"{GROUP}{LOCKABLE}/[^/]+", text, re.IGNORECASE):
        raise ValueError(
            "give the Azure id of a storage account, key vault or log workspace; a lock on a group or an ML workspace "
            "stops clusters from scaling down"
        )
    return text


def held(value: Any) -> Any:
    """A heading with nothing under it is refused like any other value that is no section."""
    if value is None:
        raise PydanticCustomError("model_type", "nothing is under it")
    return value


def guid(about: str) -> Any:
    return Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", description=about)


Tenant = Annotated[str, guid("In lower case, as `az account show --query tenantId` prints it.")]
Subscription = Annotated[str, guid("In lower case, as `az account show --query id` prints it.")]
Group = Annotated[str, guid("Object id of a group, in lower case: `az ad group show --group NAME --query id`.")]
ShortName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{1,9}$")]
Url = Annotated[
    str,
    Field(
        pattern=r"^https://\S+[^/\s]$", description="An address that starts with https:// and has no slash at its end."
    ),
]
Container = Annotated[
    str,
    arm_id(
        "Microsoft.Storage/storageAccounts/*/blobServices/*/containers",
        "Microsoft.Storage/storageAccounts/ACCOUNT/blobServices/default/containers/NAME",
    ),
]


class Subscriptions(Section):
    """They may all be the same."""

    organisation: Subscription
    dev: Subscription
    staging: Subscription
    prod: Subscription


class Issuers(Section):
    """Who vouches for a CI job, by CI system."""

    github: Url = Field(alias="github-actions")
    azure: Url = Field(alias="azure-devops")


class State(Section):
    """Where Pulumi keeps the state, if not in the store that `make bootstrap` makes."""

    backend: Text
    secrets_provider: Text


class OrganisationGroups(Section):
    platform: Group
    """Who runs this program."""


class Groups(Section):
    """Groups in Entra ID."""

    data_scientists: Group
    operators: Group
    signers: Group
    readers: Group
    investigators: Group


class Subjects(Section):
    """The subject in the token of the CI job that acts as each identity. Absent: nobody can act as it yet."""

    deploy: Text | None = None
    reader: Text | None = None
    operate: Text | None = None


class Existing(Section):
    """Azure ids of what the stack uses but does not own: each deploy identity gets its rights there too."""

    subnet: list[Subnet] = []
    dns_zones: list[Zone] = []
    log_workspace: list[LogWorkspace] = []
    source: list[Account] = []
    """Storage accounts to which the managed network makes private endpoints."""
    source_data: list[Container] = []
    """Containers that jobs read."""


class Environment(Section):
    monthly_budget: Positive
    """In the currency in which the subscription is billed."""
    subjects: Subjects = Subjects()
    existing: Existing = Existing()
    locked: list[Annotated[str, AfterValidator(lockable)]] = []
    """Azure ids of what nobody can delete, once the project's stack has made it."""


Entry = Annotated[Environment | None, BeforeValidator(held)]


class Environments(Section):
    dev: Entry = None
    staging: Entry = None
    prod: Entry = None

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
    subject: Annotated[str, Field(pattern=f"^{SUBJECT}$")] | None = None
    """How GitHub's tokens name the repository: what `gh api repos/OWNER/NAME/actions/oidc/customization/sub
    --jq .sub_claim_prefix` prints."""
    owner: Email
    cost_centre: Text
    groups: Groups
    environments: Environments

    def subjects_of(self, identity: str, environment: str) -> list[str]:
        """The subjects of the CI jobs that may act as an identity; none while they are not known."""
        end = JOBS[identity].format(environment=environment)
        made = f"{self.subject}:{end}" if self.subject else None
        own = getattr(self.environments.present[environment].subjects, identity) or made
        if own is None:
            return []
        nightly = identity == "reader" and own.endswith(f":{end}")
        return [own, own.removesuffix(end) + NIGHTLY] if nightly else [own]


class Organisation(Section):
    """Everything in `projects.yaml`."""

    version: Literal[1] = Field(alias="schema")
    name: ShortName
    """Goes into names that must be free in all of Azure: 2 to 10 of a-z and 0-9, a letter first."""
    tenant: Tenant
    subscriptions: Subscriptions
    region: Text
    redundancy: Literal["LRS", "ZRS", "GZRS"]
    locked: bool
    issuers: Issuers
    groups: OrganisationGroups
    tags: dict[str, Text] = {}
    state: Annotated[State | None, BeforeValidator(held)] = None
    projects: dict[str, Project] = {}

    def issuer(self, project: Project) -> str:
        return self.issuers.github if project.ci == "github-actions" else self.issuers.azure


def identities(environment: str) -> list[str]:
    """The CI identities of an environment."""
    return list(JOBS) if environment == "prod" else ["deploy", "reader"]


def plain(value: Section) -> dict[str, Any]:
    """A section as YAML holds it."""
    return value.model_dump(mode="json", by_alias=True)
