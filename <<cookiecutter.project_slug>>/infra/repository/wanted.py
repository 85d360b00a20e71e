"""What a repository has to be, read from mlops.yaml, .mlops/ci.env and .mlops/env/: the same for both CI systems."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from names import SHORT

from mlops.errors import Misuse
from mlops.settings import Settings
from mlops.specs.load import meant

PASTED, WRITTEN = Path(".mlops", "ci.env"), Path(".azuredevops", "templates", "variables.yml")
CHECK = "check"
"""The job or pipeline that a pull request has to pass."""
OPERATED = "prod-operate"
ENVIRONMENTS = (*SHORT, OPERATED)
"""Of CI. Jobs of the last one act on a release in prod at any hour, so nobody is asked there."""
TENANT, BACKEND, SUBSCRIPTION, RUNNER = "AZURE_TENANT_ID", "PULUMI_BACKEND_URL", "AZURE_SUBSCRIPTION_ID", "RUNNER"
IDENTITIES = [*((stack, who) for stack in SHORT for who in ("deploy", "reader")), ("prod", "operate")]
"""As which jobs of CI log in: an environment, and what they may do there."""


@dataclass(frozen=True)
class Wanted:
    """`approvers` are e-mail addresses, none where `release.approval` is `never`; `accounts` their names in CI."""

    repository: str
    branch: str
    approvers: Sequence[str]
    accounts: Mapping[str, str]
    variables: Mapping[str, str]
    owners: Mapping[str, Sequence[str]]
    """Who is asked about a change, by path."""
    pipelines: Mapping[str, str]
    """Files in .azuredevops/, by name."""

    @property
    def missing(self) -> list[str]:
        """Variables without which jobs of CI cannot log in."""
        stacks = [f"{name}_{stack.upper()}" for stack in SHORT for name in (BACKEND, SUBSCRIPTION)]
        return [name for name in (TENANT, *stacks, *map(client, IDENTITIES)) if name not in self.variables]


@dataclass(frozen=True)
class Step:
    """One call that brings the repository nearer to what is wanted. Without `path` it waits for what others make.

    `remedy` is what to do when it is refused.
    """

    what: str
    method: str = ""
    path: str = ""
    body: Any = None
    remedy: str = ""


def client(identity: tuple[str, str]) -> str:
    """The variable that names an identity."""
    return f"AZURE_CLIENT_ID_{identity[1].upper()}_{identity[0].upper()}"


def wanted(project: Path, known: Settings, repository: str, owners: Mapping[str, Sequence[str]]) -> Wanted:
    """Raises Misuse with the line of what cannot be."""
    return Wanted(
        repository,
        known.project.protected_branch,
        [] if known.release.approval == "never" else known.people.approves.prod,
        known.people.accounts,
        pasted(project) | exported(project),
        owners,
        {file.stem: f"/.azuredevops/{file.name}" for file in sorted(project.glob(".azuredevops/*.yml"))},
    )


def pasted(project: Path) -> dict[str, str]:
    """What `make onboarded` of the organisation printed, for each stack. Empty where nothing was pasted yet."""
    file, found = project / PASTED, dict[str, str]()
    for number, line in enumerate(file.read_text("utf-8").splitlines() if file.is_file() else [], 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not (said := re.fullmatch(r"\s*([A-Z][A-Z0-9_]*)=(\S+)\s*", line)):
            raise Misuse("write NAME=value, as `make onboarded` prints it.", file, number)
        name, value = said.groups()
        if name not in (names := [*_names()]):
            raise Misuse(f"no job of CI reads {name}: {meant(name, names)}", file, number)
        if name.startswith(f"{RUNNER}_") and (project / WRITTEN).is_file():
            raise Misuse(f"no pipeline reads {name} from a variable group: write it in {WRITTEN}.", file, number)
        if found.setdefault(name, value) != value:
            raise Misuse(f"{name} is there twice, with another value. Keep the right one.", file, number)
    return found


def exported(project: Path) -> dict[str, str]:
    """What `mlops env sync` wrote of each environment, for jobs that do not sync themselves."""
    files = {stack: project / ".mlops" / "env" / f"{stack}.json" for stack in SHORT}
    there = {stack: json.loads(file.read_text("utf-8")) for stack, file in files.items() if file.is_file()}
    return {f"MLOPS_ENV_{stack.upper()}": json.dumps(said, sort_keys=True) for stack, said in there.items()}


def _names() -> Iterator[str]:
    yield TENANT
    yield from map(client, IDENTITIES)
    yield from (f"{name}_{stack.upper()}" for stack in SHORT for name in (BACKEND, SUBSCRIPTION, RUNNER))
