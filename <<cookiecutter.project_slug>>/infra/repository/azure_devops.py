"""A repository in Azure DevOps: how it is, and the calls that make it what is wanted.

The REST interface 7.1 (learn.microsoft.com/rest/api/azure/devops): environments and their checks, service connections,
variable groups, pipelines, branch policies. Settings of policies are documented by example only; these are the ones
that the portal and Microsoft's Terraform provider write.
"""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from mlops.errors import Misuse, Refused
from repository import checks
from repository.checks import within
from repository.wanted import ENVIRONMENTS, IDENTITIES, SUBSCRIPTION, TENANT, Step, Wanted, client

Call = Callable[..., Any]
NAME, HOST, VERSION = "Azure DevOps", "https://dev.azure.com", "api-version=7.1"
REMOTES = (
    r"https://(?:[^@/]+@)?dev\.azure\.com/([^/]+)/([^/]+)/_git/([^/]+?)/?",
    r"git@ssh\.dev\.azure\.com:v3/([^/]+)/([^/]+)/([^/]+?)",
)
ACTING = tuple(f"{environment}-{who}" for environment, who in IDENTITIES if who != "reader")
"""The service connections that change something. They know no environment, so each has to ask for the branch itself."""
GROUP, CHECK = "mlops", "check"
"""The variables of all pipelines, and the pipeline that a pull request has to pass."""
BUILD, REVIEWERS, OWNERS = (
    "0609b952-1397-4640-95ec-e00a01b2c241",
    "fa4e907d-c16b-4a4c-9dfa-4906e5d171dd",
    "fd2167ab-b0be-447a-8ec8-39368250530e",
)
"""Types of branch policies: build validation, number of reviewers, automatically included reviewers."""
COUNT = "minimumApproverCount"


@dataclass(frozen=True)
class Found:
    """How things are, by name or id."""

    project: str
    repository: str
    environments: Mapping[str, int]
    checks: Mapping[str, Sequence[Mapping[str, Any]]]
    connections: Mapping[str, Mapping[str, Any]]
    guards: Mapping[str, Sequence[Mapping[str, Any]]]
    """Checks of the service connections that change something."""
    group: Mapping[str, Any] | None
    pipelines: Mapping[str, int]
    policies: Sequence[Mapping[str, Any]]
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
    organisation, project, name = map(quote, wanted.repository.split("/"))
    whole, ours = _addresses(wanted)

    def listed(address: str) -> list[Any]:
        return call("GET", address)["value"]

    environments = {each["name"]: each["id"] for each in listed(f"{ours}/_apis/distributedtask/environments?{VERSION}")}
    configured = f"{ours}/_apis/pipelines/checks/configurations?$expand=settings&{checks.VERSION}"
    connections = listed(f"{ours}/_apis/serviceendpoint/endpoints?type=azurerm&{VERSION}")
    acting = {each["name"]: each["id"] for each in connections if each["name"] in ACTING}
    policies = listed(f"{ours}/_apis/policy/configurations?{VERSION}")
    groups = listed(f"{ours}/_apis/distributedtask/variablegroups?groupName={GROUP}&{VERSION}")
    code = call("GET", f"{ours}/_apis/git/repositories/{name}?{VERSION}")["id"]
    return Found(
        call("GET", f"{whole}/_apis/projects/{project}?{VERSION}")["id"],
        code,
        environments,
        {
            each: listed(f"{configured}&resourceType=environment&resourceId={environments[each]}")
            for each in ENVIRONMENTS
            if each in environments
        },
        {each["name"]: each for each in connections},
        {name: listed(f"{configured}&resourceType=endpoint&resourceId={id}") for name, id in acting.items()},
        groups[0] if groups else None,
        {each["name"]: each["id"] for each in listed(f"{ours}/_apis/pipelines?{VERSION}")},
        [each for each in policies if each["settings"].get("scope") == [_scope(code, wanted)]],
        dict(_people(call, organisation, wanted)),
    )


