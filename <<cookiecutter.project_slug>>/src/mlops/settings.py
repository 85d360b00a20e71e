"""`mlops.yaml`, typed: who, what for, how good, where. Its JSON schema is made from these types."""

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from mlops.errors import Misuse
from mlops.release.settings import Release
from mlops.sections import Count, Document, Known, Positive, Section, Share, Text, nearest, validated
from mlops.words import letters


def named(text: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        raise ValueError("write an e-mail address, such as owner@example.org")
    return text


def reasoned(limits: dict[str, Any]) -> dict[str, Any]:
    if not letters(str(limits.get("reason", ""))):
        raise ValueError("limits of one's own need a `reason`; add it")
    return limits


def said(text: str) -> str:
    if not letters(text):
        raise ValueError("it gives no reason; write why")
    return text


def distinct(accounts: dict[str, str]) -> dict[str, str]:
    if len({each.casefold() for each in accounts.values()}) < len(accounts):
        raise ValueError("two people have one account; each has their own")
    return accounts


Email = Annotated[str, AfterValidator(named)]
People = Annotated[list[Email], Field(min_length=1)]


class Project(Section):
    name: Text
    short_name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,9}$")]
    """Goes into the names of Azure resources: at most 10 of a-z and 0-9, a letter first."""
    description: Text
    organisation: Text
    repository: Annotated[str, Field(pattern=r"^[^/\s]+/[^/\s]+$")]
    """Written as `owner/name`."""
    protected_branch: Text = "main"
    """Only what is on it goes to staging and prod."""


class MayChange(Section):
    model: People
    gates: People
    infrastructure: People


class Approvers(Section):
    staging: People
    prod: People


class Duties(Section):
    """E-mail addresses of the people with each duty."""

    owner: Email
    feeds_data: People
    watches: People
    retrains: People
    fixes: People
    may_change: MayChange
    approves: Approvers
    signs: dict[Text, People] = {}
    """Who signs for what the responsible-AI checklist asks, by role."""
    accounts: Annotated[dict[Email, Text], AfterValidator(distinct)] = {}
    """The account of a person with GitHub or Azure DevOps, by e-mail address: for those who approve in CI."""
    one_person: str = ""
    """Why one person feeds data, watches, retrains and fixes alone, where that is so."""

    def person(self, said: str) -> str:
        """The e-mail address, in small letters, of who has an account or an address, also one that GitHub gave them:
        `ID+ACCOUNT@users.noreply.github.com` or `ACCOUNT@…` (docs.github.com, "Setting your commit email address")."""
        account = re.sub(r"^(\d+\+)?([^@]+)@users\.noreply\.github\.com$", r"\2", said.casefold())
        emails = {login.casefold(): email for email, login in self.accounts.items()}
        return emails.get(account, said).casefold()

    def persons(self, said: Iterable[str]) -> set[str]:
        return {self.person(each) for each in said}

    @property
    def alone(self) -> str | None:
        """The person who has all four duties alone, if there is no reason for it."""
        duties = self.persons([*self.feeds_data, *self.watches, *self.retrains, *self.fixes])
        return next(iter(duties)) if len(duties) == 1 and not letters(self.one_person) else None


class Outcome(Section):
    """The decision that the model supports, and the figure by which it is judged."""

    decision: Text
    figure: Text
    """What `outcome()` of the model package measures, in words; higher is better."""
    today: Text
    """Today's process: the baseline of the figure."""
    go: float
    """The least value of the figure at which the model is worth using."""
    reason: Annotated[Text, AfterValidator(said)]


class Online(Section):
    p95_ms: Positive
    availability: Annotated[float, Field(gt=0, lt=1)]
    requests_per_second: Positive


class Batch(Section):
    rows: Count
    deadline_minutes: Positive


class Service(Section):
    """What callers may rely on. Without `online` the model scores in batch only."""

    online: Online | None = None
    batch: Batch
    cost_per_month: Positive
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """Three capital letters, such as EUR."""
    recovery_time_minutes: Positive
    recovery_point_minutes: Annotated[float, Field(ge=0)]
    keep_log_days: Count = 90
    """How long the log of predictions may be kept."""


