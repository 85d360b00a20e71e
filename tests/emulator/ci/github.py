"""GitHub's REST API as a job sees it: comments on a pull request, and the reviews of a run's deployments.

Forms: docs.github.com/rest, "Issue comments", "Get the review history for a workflow run" (its OpenAPI description,
2026-11), "Using pagination in the REST API". A refusal without a source is assumed.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.emulator.ci.server import Asked, Refusal, Service, route

REPOSITORY, RUN, NUMBER = "agency/triage", "4711", 12
LONGEST = 65_536
VERSIONS = ("2022-11-28", "2026-03-10")
BOT = "github-actions[bot]"


@dataclass
class GitHub(Service):
    """`token` counts and may do what `permissions` say; `comments` are by id, `reviews` as they are listed."""

    token: str = "ghs_secret"
    permissions: dict[str, str] = field(default_factory=lambda: {"pull-requests": "write", "actions": "read"})
    comments: dict[int, dict[str, Any]] = field(default_factory=dict)
    reviews: list[dict[str, Any]] = field(default_factory=list)

    def variables(self) -> dict[str, str]:
        """What GitHub gives to each step ("Default environment variables"), and the token, which a step is given."""
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.url,
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ID": RUN,
            "GITHUB_TOKEN": self.token,
        }

    def write(self, author: str | None, body: str) -> int:
        """A comment by somebody; nobody has it where the account is gone."""
        number = len(self.comments) + 1
        user = {"login": author, "type": "Bot" if author == BOT else "User"} if author else None
        self.comments[number] = {
            "id": number,
            "user": user,
            "body": body,
            "html_url": f"https://github.com/{REPOSITORY}/pull/{NUMBER}#issuecomment-{number}",
        }
        return number

    def review(self, login: str, environment: str = "prod", state: str = "approved") -> None:
        """No time stands in it: `created_at` is that of the environment."""
        made = {"id": 1, "name": environment, "created_at": "2026-01-01T00:00:00Z"}
        self.reviews.append({"state": state, "comment": "", "environments": [made], "user": {"login": login}})

    def answer(self, asked: Asked) -> Any:
        if not asked.headers.get("user-agent"):  # "Getting started with the REST API", 2026-11
            raise Refusal(403, {"message": "Request forbidden by administrative rules."})
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            raise Refusal(401, {"message": "Bad credentials"})
        if asked.headers.get("x-github-api-version", VERSIONS[0]) not in VERSIONS:
            raise Refusal(400, {"message": "The X-GitHub-Api-Version header is not a supported version."})
        places = {
            rf"/repos/{REPOSITORY}/issues/{NUMBER}/comments": self._all,
            rf"/repos/{REPOSITORY}/issues/comments/(\d+)": self._one,
            rf"/repos/{REPOSITORY}/actions/runs/{RUN}/approvals": self._reviews,
        }
        return route(asked, places, {"message": "Not Found"})

    def _all(self, asked: Asked) -> Any:
        if asked.method == "POST":
            return self.comments[self.write(BOT, self._body(asked))]
        self._may("pull-requests", "read")
        size, page = min(int(asked.query.get("per_page", 30)), 100), int(asked.query.get("page", 1))
        return [*self.comments.values()][(page - 1) * size : page * size]

    def _one(self, asked: Asked, id: str) -> Any:
        if (number := int(id)) not in self.comments:
            raise Refusal(404, {"message": "Not Found"})
        if asked.method == "DELETE":
            self._may("pull-requests", "write")
            del self.comments[number]
            return None
        self.comments[number]["body"] = self._body(asked)
        return self.comments[number]

    def _reviews(self, asked: Asked) -> Any:
        self._may("actions", "read")
        return self.reviews

    def _body(self, asked: Asked) -> str:
        self._may("pull-requests", "write")
        if len(body := asked.body["body"]) > LONGEST:  # github.com/telia-oss/github-pr-resource/issues/259, 2021-05
            why = {"resource": "IssueComment", "code": "unprocessable", "field": "data"}
            why["message"] = f"Body is too long (maximum is {LONGEST} characters)"
            raise Refusal(422, {"message": "Validation Failed", "errors": [why]})
        return body

    def _may(self, what: str, level: str) -> None:
        """`peter-evans/create-or-update-comment/issues/188`, 2023-05: 403 with this sentence, also for a fork's job."""
        if self.permissions.get(what, "") not in {"read": ("read", "write"), "write": ("write",)}[level]:
            raise Refusal(403, {"message": "Resource not accessible by integration"})