def plan(wanted: Wanted, found: Found) -> list[Step]:
    """The calls that are still needed; none when everything is as it has to be."""
    whole, ours = _addresses(wanted)
    reference = {"id": found.project, "name": wanted.repository.split("/")[1]}
    return [
        *_environments(wanted, found, ours),
        *_connections(wanted, found, whole, reference),
        *_guards(wanted, found, ours),
        *_variables(wanted, found, whole, reference),
        *_pipelines(wanted, found, ours),
        *_policies(wanted, found, ours),
    ]


def facts(wanted: Wanted, found: Found) -> Iterator[str]:
    """What the organisation has to know: the subject of a service connection is not known before it exists."""
    for environment, who in IDENTITIES:
        if it := found.connections.get(f"{environment}-{who}"):
            said = it["authorization"]["parameters"]
            yield f"environments.{environment}.subjects.{who}: {said.get('workloadIdentityFederationSubject')}"
            yield f"  issuer {said.get('workloadIdentityFederationIssuer')}"
    yield "In its first run a pipeline asks for permission to use an environment, a connection or the variables."


def approved(wanted: Wanted, found: Found) -> str:
    """A sentence on who stands before prod. Raises Refused when Azure DevOps does not keep what mlops.yaml asks for."""
    if not wanted.approvers:
        return "prod is not behind approval: `release.approval` is `never`."
    there = found.checks.get("prod", ())
    asked = [(rule, there) for rule in checks.rules("prod", wanted, found.people, there)]
    if "prod-deploy" in found.guards:
        asked.append((checks.branch(wanted), found.guards["prod-deploy"]))
    if not all(checks.kept(*each) for each in asked):
        where = "its environment, or of the service connection prod-deploy"
        raise Refused(f"prod is NOT behind approval: Azure DevOps does not keep the checks of {where}.")
    return f"prod is behind approval, as Azure DevOps says it too: {', '.join(wanted.approvers)}."


def _addresses(wanted: Wanted) -> tuple[str, str]:
    """Of the organisation, and of the project."""
    organisation, project, _ = map(quote, wanted.repository.split("/"))
    return f"{HOST}/{organisation}", f"{HOST}/{organisation}/{project}"


def _environments(wanted: Wanted, found: Found, ours: str) -> Iterator[Step]:
    for name in ENVIRONMENTS:
        id, there = found.environments.get(name), found.checks.get(name, ())
        if id is None:
            place = f"{ours}/_apis/distributedtask/environments?{VERSION}"
            yield Step(f"environment {name}", "POST", place, {"name": name})
        resource = {"type": "environment", "id": id and str(id), "name": name}
        yield from checks.missing(checks.rules(name, wanted, found.people, there), there, resource, wanted, ours)


def _guards(wanted: Wanted, found: Found, ours: str) -> Iterator[Step]:
    for name, there in found.guards.items():
        resource = {"type": "endpoint", "id": str(found.connections[name]["id"]), "name": name}
        yield from checks.missing([checks.branch(wanted)], there, resource, wanted, ours)


def _connections(wanted: Wanted, found: Found, whole: str, reference: Mapping[str, str]) -> Iterator[Step]:
    for environment, who in IDENTITIES:
        name, variables = f"{environment}-{who}", wanted.variables
        identity, subscription = variables.get(client((environment, who))), f"{SUBSCRIPTION}_{environment.upper()}"
        if not identity or subscription not in variables or TENANT not in variables:
            continue
        own = {"tenantid": variables[TENANT], "serviceprincipalid": identity}
        id, authorization = variables[subscription], {"scheme": "WorkloadIdentityFederation", "parameters": own}
        there = found.connections.get(name)
        if there and within(authorization, there["authorization"]) and there["data"].get("subscriptionId") == id:
            continue
        body = {
            "name": name,
            "type": "azurerm",
            "url": "https://management.azure.com/",
            "authorization": authorization,
            "data": {
                "subscriptionId": id,
                "subscriptionName": id,
                "environment": "AzureCloud",
                "scopeLevel": "Subscription",
                "creationMode": "Manual",
            },
            "serviceEndpointProjectReferences": [{"name": name, "projectReference": reference}],
        }
        verb, end = ("PUT", f"/{there['id']}") if there else ("POST", "")
        place = f"{whole}/_apis/serviceendpoint/endpoints{end}?{VERSION}"
        yield Step(f"service connection {name}, as {identity}; no secret", verb, place, body)


