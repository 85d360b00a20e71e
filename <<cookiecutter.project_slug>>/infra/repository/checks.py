"""Checks of Azure DevOps: what a job has to pass before it may use an environment or a service connection.

The REST interface 7.1 (learn.microsoft.com/rest/api/azure/devops), check configurations. Their settings are documented
by example only; these are the ones that the portal and Microsoft's Terraform provider write.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from repository.wanted import OPERATED, Step, Wanted

Check = Mapping[str, Any]
VERSION = "api-version=7.1-preview.1"
APPROVAL = {"id": "8c6f20a7-a545-4486-9777-f762fafe0d4d", "name": "Approval"}
LOCK = {"id": "2ef31ad6-baa0-403a-8b45-2cbc9b4e5563", "name": "ExclusiveLock"}
BRANCHES = {"id": "fe1de3ee-a436-41b4-bb20-f6eb4cb879a7", "name": "Task Check"}
BRANCH_CONTROL = {"id": "86b05a0c-73e6-4f7d-b3cf-e38f3b39a75b", "name": "evaluatebranchProtection", "version": "0.0.1"}
MINUTES = 43200
"""How long a job may wait, the most: 30 days."""


def branch(wanted: Wanted) -> dict[str, Any]:
    """Only jobs of the protected branch."""
    inputs = {
        "allowedBranches": f"refs/heads/{wanted.branch}",
        "ensureProtectionOfBranch": "true",
        "allowUnknownStatusBranch": "false",
    }
    settings = {"displayName": "Branch control", "definitionRef": BRANCH_CONTROL, "inputs": inputs}
    return {"type": BRANCHES, "settings": settings}


def rules(environment: str, wanted: Wanted, ids: Mapping[str, str], there: Sequence[Check]) -> Iterator[dict[str, Any]]:
    """Of an environment: only jobs of the protected branch, one at a time, and in prod somebody approves.

    `ids` are those of people. Where more of them have to approve already, it stays so.
    """
    yield branch(wanted)
    if environment != OPERATED:
        yield {"type": LOCK, "settings": {}}
    if environment == "prod" and wanted.approvers:
        people = [{"id": ids[each]} for each in wanted.approvers]
        asked = [(each["settings"] or {}).get("minRequiredApprovers", 1) for each in _alike({"type": APPROVAL}, there)]
        number = min(next(iter(asked), 1), len(people))  # 0: all of them
        settings = {"approvers": people, "minRequiredApprovers": number, "requesterCannotBeApprover": True}
        yield {"type": APPROVAL, "settings": settings}


def kept(rule: Check, there: Sequence[Check]) -> bool:
    """Whether a check is in force, with exactly these people."""
    return any(
        within(rule["settings"], each["settings"] or {}) for each in _alike(rule, there) if not each.get("isDisabled")
    )


def missing(
    asked: Iterable[Check], there: Sequence[Check], resource: Mapping[str, Any], wanted: Wanted, ours: str
) -> Iterator[Step]:
    """What sets the checks that a resource does not have; without a call while it has no id itself."""
    says = {
        APPROVAL["id"]: f"jobs wait until {' or '.join(wanted.approvers)} approves, and not whoever started them",
        LOCK["id"]: "one job at a time",
        BRANCHES["id"]: f"jobs of the branch {wanted.branch} only",
    }
    kind = resource["type"].replace("endpoint", "service connection")
    place = f"{ours}/_apis/pipelines/checks/configurations"
    for rule in asked:
        if kept(rule, there):
            continue
        what = f"{kind} {resource['name']}: {says[rule['type']['id']]}"
        body = {**rule, "resource": resource, "timeout": 5 if rule["type"] == BRANCHES else MINUTES}
        if not resource["id"]:
            yield Step(what)
        elif other := _alike(rule, there):
            body["settings"] = {**(other[0]["settings"] or {}), **rule["settings"]}
            yield Step(what, "PATCH", f"{place}/{other[0]['id']}?{VERSION}", body)
        else:
            yield Step(what, "POST", f"{place}?{VERSION}", body)


def _alike(rule: Check, there: Sequence[Check]) -> list[Check]:
    """The checks of one kind."""
    return [each for each in there if _kind(each) == _kind(rule)]


def _kind(check: Check) -> tuple[str, str | None]:
    return check["type"]["id"].lower(), (check.get("settings") or {}).get("definitionRef", {}).get("id")


def within(wanted: Any, found: Any) -> bool:
    """Whether all that is wanted is there; a list has the same entries in any order, whatever else they hold."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(within(value, found.get(key)) for key, value in wanted.items())
    if isinstance(wanted, list):
        same = isinstance(found, list) and len(wanted) == len(found)
        return same and all(any(within(each, other) for other in found) for each in wanted)
    return wanted == found
