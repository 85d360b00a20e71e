"""Azure DevOps: the comment on a pull request, and who approved a stage (learn.microsoft.com/rest/api/azure/devops)."""

from datetime import datetime
from urllib.parse import quote

from mlops.ci.approval import Approval
from mlops.ci.here import variable
from mlops.ci.rest import Api
from mlops.errors import Misuse

CLOSED = 4
"""Status of a thread that nobody has to resolve before the merge."""
VERSION = "api-version=7.1"
WANTS = "the build service needs the right `Contribute to pull requests` on the repository"


def api() -> Api:
    token = variable("SYSTEM_ACCESSTOKEN", "Give the step `env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)`.")
    return Api(variable("SYSTEM_COLLECTIONURI"), {"Authorization": f"Bearer {token}"})


def project() -> str:
    return f"/{quote(variable('SYSTEM_TEAMPROJECT'))}/_apis"


def fork() -> bool:
    return variable("SYSTEM_PULLREQUEST_ISFORK", "This run of CI is for no pull request: use --print.") == "True"


def publish(text: str, marker: str) -> str:
    """Make our one comment say it; returns its address. What others wrote is left alone."""
    asked, number = api(), variable("SYSTEM_PULLREQUEST_PULLREQUESTID")
    place = f"{project()}/git/repositories/{variable('BUILD_REPOSITORY_ID')}/pullRequests/{number}/threads"
    us = asked.ask("GET", f"/_apis/connectionData?{VERSION}-preview")["authenticatedUser"]["id"]
    firsts = [(it["id"], each) for it in asked.ask("GET", f"{place}?{VERSION}")["value"] for each in it["comments"][:1]]
    ours = [
        f"{place}/{thread}/comments/{each['id']}?{VERSION}"
        for thread, each in firsts
        if each["author"]["id"] == us and (each.get("content") or "").startswith(marker)
    ]
    for extra in ours[1:]:
        asked.ask("DELETE", extra)
    if ours:
        asked.ask("PATCH", ours[0], {"content": text})
    else:
        comment = {"parentCommentId": 0, "content": text, "commentType": 1}
        asked.ask("POST", f"{place}?{VERSION}", {"comments": [comment], "status": CLOSED})
    name = f"{quote(variable('SYSTEM_TEAMPROJECT'))}/_git/{quote(variable('BUILD_REPOSITORY_NAME'))}"
    return f"{variable('SYSTEM_COLLECTIONURI')}{name}/pullrequest/{number}"


def approvals(environment: str) -> list[Approval]:
    """Of the stage that this job is in, newest first. Raises Misuse when its job deploys to another environment."""
    if (here := variable("ENVIRONMENT_NAME", "A deployment job has it.")) != environment:
        raise Misuse(f"this job deploys to {here}: what was approved is not {environment}. Use --on {here}.")
    asked, stage = api(), variable("SYSTEM_STAGENAME")
    timeline = asked.ask("GET", f"{project()}/build/builds/{variable('BUILD_BUILDID')}/timeline?{VERSION}")
    records = {each["id"]: each for each in timeline["records"]}
    checks = [each for each in records.values() if each["type"] == "Checkpoint.Approval"]
    ids = [each["id"] for each in checks if records[records[each["parentId"]]["parentId"]]["identifier"] == stage]
    if not ids:
        return []
    path = f"{project()}/pipelines/approvals?approvalIds={','.join(ids)}&$expand=steps&{VERSION}"
    steps = [step for each in asked.ask("GET", path)["value"] for step in each["steps"] if step["status"] == "approved"]
    found = [Approval(step["actualApprover"]["uniqueName"], step["lastModifiedOn"]) for step in steps]
    return sorted(found, key=lambda each: datetime.fromisoformat(each.time), reverse=True)
