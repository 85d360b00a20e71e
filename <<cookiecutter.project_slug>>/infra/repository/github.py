"""A repository on GitHub: how it is, and the calls that make it what is wanted.

The REST interface of 2022-11-28 (docs.github.com/rest): environments and their branch policies, variables of Actions,
the subject of OIDC tokens, errors of CODEOWNERS. It lists `can_admins_bypass` among answers only; GitHub's own
Terraform provider sets it too.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from mlops.errors import Misuse, Refused
from repository import protection
from repository.wanted import ENVIRONMENTS, Step, Wanted

Call = Callable[..., Any]
"""`call(method, path, body=None)` answers what GitHub does, None for what is not there."""
NAME, FILE = "GitHub", "mlops.yaml"
MOST_REVIEWERS = 6
"""Of one environment (Create or update an environment, REST API, 2022-11-28)."""
CUSTOM, POLICIES = "custom_branch_policies", "deployment-branch-policies"
PLAN = (
    "In a private repository that needs GitHub Enterprise (Deployments and environments, GitHub Docs, 2026-07): change "
    "the plan, or set `release.approval: never` in mlops.yaml if nobody has to approve."
)


@dataclass(frozen=True)
class Found:
    """How the repository is. An environment is None where there is none."""

    environments: Mapping[str, Mapping[str, Any] | None]
    branches: Mapping[str, Mapping[str, int]]
    """Those from which jobs of an environment may start, with GitHub's ids."""
    variables: Mapping[str, str]
    protection: Mapping[str, Any]
    approvers: Mapping[str, int]
    """Accounts, with GitHub's ids."""
    subject: str
    owners: list[str]
    """What GitHub has against CODEOWNERS."""


def read(call: Call, wanted: Wanted) -> Found:
    """Raises Misuse for a repository or an account that is not there, Refused without an administrator's rights."""
    ours = f"repos/{wanted.repository}"
    if not (about := call("GET", ours)):
        raise Misuse(f"GitHub knows no {wanted.repository}, or does not show it to you: `gh auth login`, and repeat.")
    if not about.get("permissions", {}).get("admin"):
        raise Refused(f"you are no administrator of {wanted.repository}: ask one to run `make repo-setup`.")
    environments = {name: call("GET", f"{ours}/environments/{name}") for name in ENVIRONMENTS}
    limited = [name for name, it in environments.items() if (_rules(it)["deployment_branch_policy"] or {}).get(CUSTOM)]
    policies = {name: call("GET", f"{ours}/environments/{name}/{POLICIES}?per_page=100") for name in limited}
    owners = call("GET", f"{ours}/codeowners/errors?ref={quote(wanted.branch)}") or {"errors": []}
    return Found(
        environments,
        {name: {each["name"]: each["id"] for each in said["branch_policies"]} for name, said in policies.items()},
        dict(_variables(call, ours)),
        call("GET", protection.place(wanted)) or {},
        dict(_accounts(call, wanted)),
        (call("GET", f"{ours}/actions/oidc/customization/sub") or {}).get("sub_claim_prefix", ""),
        [f"{each['path']}:{each['line']}: {each['kind']}: {each['source'].strip()}" for each in owners["errors"]],
    )


def plan(wanted: Wanted, found: Found) -> list[Step]:
    """The calls that are still needed; none when everything is as it has to be."""
    return [*_environments(wanted, found), *_set(wanted, found), *protection.missing(wanted, found.protection)]


def facts(wanted: Wanted, found: Found) -> Iterator[str]:
    """What the organisation has to know, and what people still have to do."""
    jobs = [*(f"environment:{name}" for name in ENVIRONMENTS), "pull_request", f"ref:refs/heads/{wanted.branch}"]
    if found.subject:
        yield f"`subject:` of this project in the organisation's projects.yaml: {found.subject}"
        yield from (f"  then trusted as {found.subject}:{job}" for job in jobs)
    else:
        yield "GitHub does not say how its tokens name this repository: `gh` may be too old, or a template is set."
    yield from (f"{each}. That person needs the right to write here." for each in found.owners)


