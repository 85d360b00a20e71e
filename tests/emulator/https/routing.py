"""Requests and what answers them: a template for each route, by which the journal tells calls apart."""

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from tests.emulator.https.wire import Request, Response
from tests.emulator.ids import Id
from tests.emulator.rules.refusal import Refusal
from tests.emulator.store import Document

if TYPE_CHECKING:
    from tests.emulator.https.cloud import Cloud

ARM = "management.azure.com"
ANY = "/{rest}"
WORKSPACE = "/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.MachineLearningServices/workspaces/[^/]+"


class Asked(NamedTuple):
    """A request that a route answers: by whom (an object id), and what the names in its template stand for."""

    cloud: "Cloud"
    request: Request
    caller: str
    names: Mapping[str, str]

    @property
    def json(self) -> Document:
        return json.loads(self.request.body) if self.request.body else {}


class Route(NamedTuple):
    method: str
    template: str
    pattern: re.Pattern[str]
    audience: str
    answer: "Answer"


Answer = Callable[[Asked], Response]
ROUTES: list[Route] = []


def shape(path: str) -> str:
    """A path to a resource with placeholders for its names: what the journal calls it."""
    inside = re.match(WORKSPACE, path, re.IGNORECASE)
    if inside:
        parts = path[inside.end() :].strip("/").split("/")
        return "/".join(["{W}", *(part if at % 2 == 0 else "{name}" for at, part in enumerate(parts))]).rstrip("/")
    return Id(path).type if "/providers/" in path else "/".join(path.split("/")[:2])


def route(
    method: str, template: str, audience: str = ""
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Register an answer. `{W}` stands for a workspace's id, `{rest}` for the rest of a path, `{name}` for one segment.

    A template begins with a host, or `{W}` or `/` for Azure Resource Manager; `?comp=x` after it must be asked for.
    `audience` is whom the caller's token must be made out to; `-` lets the answer find out itself.
    """
    host = ARM if template.startswith(("/", "{W}")) else ""
    pattern = re.escape(host + template)
    pattern = pattern.replace(r"\{W\}", f"(?P<W>{WORKSPACE})").replace(r"\{rest\}", "(?P<rest>[^?]*)")
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/?]+?)", pattern)

    def register(answer: Answer) -> Answer:
        found = re.compile(pattern, re.IGNORECASE)
        ROUTES.append(Route(method, template, found, audience or f"https://{ARM}", answer))
        return answer

    return register


def json_of(body: Document, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})


def refused(refusal: Refusal) -> Response:
    """As Azure Resource Manager says it."""
    again = {} if refusal.retry_after is None else {"Retry-After": str(refusal.retry_after), "retry-after-ms": "20"}
    error = {"error": {"code": refusal.code, "message": refusal.message}}
    return json_of(error, refusal.status, {"x-ms-error-code": refusal.code, **again})
