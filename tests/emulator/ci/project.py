"""Azure DevOps' REST API as an administrator of a project sees it: environments and checks, connections, policies.

Forms: learn.microsoft.com/rest/api/azure/devops, version 7.1, "Environments", "Check Configurations", "Endpoints",
"Variablegroups", "Pipelines", "Policy Configurations", "Identities - Read Identities" (2026-11); types of checks and
their settings as github.com/microsoft/terraform-provider-azuredevops writes them. What has no source is assumed.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from tests.emulator.ci.server import Asked, Refusal, Service, route

ORGANISATION, PROJECT, REPOSITORY = "agency", "Income Triage", "income-support-triage"
TENANT, PROJECT_ID, REPOSITORY_ID = "t", "6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c", "3411ebc1-d5aa-464f-9615-0b527bc66719"
SUBJECT = "/eid1/c/pub/t/{tenant}/a/app/sc/agency/{id}"
Document = dict[str, Any]


@dataclass
class DevOpsProject(Service):
    """`drops` names a type of check that is taken and not kept."""

    people: dict[str, str] = field(
        default_factory=lambda: {
            "id-namesake": "co-owner@example.org",
            "id-owner": "owner@example.org",
            "id-other": "other@example.org",
        }
    )
    drops: str = ""
    kept: dict[str, dict[int, Document]] = field(default_factory=dict)

    def all(self, kind: str) -> list[Document]:
        return [*self.kept.get(kind, {}).values()]

    def keep(self, kind: str, body: Document, id: int | None = None) -> Document:
        there = self.kept.setdefault(kind, {})
        number = id or len(there) + 1
        there[number] = {**body, "id": number}
        return there[number]

    def answer(self, asked: Asked) -> Any:
        if not re.fullmatch(r"7\.1(-preview\.1)?", asked.query.get("api-version", "")):
            raise Refusal(400, {"message": "The requested REST API version is not there."})
        whole, ours = f"/{ORGANISATION}/_apis", f"/{ORGANISATION}/{PROJECT}/_apis"
        places = {
            rf"{whole}/projects/{PROJECT}": lambda asked: {"id": PROJECT_ID, "name": PROJECT},
            rf"{whole}/identities": self._identities,
            rf"{ours}/git/repositories/{REPOSITORY}": lambda asked: {"id": REPOSITORY_ID},
            rf"{ours}/distributedtask/environments": self._environments,
            rf"{ours}/pipelines/checks/configurations(?:/(\d+))?": self._checks,
            rf"{ours}/serviceendpoint/endpoints": lambda asked: self._listed("connections"),
            rf"{whole}/serviceendpoint/endpoints(?:/(\d+))?": self._connections,
            rf"{ours}/distributedtask/variablegroups": lambda asked: self._listed("groups"),
            rf"{whole}/distributedtask/variablegroups(?:/(\d+))?": self._groups,
            rf"{ours}/pipelines": self._pipelines,
            rf"{ours}/policy/configurations(?:/(\d+))?": self._policies,
        }
        return route(asked, places, {"message": f"The controller for path '{asked.path}' was not found."})

    def _listed(self, kind: str) -> Document:
        return {"value": self.all(kind), "count": len(self.all(kind))}

    def _identities(self, asked: Asked) -> Any:
        """Whoever has that address, or, with the filter `General`, some name like it."""
        said, exact = asked.query["filterValue"], asked.query["searchFilter"] == "MailAddress"
        found = [id for id, mail in self.people.items() if (said == mail if exact else said in mail)]
        return {"value": [{"id": each, "providerDisplayName": each.removeprefix("id-").title()} for each in found]}

    def _refers(self, references: list[Document]) -> None:
        if [each["projectReference"] for each in references] != [{"id": PROJECT_ID, "name": PROJECT}]:
            raise Refusal(400, {"message": "The project reference is not valid."})

    def _environments(self, asked: Asked) -> Any:
        if asked.method == "POST":
            if asked.body["name"] in [each["name"] for each in self.all("environments")]:
                raise Refusal(409, {"message": f"Environment {asked.body['name']} already exists."})
            return self.keep("environments", asked.body)
        return self._listed("environments")

    def _checks(self, asked: Asked, id: str | None) -> Any:
        """Settings only with `$expand=settings`."""
        if asked.method == "GET":
            wanted = (asked.query["resourceType"], asked.query["resourceId"])
            ours = [each for each in self.all("checks") if (each["resource"]["type"], each["resource"]["id"]) == wanted]
            expanded = asked.query.get("$expand") == "settings"
            return {"value": [each if expanded else {**each, "settings": None} for each in ours]}
        kind = {"environment": "environments", "endpoint": "connections"}[asked.body["resource"]["type"]]
        if asked.body["resource"]["id"] not in [str(each["id"]) for each in self.all(kind)]:
            raise Refusal(404, {"message": f"The {asked.body['resource']['type']} was not found."})
        if asked.body["type"]["name"] == self.drops:
            return asked.body
        return self.keep("checks", asked.body, int(id) if id else None)

    def _connections(self, asked: Asked, id: str | None) -> Any:
        self._refers(asked.body["serviceEndpointProjectReferences"])
        made = self.keep("connections", asked.body, int(id) if id else None)
        own = made["authorization"]["parameters"]
        own["workloadIdentityFederationSubject"] = SUBJECT.format(tenant=own["tenantid"], id=made["id"])
        own["workloadIdentityFederationIssuer"] = f"https://login.microsoftonline.com/{own['tenantid']}/v2.0"
        return made

    def _groups(self, asked: Asked, id: str | None) -> Any:
        self._refers(asked.body["variableGroupProjectReferences"])
        return self.keep("groups", asked.body, int(id) if id else None)

    def _pipelines(self, asked: Asked) -> Any:
        if asked.method == "POST":
            if asked.body["configuration"]["repository"]["id"] != REPOSITORY_ID:
                raise Refusal(400, {"message": "The repository was not found."})
            return self.keep("pipelines", asked.body)
        return self._listed("pipelines")

    def _policies(self, asked: Asked, id: str | None) -> Any:
        if asked.method == "GET":
            return self._listed("policies")
        if any(value is None for value in asked.body["settings"].values()):
            raise Refusal(400, {"message": "The policy's settings are not valid."})
        return self.keep("policies", asked.body, int(id) if id else None)
