"""The settings of a stack, from mlops.yaml and Pulumi.STACK.yaml, whole and consistent, or refused in sentences."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import names
import roles
from policy.limits import limits
from pydantic import TypeAdapter, ValidationError

from mlops import settings as project_settings
from mlops.errors import Misuse
from mlops.sections import complaint, nearest
from mlops.settings import Settings
from mlops.specs import load as yaml_file
from mlops.specs.load import Item, meant
from mlops.specs.types import Place

from .rules import broken
from .types import Cluster, Datastore, Images, Logs, Network, Organisation, Storage, Tags, Topics

HERE = Path(__file__).resolve().parents[1]
ONBOARD = (
    "the project is not onboarded: add it to `projects.yaml` of the organisation's program, run that, and put the "
    "block that it prints here, under `config`, as `{slug}:organisation`."
)
CLASSIFICATIONS = ("public", "internal", "confidential", "sensitive")


@dataclass(frozen=True)
class Stack:
    """One environment of a project."""

    slug: str
    environment: str
    project: Settings
    network: Network
    storage: Storage
    images: Images
    logs: Logs
    computes: Mapping[str, Cluster]
    datastores: Mapping[str, Datastore]
    labels: Tags
    onboarded: Organisation | None
    """What the organisation made for it. A program always has it."""

    @property
    def region(self) -> str:
        return getattr(self.project.environments, self.environment).region

    @property
    def classification(self) -> str:
        """The strictest of the data's."""
        return strictest(self.project)

    @property
    def private(self) -> bool:
        """Whether nothing is reached but through private endpoints."""
        return self.network.inbound == "private"

    @property
    def shares(self) -> bool:
        """Whether models are copied from here to the organisation's registry: what is trained in prod stays there."""
        return self.environment == self.project.training.where == "dev"

    @property
    def organisation(self) -> Organisation:
        """What the organisation made for this project. Raises Misuse until then."""
        if self.onboarded is None:
            raise Misuse(ONBOARD.format(slug=self.slug), f"Pulumi.{self.environment}.yaml")
        return self.onboarded

    @property
    def names(self) -> names.Names:
        return names.Names(self.project.project.short_name, self.environment)

    @property
    def tags(self) -> dict[str, str]:
        """What every resource carries."""
        return {
            "project": self.slug,
            "environment": self.environment,
            "owner": self.project.people.owner,
            "cost-centre": self.labels.cost_centre,
            "classification": self.classification,
            "managed-by": "pulumi",
            **self.labels.more,
        }


def load() -> Stack:
    """The stack whose program this is. Raises pulumi.RunError with every mistake, before anything is registered."""
    import pulumi
    from pulumi.runtime.config import CONFIG

    slug, environment = pulumi.get_project(), pulumi.get_stack()
    given = {key.partition(":")[2]: value for key, value in CONFIG.get().items() if key.startswith(f"{slug}:")}
    try:
        return assemble(slug, environment, HERE, {topic: parsed(value) for topic, value in given.items()})
    except Misuse as error:
        raise pulumi.RunError(
            f"nothing was changed, since the settings of {environment} are refused:\n{error}"
        ) from None


def read(environment: str, folder: Path = HERE) -> Stack:
    """A stack from its files. Raises Misuse with every mistake at its line."""
    return assemble(yaml_file.read(folder / "Pulumi.yaml").text("name") or "", environment, folder)


def assemble(slug: str, environment: str, folder: Path, values: Mapping[str, Any] | None = None) -> Stack:
    """A stack from its files; where the engine gives values, these count, and the file says only on which line."""
    if environment not in names.SHORT:
        raise Misuse(f"{environment!r} is no environment: {meant(environment, names.SHORT)}", folder)
    found = [f"{HERE / 'roles.py'}: {sentence}" for sentence in roles.unknown()]
    known: dict[str, Any] = {}
    try:
        known["limits"] = limits(environment, folder / "policy" / "limits.yml")
    except Misuse as error:
        found.append(str(error))
    try:
        known["project"] = project_settings.load(folder.parent / "mlops.yaml")
        known["classification"] = strictest(known["project"])
    except Misuse as error:
        found.append(str(error))
    document, strangers = config(slug, folder / f"Pulumi.{environment}.yaml", optional=values is not None)
    found += strangers
    given = document.plain() if values is None else (document.plain() if strangers else {}) | dict(values)
    try:
        known |= dict(Topics.model_validate(given))
    except ValidationError as error:
        found += [str(complaint(Topics, document, (), problem)) for problem in error.errors()]
        wrong = {problem["loc"][0] for problem in error.errors()}
        for name in Topics.model_fields.keys() & given.keys() - wrong:
            known[name] = TypeAdapter(Topics.model_fields[name].rebuild_annotation()).validate_python(given[name])
    for (topic, *keys), sentence in broken(known):
        at = known["project"].wrong(f"{sentence}.", *keys) if topic == "mlops.yaml" else None
        found.append(str(at or nearest(document, [topic, *keys]).wrong(f"{sentence}.")))
    if values is not None and "organisation" not in given:
        found.append(str(document.wrong(ONBOARD.format(slug=slug))))
    if found:
        raise Misuse("\n".join(found))
    topics = {name: known[name] for name in Topics.model_fields}
    labels, onboarded = topics.pop("tags"), topics.pop("organisation")
    return Stack(slug, environment, known["project"], labels=labels, onboarded=onboarded, **topics)


def config(slug: str, file: Path, optional: bool) -> tuple[Item, list[str]]:
    """The topics of a stack file, with their lines, and a sentence for each prefix that is not this project's.

    Raises Misuse when it cannot be read, unless that is optional.
    """
    try:
        document = yaml_file.read(file)
    except Misuse:
        if not optional:
            raise
        return Item({}, Place(file, 1)), []
    topics: dict[str, Item] = {}
    wrong: dict[str, Item] = {}
    for key, item in document.section("config").items():
        prefix, _, topic = key.rpartition(":")
        if prefix == slug or topic in Topics.model_fields:
            topics.setdefault(topic, item)
            wrong.setdefault(prefix, item)
    found = [
        f"{item.place}: keys here begin with `{prefix}:`, and Pulumi.yaml names the project {slug}: write `{slug}:`."
        for prefix, item in wrong.items()
        if prefix != slug
    ]
    return Item(topics, document.value.get("config", document).place), found


def strictest(project: Settings) -> str:
    return max((source.classification for source in project.data.values()), key=CLASSIFICATIONS.index)


def parsed(value: Any) -> Any:
    """A value of the engine's: it gives texts as they are and everything else as JSON."""
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        return value
