"""`make infra-check`: settings, policies, costs and the rights page of the stacks; nobody signs in, nothing is made.

Exit status: 0 all stands, 1 a policy or the rights page refuses, 2 a setting or a file is wrong, 3 a program failed.
"""

import argparse
import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import costs
import rights
from names import SHORT
from policy import judge
from record import Job, Recorded, record

from mlops import files
from mlops.errors import MlopsError
from mlops.settings import Settings, load
from mlops.words import counted

HERE = Path(__file__).resolve().parent


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="check.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--stack", action="append", choices=SHORT, help="only this stack; may be given more than once")
    parser.add_argument("--against", default="HEAD", metavar="REF", help="commit that costs are compared with")
    parser.add_argument("--json", action="store_true", help="print JSON for a script")
    given = parser.parse_args(arguments)
    try:
        found = check(given.stack or tuple(SHORT), given.against)
    except MlopsError as error:
        print(error, file=sys.stderr)
        return error.status
    print(files.as_json(found) if given.json else "\n".join(told(found)))
    return found["status"]


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
    violations = [str(each) for each in judge(now.resources, environment)]
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
            archive.extractall(place, filter="data")
        yield Path(place, "infra"), ""


def told(found: Mapping[str, Any]) -> Iterator[str]:
    """The findings as a person reads them."""
    for each in found["stacks"]:
        if each["status"] > 1:
            yield f"{each['stack']}\n{each['wrong']}\n"
            continue
        judged = counted(len(each["violations"]), "violation") if each["violations"] else "no violations"
        yield f"{each['stack']}: {counted(each['resources'], 'resource')}, {judged} of the policies"
        if not each["onboarded"]:
            yield "  Not onboarded yet: made-up names stand for the organisation's. See docs/infrastructure.md."
        yield from (f"  {violation}" for violation in each["violations"])
        spent = each["costs"]
        yield from columns([("item", "count", spent["currency"], "a month"), *spent["table"]])
        yield f"  {spent['verdict']}"
        if spent["difference"]:
            yield from columns([("changed", f"at {found['against']}", "now"), *spent["difference"]])
        elif spent["difference"] is not None:
            yield f"  Costs are what they were at {found['against']}."
        yield ""
    yield from filter(None, (found["not_compared"], found["rights"]))


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [first.ljust(widths[0]), *map(str.rjust, others, widths[1:])]
        yield f"  {'  '.join(cells)}".rstrip()


if __name__ == "__main__":
    sys.exit(main())
