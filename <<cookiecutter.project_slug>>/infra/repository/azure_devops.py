"""A repository in Azure DevOps: the calls that make its project what is wanted, and what to say of it."""

from collections.abc import Iterator

from mlops.errors import Refused
from repository import checks, connections, policies
from repository.project import GROUP, VERSION, Found, addresses
from repository.project import read as read
from repository.project import repository as repository
from repository.wanted import ENVIRONMENTS, Step, Wanted

NAME = "Azure DevOps"


def plan(wanted: Wanted, found: Found) -> list[Step]:
    """The calls that are still needed; none when everything is as it has to be."""
    return [
        *_environments(wanted, found),
        *connections.missing(wanted, found),
        *connections.guards(wanted, found),
        *_variables(wanted, found),
        *_pipelines(wanted, found),
        *policies.missing(wanted, found),
    ]


def facts(wanted: Wanted, found: Found) -> Iterator[str]:
    """What the organisation has to know, and what people still have to do."""
    yield from connections.subjects(found)
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


def _environments(wanted: Wanted, found: Found) -> Iterator[Step]:
    _, ours = addresses(wanted)
    for name in ENVIRONMENTS:
        id, there = found.environments.get(name), found.checks.get(name, ())
        if id is None:
            place = f"{ours}/_apis/distributedtask/environments?{VERSION}"
            yield Step(f"environment {name}", "POST", place, {"name": name})
        resource = {"type": "environment", "id": id and str(id), "name": name}
        yield from checks.missing(checks.rules(name, wanted, found.people, there), there, resource, wanted, ours)


def _variables(wanted: Wanted, found: Found) -> Iterator[Step]:
    whole, _ = addresses(wanted)
    there = found.group["variables"] if found.group else {}
    own = {name: {"value": value} for name, value in wanted.variables.items()}
    if changed := [name for name, each in own.items() if there.get(name, {}).get("value") != each["value"]]:
        body = {
            "name": GROUP,
            "type": "Vsts",
            "variables": {**there, **own},
            "variableGroupProjectReferences": [{"name": GROUP, "projectReference": found.project}],
        }
        verb, end = ("PUT", f"/{found.group['id']}") if found.group else ("POST", "")
        place = f"{whole}/_apis/distributedtask/variablegroups{end}?{VERSION}"
        yield Step(f"variable group {GROUP}: {', '.join(sorted(changed))}", verb, place, body)


def _pipelines(wanted: Wanted, found: Found) -> Iterator[Step]:
    _, ours = addresses(wanted)
    for name, file in wanted.pipelines.items():
        if name not in found.pipelines:
            code = {"id": found.repository, "type": "azureReposGit"}
            body = {"name": name, "folder": "\\", "configuration": {"type": "yaml", "path": file, "repository": code}}
            yield Step(f"pipeline {name}, of {file}", "POST", f"{ours}/_apis/pipelines?{VERSION}", body)
