"""A project in Azure DevOps as it is: its environments, service connections, variables, pipelines and branch policies.

The REST interface 7.1 (learn.microsoft.com/rest/api/azure/devops).
"""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from mlops.errors import Misuse
from repository import checks
from repository.wanted import ENVIRONMENTS, IDENTITIES, Wanted

Call = Callable[..., Any]
HOST, VERSION = "https://dev.azure.com", "api-version=7.1"
REMOTES = (
    r"https://(?:[^@/]+@)?dev\.azure\.com/([^/]+)/([^/]+)/_git/([^/]+?)/?",
    r"git@ssh\.dev\.azure\.com:v3/([^/]+)/([^/]+)/([^/]+?)",
)
ACTING = tuple(f"{environment}-{who}" for environment, who in IDENTITIES if who != "reader")
"""The service connections that change something. They know no environment, so each has to ask for the branch itself."""
GROUP = "mlops"
"""The variables of all pipelines."""


@dataclass(frozen=True)
class Found:
    """How things are, by name or id."""

    project: Mapping[str, str]
    """Its id and name."""
    repository: str
    environments: Mapping[str, int]
    checks: Mapping[str, Sequence[Mapping[str, Any]]]
    connections: Mapping[str, Mapping[str, Any]]
    guards: Mapping[str, Sequence[Mapping[str, Any]]]
    """Checks of the service connections that change something."""
    group: Mapping[str, Any] | None
    pipelines: Mapping[str, int]
    policies: Sequence[Mapping[str, Any]]
    """Those of the protected branch."""
    people: Mapping[str, str]


def repository(project: Path) -> str:
    """ORGANISATION/PROJECT/REPOSITORY as people write them, of git's remote. Raises Misuse where that is another's."""
    git = ["git", "-C", str(project), "remote", "get-url", "origin"]
    said = subprocess.run(git, capture_output=True, encoding="utf-8").stdout.strip()
    if not (found := next((match for each in REMOTES if (match := re.fullmatch(each, said))), None)):
        where = f"{HOST}/ORGANISATION/PROJECT/_git/REPOSITORY"
        there = said or "there is no remote `origin`"
        raise Misuse(f"git knows no repository in Azure DevOps ({there}): add {where} as `origin`.")
    return unquote("/".join(found.groups()))


def read(call: Call, wanted: Wanted) -> Found:
    """Raises Misuse for a person whom Azure DevOps does not know, Refused for what one may not see."""
    _, project, name = wanted.repository.split("/")
    whole, ours = addresses(wanted)

    def listed(address: str) -> list[Any]:
        return call("GET", address)["value"]

    environments = {each["name"]: each["id"] for each in listed(f"{ours}/_apis/distributedtask/environments?{VERSION}")}
    configured = f"{ours}/_apis/pipelines/checks/configurations?$expand=settings&{checks.VERSION}"
    connections = listed(f"{ours}/_apis/serviceendpoint/endpoints?type=azurerm&{VERSION}")
    acting = {each["name"]: each["id"] for each in connections if each["name"] in ACTING}
    policies = listed(f"{ours}/_apis/policy/configurations?{VERSION}")
    groups = listed(f"{ours}/_apis/distributedtask/variablegroups?groupName={GROUP}&{VERSION}")
    code = call("GET", f"{ours}/_apis/git/repositories/{quote(name)}?{VERSION}")["id"]
    return Found(
        {"id": call("GET", f"{whole}/_apis/projects/{quote(project)}?{VERSION}")["id"], "name": project},
        code,
        environments,
        {
            each: listed(f"{configured}&resourceType=environment&resourceId={environments[each]}")
            for each in ENVIRONMENTS
            if each in environments
        },
        {each["name"]: each for each in connections},
        {each: listed(f"{configured}&resourceType=endpoint&resourceId={id}") for each, id in acting.items()},
        groups[0] if groups else None,
        {each["name"]: each["id"] for each in listed(f"{ours}/_apis/pipelines?{VERSION}")},
        [each for each in policies if each["settings"].get("scope") == scope(code, wanted)],
        dict(_people(call, wanted)),
    )


def addresses(wanted: Wanted) -> tuple[str, str]:
    """Of the organisation, and of the project."""
    organisation, project, _ = map(quote, wanted.repository.split("/"))
    return f"{HOST}/{organisation}", f"{HOST}/{organisation}/{project}"


def scope(code: str, wanted: Wanted) -> list[dict[str, str]]:
    """That of a policy for the protected branch of a repository, by its id."""
    return [{"repositoryId": code, "refName": f"refs/heads/{wanted.branch}", "matchKind": "Exact"}]


def _people(call: Call, wanted: Wanted) -> Iterator[tuple[str, str]]:
    organisation, _, _ = map(quote, wanted.repository.split("/"))
    for mail in dict.fromkeys([*wanted.approvers, *(each for people in wanted.owners.values() for each in people)]):
        where = f"https://vssps.dev.azure.com/{organisation}/_apis/identities?searchFilter=MailAddress"
        found = call("GET", f"{where}&filterValue={quote(mail)}&{VERSION}")["value"]
        if not found:
            raise Misuse(f"{organisation} knows nobody as {mail}: add that person, or correct `people`.", "mlops.yaml")
        if len(found) > 1:
            they = ", ".join(f"{each.get('providerDisplayName')} ({each['id']})" for each in found)
            what = f"{organisation} knows more than one as {mail}: {they}"
            raise Misuse(f"{what}. Remove the ones that are not meant, or write another address.", "mlops.yaml")
        yield mail, found[0]["id"]
