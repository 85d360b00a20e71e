"""Policies of a branch in Azure DevOps, with which it takes no push, forced or not: only pull requests.

What is stricter there stays; who has to approve is exactly whom mlops.yaml names. Settings are documented by example
only (REST interface 7.1, policy configurations); these are the ones that the portal and Microsoft's Terraform provider
write.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from repository.checks import within
from repository.project import VERSION, Found, addresses, scope
from repository.wanted import CHECK, Step, Wanted

BUILD = "0609b952-1397-4640-95ec-e00a01b2c241"
COUNT = "fa4e907d-c16b-4a4c-9dfa-4906e5d171dd"
OWNERS = "fd2167ab-b0be-447a-8ec8-39368250530e"
"""Types of policies: build validation, minimum number of reviewers, automatically included reviewers."""
NUMBER = "minimumApproverCount"


@dataclass(frozen=True)
class Policy:
    """`key` names the setting that tells two of a type apart, none where there is one of it."""

    what: str
    type: str
    settings: Mapping[str, Any]
    key: str = ""

    def alike(self, other: Mapping[str, Any]) -> bool:
        same = not self.key or other["settings"].get(self.key) == self.settings[self.key]
        return other["type"]["id"] == self.type and same

    def body(self, there: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """With all that one which is there asks for besides."""
        settings = dict(self.settings)
        if there and self.type != BUILD:  # whatever else that says only lets more through
            settings = {**there["settings"], **self.settings}
            if NUMBER in self.settings:
                settings[NUMBER] = max(self.settings[NUMBER], there["settings"].get(NUMBER, 0))
        return {"isEnabled": True, "isBlocking": True, "type": {"id": self.type}, "settings": settings}


def missing(wanted: Wanted, found: Found) -> Iterator[Step]:
    """What sets the policies that the branch does not have; without a call while their pipeline has no id."""
    place = f"{addresses(wanted)[1]}/_apis/policy/configurations"
    for policy in _asked(wanted, found):
        alike = [each for each in found.policies if policy.alike(each)]
        if any(within(policy.body(each), each) for each in alike):
            continue
        if policy.key and policy.settings[policy.key] is None:
            yield Step(policy.what)
        elif alike:
            yield Step(policy.what, "PUT", f"{place}/{alike[0]['id']}?{VERSION}", policy.body(alike[0]))
        else:
            yield Step(policy.what, "POST", f"{place}?{VERSION}", policy.body())


def _asked(wanted: Wanted, found: Found) -> Iterator[Policy]:
    branch, where = f"branch {wanted.branch}", {"scope": scope(found.repository, wanted)}
    build = {
        "buildDefinitionId": found.pipelines.get(CHECK),
        "displayName": CHECK,
        "queueOnSourceUpdateOnly": False,
        "manualQueueOnly": False,
        "validDuration": 0,
    }
    what = f"{branch}: only pull requests that pass the pipeline {CHECK}"
    yield Policy(what, BUILD, build | where, "buildDefinitionId")
    count = {NUMBER: 1, "creatorVoteCounts": False, "resetOnSourcePush": True}
    yield Policy(f"{branch}: one other person approves each change", COUNT, count | where)
    folders = {path: f"{path}*" if path.endswith("/") else path for path in wanted.owners}
    for path, people in wanted.owners.items():
        others = [f"!{each}" for name, each in folders.items() if name != "*"]
        patterns = ["/*", *others] if path == "*" else [folders[path]]
        settings = {"requiredReviewerIds": [found.people[each] for each in people], "filenamePatterns": patterns}
        what = f"{branch}: {' and '.join(people)} approve changes of {path}"
        yield Policy(what, OWNERS, settings | where, "filenamePatterns")
