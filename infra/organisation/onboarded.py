"""What a project is told when it was onboarded, and what stays when it goes. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from mlops.errors import Misuse
from mlops.specs.load import meant

Resource = Mapping[str, Any]


def page(blocks: Mapping[str, Any], project: str, environment: str) -> str:
    """The part for a project's stack file, and CI's variables as comments. Raises Misuse for one that is not there."""
    if project not in blocks:
        raise Misuse(f"{project} is not onboarded: {meant(project, blocks)}")
    if environment not in blocks[project]:
        raise Misuse(f"{project} has no {environment}: {meant(environment, blocks[project])}")
    block = blocks[project][environment]
    own = block["organisation"]
    variables = {
        "AZURE_TENANT_ID": own["tenant"],
        f"AZURE_SUBSCRIPTION_ID_{environment.upper()}": own["subscription"],
        **{f"AZURE_CLIENT_ID_{who.upper()}_{environment.upper()}": client for who, client in block["clients"].items()},
        f"PULUMI_BACKEND_URL_{environment.upper()}": block["backend"],
    }
    part = {"secretsprovider": block["secrets_provider"], "config": {f"{project}:organisation": own}}
    lines = [
        f"# Into infra/Pulumi.{environment}.yaml of {project}:",
        yaml.safe_dump(part, sort_keys=False, width=1000).rstrip(),
        "",
        f"# Into .mlops/ci.env of {project}, for `make repo-setup`; none is a secret:",
        *(f"{name}={value}" for name, value in variables.items()),
    ]
    if block["ci"] == "github-actions":
        jobs = [environment, *([f"{environment}-operate"] if "operate" in block["clients"] else [])]
        lines += [
            "",
            f"# GitHub must have these environments already, for jobs of the protected branch only: {', '.join(jobs)}.",
            "# It makes one that a workflow names and that is missing, open to every branch: first `make repo-setup`.",
        ]
    if block["missing"]:
        lines += [
            "",
            f"# Nobody can act as {', '.join(block['missing'])} yet. `make repo-setup` of the project makes service",
            "# connections and prints their subjects: write those into projects.yaml under",
            f"# environments.{environment}.subjects, and run `make organisation-up` again.",
        ]
    return "\n".join(lines) + "\n"


def protected(resources: Iterable[Resource], project: str) -> list[Resource]:
    """What the state of this program protects of one project."""
    known = {resource["urn"]: resource for resource in resources}

    def belongs(resource: Resource | None) -> bool:
        while resource:
            if resource["type"] == "organisation:index:Project":
                return resource["urn"].endswith(f"::{project}")
            resource = known.get(resource.get("parent", ""))
        return False

    return [resource for resource in known.values() if resource.get("protect") and belongs(resource)]


def kept(resources: Iterable[Resource]) -> str:
    """What to do next, and what stays in Azure."""
    return "\n".join(
        [
            "Nothing was deleted. Next, in this order:",
            "  1. projects.yaml: `locked: false`, and `make organisation-up`; Azure's locks hold role assignments too.",
            "  2. Remove the project's entry, and `make organisation-up`: identities, rights and budgets go.",
            "  3. `locked: true`, and `make organisation-up`.",
            "These stay in Azure until an owner deletes them by hand, when no law asks for them any more:",
            *(f"  {resource['id']}" for resource in resources),
        ]
    )