class ModelSettings(Section):
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$")]
    """The name under which models are registered: of letters, digits, `.`, `_` and `-`, a letter or digit first."""
    package: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")]
    """The folder in `src/` that holds the model: of a-z, 0-9 and _, no digit first."""


class Source(Section):
    """A raw table: where it comes from and what it may be used for."""

    about: Text
    owner: Email
    source: Text
    licence: Text
    purpose: Text
    classification: Literal["public", "internal", "confidential", "sensitive"]
    region: Text
    keep_until: date


class Training(Section):
    where: Literal["dev", "prod"]
    """The environment that trains: prod where data may not leave it."""
    test_share: Share
    """Share of the rows that no training sees."""
    budget_minutes: Positive
    budget_cost: Positive


class Instances(Section):
    """Of a deployment that answers callers: how many there are, and how many its load may bring."""

    least: Count = 1
    most: Count = 1

    @model_validator(mode="after")
    def in_order(self) -> "Instances":
        if self.most < self.least:
            raise ValueError("`most` must not be less than `least`")
        return self


class EnvironmentSettings(Section):
    region: Text
    instances: Instances = Instances()


class Local(Section):
    """This machine."""

    paths: dict[Text, Text] = {}
    """Start of a URI (`azureml://datastores/lake/paths`) and the folder that holds a copy, from this file's folder."""


class Environments(Section):
    local: Local = Local()
    dev: EnvironmentSettings
    staging: EnvironmentSettings
    prod: EnvironmentSettings

    def of(self, environment: str) -> EnvironmentSettings:
        """One that is in Azure."""
        return getattr(self, environment)


class TrustedKeys(Section):
    """Public keys by their id: 64 hexadecimal digits, or PEM. The laptop trusts its own besides."""

    local: dict[Text, Text] = {}
    dev: dict[Text, Text] = {}
    staging: dict[Text, Text] = {}
    prod: dict[Text, Text] = {}


class Evidence(Section):
    trusted_keys: TrustedKeys = TrustedKeys()
    """Whose signatures count in each environment."""


class Settings(Document):
    """Everything in `mlops.yaml`. Hyper-parameters and the seed are inputs of `train.yml` instead."""

    version: Literal[1] = Field(alias="schema")
    project: Project
    people: Duties
    outcome: Outcome
    service: Service
    model: ModelSettings
    data: Annotated[dict[str, Source], Field(min_length=1)]
    training: Training
    gates: dict[str, Annotated[dict[str, Any], AfterValidator(reasoned)]] = {}
    """Limits of each gate, with the reason. A gate that is not named here runs with its own limits."""
    release: Release = Release()
    environments: Environments
    evidence: Evidence = Evidence()

    def limits(self, gate: str, model: type[Known]) -> Known:
        """The limits of a gate as its own type. Raises Misuse with every mistake at its line."""
        return validated(model, self.gates.get(gate, {}), self._document, "gates", gate)

    def mapped(self, project: Path) -> dict[str, Path]:
        """Starts of URIs, and the folder of this machine that holds a copy."""
        paths = self.environments.local.paths
        return {start: project / Path(folder).expanduser() for start, folder in paths.items()}

    @property
    def about(self) -> dict[str, dict[str, Any]]:
        """What is said of each source, as JSON holds it."""
        return {name: source.model_dump(mode="json") for name, source in self.data.items()}

    def wrong(self, what: str, *keys: str) -> Misuse:
        """The error that names the line of a setting."""
        return nearest(self._document, keys).wrong(what)


def load(path: Path) -> Settings:
    """Read `mlops.yaml`. Raises Misuse with every mistake at its line."""
    return Settings.load(path)


def find(start: Path) -> Path:
    """The `mlops.yaml` of the project that `start` lies in. Raises Misuse outside a project."""
    for folder in (start, *start.parents):
        if (folder / "mlops.yaml").is_file():
            return folder / "mlops.yaml"
    raise Misuse(f"no mlops.yaml in {start} or above it: run this inside a project.")


def schema() -> dict[str, Any]:
    return Settings.model_json_schema(by_alias=True)
