"""Who approved a deployment, as CI's own records have it: signed into the ledger as a sign-off of the approver."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from mlops.ci import here
from mlops.ci.rest import patient
from mlops.errors import Refused
from mlops.evidence import build, checks, entries, sign
from mlops.platform.base import Platform
from mlops.settings import Settings


@dataclass(frozen=True)
class Approval:
    """`login` is the account; `time` is ISO, and empty where CI does not say."""

    login: str
    time: str = ""


Given = Callable[[str], list[Approval]]


def approve(reference: str, environment: str, given: Given, platform: Platform, project: Path, known: Settings) -> str:
    """Sign for who approved this run last; returns what was done, in words. `given` are approvals, newest first.

    Raises Refused, with the next step, when nobody has, or nobody who may.
    """
    run, wanted = here.needed(), known.release.approval
    if wanted == "never":
        return "nobody has to approve: `release.approval` is `never`"
    signed, model = entries.read(platform, known)[0], platform.models.get(reference)
    may = getattr(known.people.approves, environment, [])
    author = build.current(model, signed).lineage["code"]["author"]
    before = checks.approvers(signed, environment, model.digest, may) - {author}
    found = patient(given, environment)
    logins = sorted({each.login.casefold() for each in found})
    last = found[0].login if len(logins) == 1 or found and found[0].time else ""
    if before and not last:
        return f"{', '.join(sorted(before))} had approved {reference} before"
    if not found and wanted == "changed-spec":
        return "nobody approved this run; `mlops release verify` says whether somebody has to"
    if not found:
        what = f"nobody approved this run for {environment}: that environment of CI asks nobody"
        raise Refused(f"{what}. Whoever administers the repository runs: make repo-setup")
    if not last:
        by_hand = f"mlops release sign {reference} --role approver --on {environment}"
        what = f"{' and '.join(logins)} approved this run, and CI does not say who did last"
        raise Refused(f"{what}. Start a new run, or let one of people.approves sign: {by_hand}")
    who = {login.casefold(): email for email, login in known.people.accounts.items()}.get(last.casefold(), last)
    if who not in may:
        what = f"{last} approved this run, and people.approves.{environment} in mlops.yaml names {', '.join(may)}"
        raise Refused(f"{what}. If that is one of them, write below people.accounts: E-MAIL: {last}")
    if who == author and not before:
        what = f"{who} wrote the commit of {reference} and approved it"
        raise Refused(f"{what}. Run this job again, and let somebody else of people.approves.{environment} approve.")
    more = {"who": who, "ci": {**run, **asdict(found[0])}}
    sign.sign_off(reference, "approver", environment, platform, project, known, **more)
    return f"{who} approved {reference} for {environment}, as {run['url']} says"
