"""The `release` of `mlops.yaml`: the ladder that a new version climbs, and the guards that may stop it."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mlops.sections import Positive, Section


class Step(Section):
    """One step of the ladder: copies of requests, whose answers nobody sees, or a share of the live ones."""

    mirror: Annotated[int, Field(ge=1, le=50)] | None = None
    """Percent of the requests that are copied to the challenger."""
    share: Annotated[int, Field(ge=1, le=100)] | None = None
    """Percent of the requests that the challenger answers. 100 ends the ladder."""
    requests: Annotated[int, Field(ge=0)]
    """How many the challenger must have answered before the next step."""
    minutes: Annotated[float, Field(ge=0)] = 0
    """The least time that the step takes."""
    hours: Positive
    """The most time that it takes; then `on_timeout`."""

    @model_validator(mode="after")
    def one_of_two(self) -> "Step":
        if (self.mirror is None) == (self.share is None):
            raise ValueError("a step has either `mirror` or `share`")
        return self


class Guard(Section):
    allowed: Annotated[float, Field(ge=0, lt=1)]
    """By how much the challenger may be worse than the champion: shown to be beyond it, it is rolled back."""
    detects: Annotated[float, Field(gt=0, le=1)]
    """By how much it must be worse to be caught within one step; a ladder that is too short for that is refused."""

    @model_validator(mode="after")
    def in_order(self) -> "Guard":
        if self.detects <= self.allowed:
            raise ValueError("`detects` must be more than `allowed`")
        return self


class Guards(Section):
    errors: Guard = Guard(allowed=0.005, detects=0.03)
    """Share of requests that fail."""
    latency: Guard = Guard(allowed=0.03, detects=0.2)
    """Share of requests that are slow, wherever the line is drawn."""
    shift: Guard = Guard(allowed=0.1, detects=0.3)
    """Largest difference between the two distributions of predictions (Kolmogorov's distance)."""
    outcome: Guard = Guard(allowed=0.02, detects=0.1)
    """Share of the predictions that turned out wrong; of a number, share of its variance that is left unexplained."""


LADDER = [
    Step(mirror=20, requests=2500, hours=48),
    Step(share=10, requests=2500, hours=48),
    Step(share=50, requests=4000, hours=48),
    Step(share=100, requests=1000, hours=48),
]


class Release(Section):
    """How a new version takes the place of the one in service."""

    approval: Literal["always", "changed-spec", "never"] = "always"
    """Whose sign-off a release to prod needs: of an approver always, only when contract, features, limits or purpose
    changed since the champion, or never."""
    ladder: Annotated[list[Step], Field(min_length=1)] = LADDER
    guards: Guards = Guards()
    stress_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 30
    """How long a new version is put under load before its first request; 0: not at all."""
    on_timeout: Literal["hold", "rollback"] = "hold"
    keep_warm_hours: Positive = 24
    """How long the champion before keeps running, so that a rollback is one change of traffic."""
