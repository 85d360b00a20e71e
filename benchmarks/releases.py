"""How often a release that is as good as its champion is rolled back, and how soon one that is worse.

Each climbs the default ladder at 20 requests per second, and `mlops.release.decide` looks at it every minute.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
from measure import ROOT, machine, report

RELEASES = 1000
LIMIT_MS, PER_SECOND, SECONDS = 100.0, 20.0, 60.0

sys.path.insert(0, str(ROOT / "<<cookiecutter.project_slug>>" / "src"))

from mlops.platform.endpoint import Bucket, Deployed, EndpointState  # noqa: E402
from mlops.release import observe  # noqa: E402
from mlops.release.decide import Seen, decide  # noqa: E402
from mlops.release.settings import Release, Step  # noqa: E402
from mlops.settings import Online  # noqa: E402

ONLINE = Online(p95_ms=LIMIT_MS, availability=0.995, requests_per_second=PER_SECOND)
EDGES = observe.edges(ONLINE, {"column": "score", "edges": [edge / 20 for edge in range(1, 20)]})
STATE = EndpointState({name: Deployed(name, "healthy") for name in ("champion", "challenger")})


@dataclass(frozen=True)
class Model:
    """Share of failures, latency (log-normal: median and spread of its logarithm), how far scores lie above those of a
    model that gives all scores equally often (in log-odds), share of right decisions, known for a fifth of them."""

    errors: float = 0.01
    median_ms: float = 25.0
    spread: float = 0.5
    moved: float = 0.0
    right: float = 0.8


WORSE = {
    "3 % errors in place of 1 %": Model(errors=0.03),
    "All answers take twice as long": Model(median_ms=50),
    "The same median, twice the p95": Model(spread=0.5 + np.log(2) / 1.645),
    "Scores 1 higher in log-odds (Kolmogorov distance 0.24)": Model(moved=1.0),
    "70 % right decisions in place of 80 %, known of a fifth at once": Model(right=0.7),
}


@dataclass(frozen=True)
class Climbed:
    """The last act, how many requests the challenger and how many looks the release had, and whether at any look

    - `above`: any interval of a difference lay above nothing;
    - `usual`: a z-test of errors, 5 % one-sided, said that there are more, as if this were the only look.
    """

    act: str
    requests: int
    looks: int
    above: bool
    usual: bool


def main() -> None:
    releases, started = int(sys.argv[1]) if len(sys.argv) > 1 else RELEASES, time.perf_counter()
    print(machine("numpy"))
    ends = [climbed(Model(), seed) for seed in range(releases)]
    percent = 100 / releases
    report(
        f"{releases:,} releases of models that are as good as their champions",
        [
            ("rolled back at any look", percent * sum(each.act == "roll_back" for each in ends), "%", "at most 5"),
            (
                "anything shown to be worse at any look, allowed or not",
                percent * sum(each.above for each in ends),
                "%",
                "at most 5",
            ),
            ("a z-test of errors (5 %) fails at any look", percent * sum(each.usual for each in ends), "%", ""),
            ("promoted", percent * sum(each.act == "promote" for each in ends), "%", ""),
            ("looks at a release", sum(each.looks for each in ends) / releases, "", ""),
        ],
    )
    for what, model in WORSE.items():
        ends = [climbed(model, seed) for seed in range(releases // 2)]
        caught = [each.requests if each.act == "roll_back" else np.inf for each in ends]
        median, most = np.quantile(caught, [0.5, 0.9], method="higher")
        report(
            what,
            [
                ("rolled back", 100 * float(np.isfinite(caught).mean()), "%", ""),
                ("requests of the challenger until then: median", median, "", ""),
                ("and in nine of ten releases", most, "", ""),
            ],
        )
    report("This benchmark", [("took", time.perf_counter() - started, "s", "")])


def climbed(challenger: Model, seed: int) -> Climbed:
    rng, release = np.random.default_rng(seed), Release()
    requests, looks, above, usual = 0, 0, False, False
    for number, step in enumerate(release.ladder):
        buckets: list[Bucket] = []
        for minute in count():
            buckets += lived(step, challenger, minute * SECONDS, rng)
            now = (minute + 1) * SECONDS
            seen = Seen(number, 0.0, now, "challenger", "champion", buckets, EDGES, STATE)
            decision, looks = decide(seen, release, ONLINE), looks + 1
            above = above or any(each.champion_of and each.low > 0 for each in decision.evidence)
            usual = usual or z_test(buckets)
            if decision.act != "wait":
                break
        requests += sum(each.requests for each in buckets if each.deployment == "challenger")
        if decision.act != "advance":
            break
    return Climbed(decision.act, requests, looks, above, usual)


def lived(step: Step, challenger: Model, start: float, rng: np.random.Generator) -> Iterator[Bucket]:
    """A minute of both."""
    arrived = rng.poisson(PER_SECOND * SECONDS)
    taken = rng.binomial(arrived, (step.mirror or step.share or 0) / 100)
    yield answered("champion", Model(), arrived if step.mirror else arrived - taken, start, rng)
    yield answered("challenger", challenger, taken, start, rng)


def answered(name: str, model: Model, requests: int, start: float, rng: np.random.Generator) -> Bucket:
    errors = rng.binomial(requests, model.errors)
    answers = requests - errors
    milliseconds = model.median_ms * np.exp(model.spread * rng.standard_normal(answers))
    moved = rng.random(answers)
    scores = moved / (moved + (1 - moved) * np.exp(-model.moved))
    known = rng.binomial(answers, 0.2)
    right = float(rng.binomial(known, model.right))
    return Bucket(
        name, start, requests, errors, binned(milliseconds, EDGES.latency), binned(scores, EDGES.scores),
        (float(known), right, right),
    )  # fmt: skip


def binned(values: np.ndarray, edges: tuple) -> tuple[int, ...]:
    return tuple(np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1).tolist())


def z_test(buckets: list[Bucket]) -> bool:
    """Whether two shares of errors differ, as if this were the only look."""
    (k, n), (base_k, base_n) = (
        np.sum([(each.errors, each.requests) for each in buckets if each.deployment == name], axis=0)
        for name in ("challenger", "champion")
    )
    if not base_n:
        return False
    both = (k + base_k) / (n + base_n)
    return bool(k / n - base_k / base_n > 1.645 * np.sqrt(both * (1 - both) * (1 / n + 1 / base_n)))


if __name__ == "__main__":
    main()
