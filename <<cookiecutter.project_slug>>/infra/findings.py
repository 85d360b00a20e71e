"""What is to be said of the stacks of an `infra` folder, as data: what is wrong, violated, and what it costs."""

import io
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import costs
import rights
from policy import Violation, judge
from record import HERE, Job, Recorded, record

from mlops.settings import Settings, load


def check(stacks: Sequence[str], against: str, folder: Path = HERE) -> dict[str, Any]:
    """All findings about the stacks of an `infra` folder. Raises Misuse where a file that all share is wrong."""
    settings, prices = load(folder.parent / "mlops.yaml"), costs.load()
    with committed(folder, against) as (before, why_not):
        folders = [each for each in (folder, before) if each]
        recorded = record(Job(stack, each) for each in folders for stack in stacks)
        now, then = recorded[: len(stacks)], recorded[len(stacks) :] or [None] * len(stacks)
        was = load(before.parent / "mlops.yaml") if before else None
        found = [one(each, settings, old, was, prices) for each, old in zip(now, then, strict=True)]
    page = outdated(folder)
    status = max([1 if page else 0, *(each["status"] for each in found)])
    return {"status": status, "against": against, "not_compared": why_not, "rights": page, "stacks": found}


def one(
    now: Recorded, settings: Settings, then: Recorded | None, was: Settings | None, prices: costs.Prices
) -> dict[str, Any]:
    """What is to be said of one stack."""
    environment = now.job.environment
    said: dict[str, Any] = {"stack": environment, "onboarded": now.onboarded, "status": 0}
    if now.refused or now.failed:
        return {**said, "status": 3 if now.failed else 2, "wrong": now.failed or now.refused}
    violations = together(judge(now.resources, environment))
    estimate = costs.estimate(environment, now.resources, settings, prices)
    change = None
    if then and was and not then.refused and not then.failed:
        change = costs.difference(costs.estimate(environment, then.resources, was, prices), estimate)
    return {
        **said,
        "status": 1 if violations else 0,
        "resources": len([each for each in now.resources if each.id]),
        "violations": violations,
        "costs": {
            "currency": estimate.currency,
            "fixed": round(estimate.fixed, 2),
            "unknown": estimate.unknown,
            "lines": [{**asdict(line), "month": line.month} for line in estimate.lines],
            "table": costs.table(estimate),
            "verdict": costs.verdict(estimate, settings, prices),
            "difference": change,
        },
    }


def together(violations: Sequence[Violation]) -> list[str]:
    """One sentence for each cause: what several resources have in common is said once, of the first of them."""
    causes: dict[tuple[str, str], list[Violation]] = {}
    for each in violations:
        causes.setdefault((each.rule.id, each.finding), []).append(each)
    return [f"{first.rule.title} {first.detail(len(rest))}" for first, *rest in causes.values()]


def outdated(folder: Path) -> str:
    """The sentence for a rights page that no longer says what roles.py says."""
    if rights.current(folder.parent / "docs" / "rights.md"):
        return ""
    return "docs/rights.md is not what infra/roles.py says: run `make infra-rights`, and have the page signed again."


@contextmanager
def committed(folder: Path, ref: str) -> Iterator[tuple[Path | None, str]]:
    """The `infra` folder as it was in a commit, or a sentence why there is none."""
    git = ["git", "-C", str(folder.parent), "archive", "--format=tar", ref, "--", "mlops.yaml", "infra"]
    try:
        done = subprocess.run(git, capture_output=True)
        said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    except FileNotFoundError:
        done, said = None, "git is not installed"
    if done is None or done.returncode:
        yield None, f"Costs are not compared with {ref}: {said}. In CI, fetch that commit too."
        return
    with TemporaryDirectory() as place:
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            archive.extraction_filter = getattr(tarfile, "data_filter", None)  # from Python 3.11.4 on
            archive.extractall(place)
        yield Path(place, "infra"), ""
