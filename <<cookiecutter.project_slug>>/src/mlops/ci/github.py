"""GitHub: the comment on a pull request, and who approved a deployment (docs.github.com/rest, version 2022-11-28)."""

from pathlib import Path
from typing import Any

from mlops import files
from mlops.ci.approval import Approval
from mlops.ci.here import variable
from mlops.ci.rest import Api
from mlops.errors import Misuse

BOT = "github-actions[bot]"
"""Whose token a job has."""
PAGE = 100
WANTS = "the job needs `permissions: pull-requests: write`"


def api() -> Api:
    token = variable("GITHUB_TOKEN", "Give the step `env: GITHUB_TOKEN: ${{ github.token }}`.")
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    repository = f"{variable('GITHUB_API_URL')}/repos/{variable('GITHUB_REPOSITORY')}"
    return Api(repository, {**headers, "Authorization": f"Bearer {token}"})


def pull_request() -> dict[str, Any]:
    """As the event has it. Raises Misuse when the run is for none."""
    event = files.read_json(Path(variable("GITHUB_EVENT_PATH")))
    if "pull_request" not in event:
        raise Misuse("this run of CI is for no pull request, so there is none to comment on. Use --print.")
    return event["pull_request"]


def fork() -> bool:
    """Whether the change comes from another repository, for which a job only reads."""
    source = pull_request()["head"]["repo"]
    return source is None or source["full_name"] != variable("GITHUB_REPOSITORY")


def publish(text: str, marker: str) -> str:
    """Make our one comment say it; returns its address. What others wrote is left alone."""
    asked, place = api(), f"/issues/{pull_request()['number']}/comments"
    there, page = list[Any](), 0
    while len(there) == PAGE * page:
        page += 1
        there += asked.ask("GET", f"{place}?per_page={PAGE}&page={page}")
    ours = [each for each in there if (each["user"] or {}).get("login") == BOT and each["body"].startswith(marker)]
    for extra in ours[1:]:
        asked.ask("DELETE", f"/issues/comments/{extra['id']}")
    way = ("PATCH", f"/issues/comments/{ours[0]['id']}") if ours else ("POST", place)
    return asked.ask(*way, {"body": text})["html_url"]


def approvals(environment: str) -> list[Approval]:
    """Of this run and the environment. GitHub says of none when it was given."""
    found = api().ask("GET", f"/actions/runs/{variable('GITHUB_RUN_ID')}/approvals")
    return [
        Approval(each["user"]["login"])
        for each in found
        if each["state"] == "approved" and environment in {it["name"] for it in each["environments"]}
    ]
