"""The REST API of Azure DevOps as a job sees it: threads of a pull request, the timeline of a build, approvals.

Forms: learn.microsoft.com/rest/api/azure/devops, version 7.1, "Pull Request Threads", "Pull Request Thread Comments",
"Timeline - Get", "Approvals - Query" (2026-11). A refusal without a source is assumed.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from tests.emulator.ci.server import Asked, Refusal, Service, route

ORGANISATION, PROJECT, REPOSITORY = "agency", "Income Support", "3411ebc1-d5aa-464f-9615-0b527bc66719"
NUMBER, RUN = 12, "815"
US, SOMEBODY = "b0c4", "a1a1"
LONGEST = 150_000


@dataclass
class AzureDevOps(Service):
    """`threads` by id; `records` are those of the timeline, `approvals` by id; `contributes` is a right of the job."""

    token: str = "eyJ.secret"
    contributes: bool = True
    threads: dict[int, dict[str, Any]] = field(default_factory=dict)
    records: list[dict[str, Any]] = field(default_factory=list)
    approvals: dict[str, dict[str, Any]] = field(default_factory=dict)

    def variables(self, stage: str = "prod") -> dict[str, str]:
        """What Azure Pipelines gives to each step ("Use predefined variables"), and the token that one is given."""
        return {
            "TF_BUILD": "True",
            "SYSTEM_COLLECTIONURI": f"{self.url}/{ORGANISATION}/",
            "SYSTEM_TEAMPROJECT": PROJECT,
            "SYSTEM_STAGENAME": stage,
            "SYSTEM_ACCESSTOKEN": self.token,
            "SYSTEM_PULLREQUEST_PULLREQUESTID": str(NUMBER),
            "SYSTEM_PULLREQUEST_ISFORK": "False",
            "BUILD_BUILDID": RUN,
            "BUILD_REPOSITORY_ID": REPOSITORY,
            "BUILD_REPOSITORY_NAME": "triage",
            "ENVIRONMENT_NAME": "prod",
        }

    def write(self, author: str, content: str | None, status: Any = "active") -> int:
        """A thread by somebody; a deleted comment has no content."""
        number = len(self.threads) + 1
        comment = {"id": 1, "author": {"id": author}, "commentType": "text"}
        comment |= {"content": content} if content is not None else {"isDeleted": True}
        self.threads[number] = {"id": number, "status": status, "comments": [comment]}
        return number

    def approve(self, stage: str, *steps: tuple[str, str, str]) -> None:
        """A stage with an approval: who decided each step, when and how.

        The record of an approval lies below the checkpoint of its stage and has the approval's id (public clients of
        the API agree, 2026-11; no page of the reference says it).
        """
        place = str(len(self.records))
        self.records += [
            {"id": f"stage-{place}", "parentId": None, "type": "Stage", "identifier": stage},
            {"id": f"point-{place}", "parentId": f"stage-{place}", "type": "Checkpoint", "identifier": "Checkpoint"},
            {"id": f"ask-{place}", "parentId": f"point-{place}", "type": "Checkpoint.Approval", "identifier": None},
        ]
        found = [
            {"actualApprover": {"uniqueName": who}, "lastModifiedOn": when, "status": status}
            for who, when, status in steps
        ]
        self.approvals[f"ask-{place}"] = {"id": f"ask-{place}", "status": "approved", "steps": found}

    def failed(self) -> Any:
        return {"$id": "1", "message": "TF400898: An Internal Error Occurred.", "typeKey": "InternalServerError"}

    def answer(self, asked: Asked) -> Any:
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            # not 401, but the page to sign in
            raise Refusal(203, "<html><title>Azure DevOps Services | Sign In</title></html>")
        if not re.fullmatch(r"7\.1(-preview(\.\d)?)?", version := asked.query.get("api-version", "")):
            name = "VssVersionNotSpecifiedException" if not version else "VssVersionOutOfRangeException"
            raise Refusal(400, {"message": f"The requested REST API version is not there: {version}", "typeKey": name})
        pull = rf"/{ORGANISATION}/{PROJECT}/_apis/git/repositories/{REPOSITORY}/pullRequests/{NUMBER}/threads"
        places = {
            rf"/{ORGANISATION}/_apis/connectionData": lambda asked: {"authenticatedUser": {"id": US}},
            pull: self._threads,
            rf"{pull}/(\d+)/comments/(\d+)": self._comment,
            rf"/{ORGANISATION}/{PROJECT}/_apis/build/builds/{RUN}/timeline": lambda asked: {"records": self.records},
            rf"/{ORGANISATION}/{PROJECT}/_apis/pipelines/approvals": self._approvals,
        }
        return route(asked, places, {"message": f"The controller for path '{asked.path}' was not found."})

    def _threads(self, asked: Asked) -> Any:
        if asked.method == "POST":
            [comment] = asked.body["comments"]
            return self.threads[self.write(US, self._content(comment), asked.body["status"])]
        return {"value": [*self.threads.values()], "count": len(self.threads)}

    def _comment(self, asked: Asked, thread: str, number: str) -> Any:
        [comment] = [each for each in self.threads[int(thread)]["comments"] if each["id"] == int(number)]
        if comment["author"]["id"] != US:
            raise Refusal(403, {"message": "TF401027: Only its author may change a comment."})
        if asked.method == "DELETE":
            comment.pop("content")
            comment["isDeleted"] = True
            return None
        comment["content"] = self._content(asked.body)
        return comment

    def _content(self, comment: dict[str, Any]) -> str:
        if not self.contributes:  # github.com/microsoft/azure-devops-node-api/issues/300, 2019-04
            needed = "TF401027: You need the Git 'PullRequestContribute' permission to perform this action."
            raise Refusal(403, {"message": needed, "typeKey": "GitNeedsPermissionException"})
        if len(content := comment["content"]) > LONGEST:  # github.com/runatlantis/atlantis/pull/1585, 2021-05
            raise Refusal(400, {"message": f"A discussion comment cannot be longer than {LONGEST} characters."})
        return content

    def _approvals(self, asked: Asked) -> Any:
        """Steps only with `$expand=steps`."""
        wanted = [self.approvals[each] for each in asked.query["approvalIds"].split(",")]
        expanded = asked.query.get("$expand") == "steps"
        return {"value": [each if expanded else {**each, "steps": []} for each in wanted]}