def _variables(wanted: Wanted, found: Found, whole: str, reference: Mapping[str, str]) -> Iterator[Step]:
    there = {name: each.get("value") for name, each in (found.group or {"variables": {}})["variables"].items()}
    if changed := {name: value for name, value in wanted.variables.items() if there.get(name) != value}:
        body = {
            "name": GROUP,
            "type": "Vsts",
            "variables": {name: {"value": value} for name, value in {**there, **wanted.variables}.items()},
            "variableGroupProjectReferences": [{"name": GROUP, "projectReference": reference}],
        }
        verb, end = ("PUT", f"/{found.group['id']}") if found.group else ("POST", "")
        place = f"{whole}/_apis/distributedtask/variablegroups{end}?{VERSION}"
        yield Step(f"variable group {GROUP}: {', '.join(sorted(changed))}", verb, place, body)


def _pipelines(wanted: Wanted, found: Found, ours: str) -> Iterator[Step]:
    for name, file in wanted.pipelines.items():
        if name not in found.pipelines:
            code = {"id": found.repository, "type": "azureReposGit"}
            body = {"name": name, "folder": "\\", "configuration": {"type": "yaml", "path": file, "repository": code}}
            yield Step(f"pipeline {name}, of {file}", "POST", f"{ours}/_apis/pipelines?{VERSION}", body)


def _policies(wanted: Wanted, found: Found, ours: str) -> Iterator[Step]:
    """A branch with policies takes no push, forced or not: only pull requests. What is stricter already stays."""
    place, scope = f"{ours}/_apis/policy/configurations", [_scope(found.repository, wanted)]
    for what, type, key, settings in _asked(wanted, found):
        alike = [each for each in found.policies if each["type"]["id"] == type]
        alike = [each for each in alike if not key or each["settings"].get(key) == settings[key]]
        body = {"isEnabled": True, "isBlocking": True, "type": {"id": type}, "settings": {**settings, "scope": scope}}
        whole = type == BUILD  # whatever else it says only lets more through
        raised = [
            body if whole else {**body, "settings": _raised(body["settings"], each["settings"])} for each in alike
        ]
        if any(within(*each) for each in zip(raised, alike, strict=True)):
            continue
        if key and settings[key] is None:
            yield Step(what)
        elif alike:
            yield Step(what, "PUT", f"{place}/{alike[0]['id']}?{VERSION}", raised[0])
        else:
            yield Step(what, "POST", f"{place}?{VERSION}", body)


def _raised(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """What is wanted of a policy, with everything else that it has, and no fewer people than it asks for."""
    more = {COUNT: max(wanted[COUNT], found.get(COUNT, 0))} if COUNT in wanted else {}
    return {**found, **wanted, **more}


def _asked(wanted: Wanted, found: Found) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """What is said, the type of policy, the setting that tells two of a type apart, and all settings."""
    branch = f"branch {wanted.branch}"
    build = {
        "buildDefinitionId": found.pipelines.get(CHECK),
        "displayName": CHECK,
        "queueOnSourceUpdateOnly": False,
        "manualQueueOnly": False,
        "validDuration": 0,
    }
    yield f"{branch}: only pull requests that pass the pipeline {CHECK}", BUILD, "buildDefinitionId", build
    count = {COUNT: 1, "creatorVoteCounts": False, "resetOnSourcePush": True}
    yield f"{branch}: one other person approves each change", REVIEWERS, "", count
    folders = {path: f"{path}*" if path.endswith("/") else path for path in wanted.owners}
    for path, people in wanted.owners.items():
        others = [f"!{each}" for name, each in folders.items() if name != "*"]
        patterns = ["/*", *others] if path == "*" else [folders[path]]
        settings = {"requiredReviewerIds": [found.people[each] for each in people], "filenamePatterns": patterns}
        yield f"{branch}: {' and '.join(people)} approve changes of {path}", OWNERS, "filenamePatterns", settings


def _scope(code: str, wanted: Wanted) -> dict[str, str]:
    return {"repositoryId": code, "refName": f"refs/heads/{wanted.branch}", "matchKind": "Exact"}


def _people(call: Call, organisation: str, wanted: Wanted) -> Iterator[tuple[str, str]]:
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
