"""What must hold of a model before it is released. The docstring of a check says what holds when it finds nothing.

What it finds is a sentence on what does not hold, and one on what to do.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from mlops.evidence import checklist, entries, waivers
from mlops.evidence.git import merged, older, unlike
from mlops.evidence.statements import Statement
from mlops.gates.base import read_verdicts
from mlops.gates.run import discover
from mlops.platform.base import Model
from mlops.settings import Duties, Settings

AGAIN = "Run the pipeline again and register that run."
COMMIT = "Commit everything, run the pipeline from the committed files, and register that run."
Faults = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class Case:
    """A model, where it is kept (`--on`), and where it is to be released; what was said when it was made, as when the
    one in service there was, and all that was signed since."""

    model: Model
    on: str
    environment: str
    says: Mapping[str, Any]
    served: Mapping[str, Any]
    signed: list[Statement]
    settings: Settings
    project: Path
    today: date


def sign_as(role: str, case: Case) -> str:
    where = f" --on {case.on}" if case.on != "local" else ""
    where += f" --for {case.environment}" if case.environment != case.on else ""
    return f"mlops release sign {case.model.name}:{case.model.version} --role {role}{where}"


def verdicts(case: Case) -> Faults:
    """Every gate has judged it, and what did not pass is waived until a day to come."""
    signed, found = waivers.signed(case.says), read_verdicts(case.says)
    for verdict in (each for each in found if not each.passed):
        covering = [waiver for waiver in signed if waiver.name == verdict.waiver and waiver.covers(verdict)]
        if not covering:
            yield f"{verdict.gate} refused it, and no waiver covers that: {verdict.why}", verdict.next_step
        elif (until := covering[0].until) < case.today:
            yield f"the waiver of {verdict.gate} for {verdict.subject} ended on {until}: {verdict.why}", AGAIN
    known = {name for name, gate in discover(case.settings.model.package).items() if gate.stage != "release"}
    if missing := sorted(known - {each.gate for each in found}):
        yield f"it was never judged by {', '.join(missing)}.", AGAIN


def stop(case: Case) -> Faults:
    """Nobody has stopped the project, or its owner has let it go on."""
    stopped, resumed = entries.stopped(case.signed)
    if stopped and case.environment not in resumed:
        yield entries.said(stopped), f"Its owner lets it go on with: {sign_as('owner', case)}"


def settings(case: Case) -> Faults:
    """Trusted keys, people and checklist are those of the protected branch."""
    yield from believed(case.project, case.settings.project.protected_branch)


def believed(project: Path, branch: str) -> Faults:
    if names := unlike(project, branch):
        yield (
            f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} not as on the branch {branch}, so nothing there "
            "is believed.",
            f"Merge what is new into {branch}, or undo it; fetch {branch} if git does not have it here.",
        )


def code(case: Case) -> Faults:
    """All that made it is committed, and on the protected branch."""
    commit, branch = case.says["code"]["commit"], case.settings.project.protected_branch
    if case.says["code"]["dirty"]:
        yield "its code had changes that are not committed.", COMMIT
    if inputs := case.says["uncommitted"]:
        yield f"of its inputs {', '.join(inputs)} are not those of the committed files.", COMMIT
    if commit and not merged(case.project, commit, branch):
        remedy = "Merge it, or fetch the whole history of the branch if it is there."
        yield f"its commit {commit[:12]} is not on the branch {branch}.", remedy


def order(case: Case) -> Faults:
    """Its commit is not older than that of the model in service."""
    mine, theirs = case.says["code"]["commit"], case.served.get("code", {}).get("commit")
    if mine and theirs and older(case.project, mine, theirs):
        remedy = "To go back on purpose: mlops release rollback --to, with a model that was in service before."
        yield f"its commit {mine[:12]} is older than that of the model in service, {theirs[:12]}.", remedy


def approvers(signed: Iterable[Statement], environment: str, model: str, people: Duties) -> set[str]:
    """Who of those who may has approved a model for an environment."""
    wanted = {"role": "approver", "on": environment, "model": model}.items()
    who = people.persons(it.says["who"] for it in signed if it.kind == "sign-off" and wanted <= it.says.items())
    return who & people.persons(getattr(people.approves, environment, ()))


def approval(case: Case) -> Faults:
    """Whoever has to approve it has, and nobody has who wrote it alone."""
    people, author = case.settings.people, case.says["code"]["author"]
    who = approvers(case.signed, case.environment, case.model.digest, people)
    wanted, ask = case.settings.release.approval, sign_as("approver", case)
    same = case.served.get("system") == case.says["system"]
    if not who and case.environment == "prod" and wanted != "never" and not (same and wanted == "changed-spec"):
        yield f"nobody has approved it, and `release.approval` is `{wanted}`.", f"One of people.approves does: {ask}"
    if author and who == {people.person(author)}:
        yield f"{who.pop()} wrote its commit and approved it.", f"Let somebody else: {ask}"


def signatures(case: Case) -> Faults:
    """Everybody whom the checklist wants has signed for the system that made it."""
    people = case.settings.people
    wanted = checklist.required(checklist.load(case.project / "responsible_ai", case.settings))
    for item, ask in wanted.items():
        as_asked = {"on": case.environment, "role": ask.role}.items()
        given = [each for each in case.signed if each.kind == "sign-off" and as_asked <= each.says.items()]
        given.sort(key=lambda each: each.subjects == case.says["system"])
        remedy = f"Look at it ({ask.looks_at}), then: {sign_as(ask.role, case)}"
        if not given:
            yield f"`{item}` of the checklist wants {ask.role}, who has not signed.", remedy
            continue
        who, changed = given[-1].says["who"], given[-1].subjects.items() ^ case.says["system"].items()
        if changed:
            names = " and ".join(sorted({name for name, _ in changed}))
            yield f"{who} signed as {ask.role} before {names} changed, so `{item}` is open.", remedy
        if people.person(who) not in people.persons(people.signs.get(ask.role, ())):
            yield f"{who} signed as {ask.role}, which `people.signs` in mlops.yaml no longer says.", remedy
        if ask.until < case.today:
            remedy = "Look at it again, and set another day in the checklist."
            yield f"the sign-off of {ask.role} for `{item}` ended on {ask.until}.", remedy


def duties(case: Case) -> Faults:
    """Its duties are shared, or it is said why not."""
    if alone := case.settings.people.alone:
        remedy = "Share them in `people` of mlops.yaml, or say why not in `people.one_person`."
        yield f"{alone} alone feeds data, watches, retrains and fixes.", remedy


EVERYWHERE = (verdicts, stop)
GUARDED = (settings, code, order, approval)
PROD = (signatures, duties)
