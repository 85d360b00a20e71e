"""Where callers ask, as a protocol: what is deployed behind an endpoint, and what was seen of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from mlops.errors import Failure

if TYPE_CHECKING:
    from mlops.contract.types import Column


State = Literal["starting", "healthy", "failed"]


class Unhealthy(Failure):
    """A deployment did not start. It says why, with the last lines of its log."""


@dataclass(frozen=True)
class Deployment:
    """A model as servers behind the endpoint.

    `name` is `m` and the first 12 digits of the model's digest, `model` a reference to a version, `image` names the
    image by digest, `spec` is the deployment's file in `azureml/endpoints/`.
    """

    name: str
    model: str
    image: str
    spec: Path


@dataclass(frozen=True)
class Deployed:
    """A deployment as it is. `why` is a sentence when it failed, or is not healthy any more."""

    model: str
    state: State
    why: str = ""


@dataclass(frozen=True)
class EndpointState:
    """What is deployed, by name; shares of live requests and of copied ones, in whole percent by name.

    `since` is when these shares came into force, in seconds since 1970.
    """

    deployments: Mapping[str, Deployed] = field(default_factory=dict)
    traffic: Mapping[str, int] = field(default_factory=dict)
    mirror: Mapping[str, int] = field(default_factory=dict)
    since: float = 0.0


@dataclass(frozen=True)
class Edges:
    """Where the bins of a `Bucket` end: milliseconds, and values of a column of the predictions (or its classes)."""

    latency: tuple[float, ...]
    column: str
    scores: tuple[float, ...] | tuple[str, ...]


@dataclass(frozen=True)
class Bucket:
    """What one deployment did in one closed span of time, in counts that add up.

    `start` is in seconds since 1970. `errors` are answers of 500 and above, what Azure ML says in place of
    them, and none at all. `latency` and `scores` count in the bins of `Edges`: up to each edge, and one more above the
    last (for classes, of none of them). `outcomes` are how many, their sum and their sum of squares.
    """

    deployment: str
    start: float
    requests: int
    errors: int
    latency: tuple[int, ...]
    scores: tuple[int, ...]
    outcomes: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Door:
    """Where one deployment is asked, past all shares: a URL, and the headers that each request needs."""

    url: str
    headers: Mapping[str, str]


class Endpoint(Protocol):
    """Where callers ask. What Azure refuses is refused everywhere, as Refused with a sentence:

    shares of live traffic sum to 100 or to 0 and go to healthy deployments; copies go to one deployment, at most 50 %
    of the requests, that has no live share, while another has; a deployment with a share cannot be removed; a name is
    never used again for other bytes; at most 20 deployments.
    """

    @property
    def address(self) -> str | None:
        """Where callers ask: `/score` below it. None while nothing answers."""

    def state(self) -> EndpointState: ...

    def deploy(self, deployment: Deployment) -> None:
        """Start it, without traffic, and wait until it is healthy. The same again is nothing to do.

        Raises Unhealthy when it does not become so, Failure when that cannot be known.
        """

    def traffic(self, shares: Mapping[str, int], mirror: Mapping[str, int]) -> None: ...

    def observe(self, since: float, edges: Edges) -> tuple[Bucket, ...]:
        """Closed spans that started at `since` or later; one that is read again replaces what it was before.

        Without `edges.scores` predictions and outcomes are not looked at.
        """

    def add_outcomes(self, file: Path, label: "Column", now: datetime, late: datetime) -> Mapping[str, int]:
        """Keep what became of predictions; as `mlops.outcomes.store.add`."""

    def door(self, deployment: str) -> Door: ...

    def logs(self, deployment: str) -> str:
        """The last lines that it wrote."""

    def remove(self, deployment: str) -> None: ...

    def prepare(self, deployment: Deployment) -> None:
        """Make what `switch` then takes, which needs more rights. The same again is nothing to do."""

    def switch(self, deployment: Deployment) -> None:
        """Let a version be the one that scores tables. The same again is nothing to do."""
