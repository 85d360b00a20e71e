"""`limits.yml`, typed: what each environment must have, whatever the settings of its stack say."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from mlops.sections import Section, nearest, validated
from mlops.specs.load import meant, read

FILE = Path(__file__).with_name("limits.yml")
Words = Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]
Count = Annotated[int, Field(ge=0)]
Role = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Inbound = Literal["public", "listed", "private"]


class Storage(Section):
    redundancy: Words
    """Ends of the names of Azure's storage SKUs: LRS, ZRS, GRS, GZRS, RAGRS, RAGZRS."""
    versions: bool
    keep_deleted_days: Count
    """Days for which deleted blobs and containers can be had back; 0: no need."""


class Clusters(Section):
    sizes: Words
    """Names of sizes; `*` stands for any text, `[24]` for one of these characters."""
    max_nodes: Annotated[int, Field(ge=1)]
    """Of one cluster."""
    all_nodes: Annotated[int, Field(ge=1)]
    """Of all clusters of a stack together; a machine of somebody's own counts as one."""
    idle_minutes: Annotated[int, Field(ge=1)]
    """The longest that a node may idle before it is given back."""
    low_priority: bool
    """Whether nodes may be ones that Azure can take back at any time."""


class Environment(Section):
    inbound: Inbound
    shares: bool
    """Whether models are shared from here: the organisation's registry may then read the storage, however closed."""
    isolation: Literal["none", "internet", "approved"]
    hosts: list[str]
    """Host names that the managed network may have a rule for. The first starts a firewall that is paid by the hour."""
    service_tags: list[str]
    """Azure's names of services that the managed network may lead to, where it leads only to what is approved."""
    diagnostics: list[Literal["workspace", "storage", "vault", "images"]]
    keep_logs_days: Count
    storage: Storage
    clusters: Clusters
    budget: Annotated[float, Field(gt=0)]
    """The highest budget, by the month and in the currency of the bill."""
    protect_workspace: bool


class Classification(Section):
    inbound: Inbound
    read_logs: bool
    """Whether each read of the data must be logged."""


class File(Section):
    version: Literal[1] = Field(alias="schema")
    regions: Words
    tags: Words
    untaggable: list[str]
    """Kinds of resource that cannot carry tags in Azure; `*` stands for any text."""
    kinds: dict[str, Words]
    """By provider, kinds of resource that may be made; `*` stands for any text."""
    roles: dict[str, Role]
    """Roles that a stack may assign, and their ids."""
    classifications: Annotated[dict[str, Classification], Field(min_length=1)]
    environments: Annotated[dict[str, Environment], Field(min_length=1)]


@dataclass(frozen=True)
class Limits:
    """What holds for everything, and what holds in one environment."""

    environment: str
    all: File
    here: Environment


def load(file: Path = FILE) -> dict[str, Limits]:
    """Limits by environment. Raises Misuse with every mistake at its line."""
    document = read(file)
    found = validated(File, document.plain(), document)
    return {name: Limits(name, found, here) for name, here in found.environments.items()}


def limits(environment: str, file: Path = FILE) -> Limits:
    """The limits of one environment. Raises Misuse for mistakes in the file, and where it has no such environment."""
    known = load(file)
    if environment not in known:
        raise nearest(read(file), ["environments"]).wrong(
            f"nothing is said of `{environment}`: {meant(environment, known)}"
        )
    return known[environment]