def approved(wanted: Wanted, found: Found) -> str:
    """A sentence on who stands before prod. Raises Refused when GitHub does not keep what mlops.yaml asks for."""
    if not wanted.approvers:
        return "prod is not behind approval: `release.approval` is `never`."
    asked = environment(sorted(found.approvers.values()))
    if _rules(found.environments["prod"]) != asked or [*found.branches.get("prod", {})] != [wanted.branch]:
        raise Refused(f"prod is NOT behind approval: GitHub does not keep the rule of its environment. {PLAN}")
    return f"prod is behind approval, as GitHub says it too: {', '.join(sorted(found.approvers))}."


def environment(people: list[int]) -> dict[str, Any]:
    """The rules of an environment whose jobs wait for one of these people."""
    return {
        "reviewers": [{"type": "User", "id": each} for each in people] or None,
        "prevent_self_review": bool(people),
        "can_admins_bypass": False,
        "deployment_branch_policy": {"protected_branches": False, CUSTOM: True},
    }


def _rules(answer: Mapping[str, Any] | None) -> dict[str, Any]:
    """What GitHub stored of an environment, in the words of `environment`."""
    answer = answer or {}
    waits = [each for each in answer.get("protection_rules", ()) if each["type"] == "required_reviewers"]
    asked = [{"type": each["type"], "id": each["reviewer"]["id"]} for rule in waits for each in rule["reviewers"]]
    return {
        "reviewers": sorted(asked, key=lambda each: each["id"]) or None,
        "prevent_self_review": any(rule.get("prevent_self_review") for rule in waits),
        "can_admins_bypass": answer.get("can_admins_bypass", True),
        "deployment_branch_policy": answer.get("deployment_branch_policy"),
    }


def _environments(wanted: Wanted, found: Found) -> Iterator[Step]:
    for name in ENVIRONMENTS:
        place, branches = f"repos/{wanted.repository}/environments/{name}", found.branches.get(name, {})
        people = found.approvers if name == "prod" else {}
        waits = f"jobs wait until {' or '.join(people)} approves, and not whoever started them"
        who = waits if people else "nobody is asked"
        if _rules(found.environments[name]) != (asked := environment(sorted(people.values()))):
            yield Step(f"environment {name}: {who}; administrators pass no other way", "PUT", place, asked, PLAN)
        if wanted.branch not in branches:
            body = {"name": wanted.branch, "type": "branch"}
            yield Step(f"environment {name}: jobs of the branch {wanted.branch}", "POST", f"{place}/{POLICIES}", body)
        for other in sorted({*branches} - {wanted.branch}):
            yield Step(f"environment {name}: none of {other}", "DELETE", f"{place}/{POLICIES}/{branches[other]}")


def _set(wanted: Wanted, found: Found) -> Iterator[Step]:
    place = f"repos/{wanted.repository}/actions/variables"
    for name, value in wanted.variables.items():
        body, there = {"name": name, "value": value}, found.variables.get(name)
        if there is None:
            yield Step(f"variable {name}: {value:.80}", "POST", place, body)
        elif there != value:
            yield Step(f"variable {name}: {value:.80}, no longer {there:.80}", "PATCH", f"{place}/{name}", body)


def _variables(call: Call, ours: str) -> Iterator[tuple[str, str]]:
    page, here = 1, [None]
    while here:
        here = (call("GET", f"{ours}/actions/variables?per_page=30&page={page}") or {}).get("variables", [])
        yield from ((each["name"], each["value"]) for each in here)
        page += 1


def _accounts(call: Call, wanted: Wanted) -> Iterator[tuple[str, int]]:
    if len(wanted.approvers) > MOST_REVIEWERS:
        raise Misuse(f"people.approves.prod has {len(wanted.approvers)} people; GitHub takes {MOST_REVIEWERS}.", FILE)
    for mail in wanted.approvers:
        if not (account := wanted.accounts.get(mail)):
            raise Misuse(f"{mail} approves prod, and GitHub knows accounts: add it to `people.accounts`.", FILE)
        if not (person := call("GET", f"users/{account}")):
            raise Misuse(f"`people.accounts`: GitHub knows no account {account}, of {mail}. Correct it.", FILE)
        yield account, person["id"]
