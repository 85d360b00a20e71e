"""Who approved a deployment, as CI's own records have it: signed into the ledger as a sign-off of the approver."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mlops.ci import here
from mlops.ci.rest import patient
from mlops.errors import Misuse, Refused
from mlops.evidence import build, checks, entries, sign
from mlops.evidence.git import git
from mlops.platform.base import Platform
from mlops.settings import Settings


@dataclass(frozen=True)
class Approval:
    """`login` is the account; `time` is ISO, and empty where CI does not say."""

    login: str
    time: str = ""


Given = Callable[[str], list[Approval]]
NEVER = "nobody has to approve: `release.approval` is `never`"


def approve(reference: str, environment: str, given: Given, platform: Platform, project: Path, known: Settings) -> str:
    """Sign for who approved this run last; returns what was done, in words. `given` are approvals, newest first.

    Raises Refused, with the next step, when nobody has, or nobody who may.
    """
    run = here.needed()
    if known.release.approval == "never":
        return NEVER
    signed, model = entries.read(platform, known)[0], platform.models.get(reference)
    author = known.people.person(build.current(model, signed).lineage["code"]["author"] or "")
    before = checks.approvers(signed, environment, model.digest, known.people) - {author}
    found = patient(given, environment)
    logins = sorted({each.login.casefold() for each in found})
    last = found[:1] if len(logins) == 1 or found and found[0].time else []
    if before and not last:
        return f"{', '.join(sorted(before))} had approved {reference} before"
    if not found:
        return nobody(environment, known)
    if not last:
        by_hand = f"mlops release sign {reference} --role approver --on {environment}"
        what = f"{' and '.join(logins)} approved this run, and CI does not say who did last"
        raise Refused(f"{what}. Start a new run, or let one of people.approves sign: {by_hand}")
    who = approver(last, environment, "" if before else author, reference, known)
    more = {"who": who, "ci": {**run, **asdict(last[0])}}
    sign.sign_off(reference, "approver", environment, platform, project, known, **more)
    return f"{who} approved {reference} for {environment}, as {run['url']} says"


def approved(environment: str, given: Given, project: Path, known: Settings) -> str:
    """Whether `approve` may find somebody to sign for, from what CI says alone; returns it in words.

    Where CI does not say who was last, one of those who approved is enough here. Raises Refused as `approve` does.
    """
    run = here.needed()
    if known.release.approval == "never":
        return NEVER
    if not (found := patient(given, environment)):
        return nobody(environment, known)
    if not (author := git(project, "log", "-1", "--format=%ae")):
        raise Misuse("git does not know who wrote the commit that is checked out here. Check it out with git.")
    last = found[:1] if found[0].time else found
    who = approver(last, environment, known.people.person(author), "this run", known)
    return f"{who} approved this run for {environment}, as {run['url']} says"


def nobody(environment: str, known: Settings) -> str:
    """What it means that nobody approved. Raises Refused where somebody has to."""
    if known.release.approval == "changed-spec":
        return "nobody approved this run; `mlops release verify` says whether somebody has to"
    what = f"nobody approved this run for {environment}: that environment of CI asks nobody"
    raise Refused(f"{what}. Whoever administers the repository runs: make repo-setup")


def approver(found: Sequence[Approval], environment: str, author: str, what: str, known: Settings) -> str:
    """The person who gave one of the approvals, may, and did not write the commit of `what`. Raises Refused."""
    people, named = known.people, getattr(known.people.approves, environment, [])
    who, logins = [people.person(each.login) for each in found], sorted({each.login for each in found})
    may = [each for each in who if each in people.persons(named)]
    said = f"{' and '.join(logins)} approved this run"
    if not may:
        line = f"If that is one of them, write below people.accounts: E-MAIL: {logins[0]}"
        raise Refused(f"{said}, and people.approves.{environment} in mlops.yaml names {', '.join(named)}. {line}")
    if not (others := [each for each in may if each != author]):
        again = "Run this job again" if found[0].time else "Start a new run"
        somebody = f"{again}, and let somebody else of people.approves.{environment} approve."
        raise Refused(f"{author} wrote the commit of {what} and approved it. {somebody}")
    return others[0]
