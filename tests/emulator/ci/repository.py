"""GitHub's REST API as an administrator of a repository sees it: environments, variables, the protected branch.

Forms: docs.github.com/rest, version 2022-11-28, "Deployment environments", "Deployment branch policies", "Repository
variables", "Branch protection", "Actions OIDC", "List CODEOWNERS errors" (2026-11). A refusal without a source is
assumed.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from tests.emulator.ci.server import Asked, Refusal, Service

REPOSITORY = "example-agency/income-support-triage"
SUBJECT = "repo:example-agency@1000001/income-support-triage@2000002"
REQUIRED = ("required_status_checks", "enforce_admins", "required_pull_request_reviews", "restrictions")
SWITCHES = (
    "enforce_admins",
    "allow_force_pushes",
    "allow_deletions",
    "required_linear_history",
    "required_conversation_resolution",
    "block_creations",
    "lock_branch",
    "allow_fork_syncing",
)
NO_REVIEWERS = (
    "Failed to create the environment protection rule. Please ensure the billing plan supports the required reviewers "
    "protection rule."
)
"""github.com/backstage/backstage/issues/28977, 2025-02; github.com/Azure/ALZ-PowerShell-Module/issues/193, 2024-09."""
NO_ONE_TO_ASK = (
    "Failed to create or update the environment protection rule. Required reviewers must have at least one reviewer to "
    "set prevent_self_review."
)
"""github.com/github-community-projects/safe-settings/issues/628, 2024-05."""
NO_PLAN = "Upgrade to GitHub Pro or make this repository public to enable this feature."
"""Of branch protection in a private repository of a free account ("About protected branches", 2026-07)."""


@dataclass
class Hosted(Service):
    """A repository. In a private one only the plan `enterprise` has required reviewers: else they are refused, or,
    if it `drops` them, silently left out. `bypass`: it stores no `can_admins_bypass`."""

    plan: str = "enterprise"
    private: bool = True
    drops: bool = False
    bypass: bool = False
    admin: bool = True
    accounts: dict[str, int] = field(default_factory=lambda: {"ada": 11, "grace": 12})
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    policies: dict[str, dict[int, str]] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    protection: dict[str, Any] | None = None
    owners: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, asked: Asked) -> Any:
        if "authorization" not in asked.headers:
            raise Refusal(401, {"message": "Requires authentication"})
        ours = f"/repos/{REPOSITORY}"
        for pattern, act in (
            (ours, self._about),
            (rf"{ours}/environments/([\w-]+)", self._environment),
            (rf"{ours}/environments/([\w-]+)/deployment-branch-policies", self._policies),
            (rf"{ours}/environments/([\w-]+)/deployment-branch-policies/(\d+)", self._policy),
            (rf"{ours}/actions/variables", self._variables),
            (rf"{ours}/actions/variables/(\w+)", self._variable),
            (rf"{ours}/actions/oidc/customization/sub", self._subject),
            (rf"{ours}/branches/main/protection", self._protection),
            (rf"{ours}/codeowners/errors", lambda asked: {"errors": self.owners}),
            (r"/users/(\w+)", self._user),
        ):
            if found := re.fullmatch(pattern, asked.path):
                return act(asked, *found.groups())
        raise Refusal(404, {"message": "Not Found"})

    def _about(self, asked: Asked) -> Any:
        return {"full_name": REPOSITORY, "private": self.private, "permissions": {"admin": self.admin}}

    def _subject(self, asked: Asked) -> Any:
        return {"use_default": True, "sub_claim_prefix": SUBJECT}

    def _user(self, asked: Asked, login: str) -> Any:
        if login not in self.accounts:
            raise Refusal(404, {"message": "Not Found"})
        return {"login": login, "id": self.accounts[login]}

    def _environment(self, asked: Asked, name: str) -> Any:
        if asked.method == "GET":
            if name not in self.environments:
                raise Refusal(404, {"message": "Not Found"})
            return self.environments[name]
        self._administers()
        body, rules = asked.body, list[dict[str, Any]]()
        policy, people = body.get("deployment_branch_policy"), body.get("reviewers") or []
        if policy and policy["protected_branches"] == policy["custom_branch_policies"]:
            raise Refusal(422, {"message": "protected_branches and custom_branch_policies cannot have the same value."})
        if policy and self.private and self.plan == "free":  # github.com/pulumi/pulumi-github/issues/251, 2022-10
            what = "Fail to create protected rule, please ensure billing plan include protected branch gate."
            raise Refusal(422, {"message": what})
        if body.get("prevent_self_review") and not people:
            raise Refusal(422, {"message": NO_ONE_TO_ASK})
        if len(people) > 6:
            raise Refusal(422, {"message": "An environment can have at most six reviewers."})
        if people and self.private and self.plan != "enterprise":
            if not self.drops:
                raise Refusal(422, {"message": NO_REVIEWERS})
            people = []
        if people:
            known = {number: login for login, number in self.accounts.items()}
            shown = [{"type": "User", "reviewer": {"id": each["id"], "login": known[each["id"]]}} for each in people]
            own = {"prevent_self_review": body["prevent_self_review"], "reviewers": shown}
            rules.append({"id": 1, "type": "required_reviewers", **own})
        bypass = self.bypass or body.get("can_admins_bypass", True)
        stored = {"name": name, "protection_rules": rules, "can_admins_bypass": bypass}
        self.environments[name] = {**stored, "deployment_branch_policy": policy}
        self.policies.setdefault(name, {})
        return self.environments[name]

    def _policies(self, asked: Asked, name: str) -> Any:
        if name not in self.environments:
            raise Refusal(404, {"message": "Not Found"})
        if asked.method == "POST":
            self._administers()
            number = max([0, *(id for ids in self.policies.values() for id in ids)]) + 1
            self.policies[name][number] = asked.body["name"]
            return {"id": number, **asked.body}
        return {"branch_policies": [{"id": id, "name": each} for id, each in self.policies[name].items()]}

    def _policy(self, asked: Asked, name: str, number: str) -> Any:
        del self.policies[name][int(number)]

    def _variables(self, asked: Asked) -> Any:
        if asked.method == "POST":
            self._administers()
            if asked.body["name"] in self.variables:
                raise Refusal(409, {"message": "Already exists - Variable already exists"})
            self.variables[asked.body["name"]] = asked.body["value"]
            return {}
        size, page = min(int(asked.query.get("per_page", 10)), 30), int(asked.query.get("page", 1))
        found = [{"name": name, "value": value} for name, value in self.variables.items()]
        return {"total_count": len(found), "variables": found[(page - 1) * size : page * size]}

    def _variable(self, asked: Asked, name: str) -> Any:
        if name not in self.variables:
            raise Refusal(404, {"message": "Not Found"})
        self.variables[name] = asked.body["value"]

    def _protection(self, asked: Asked) -> Any:
        if self.private and self.plan == "free":
            raise Refusal(403, {"message": NO_PLAN})
        if asked.method == "GET":
            if self.protection is None:
                raise Refusal(404, {"message": "Branch not protected"})
            return self.protection
        self._administers()
        if absent := [each for each in REQUIRED if each not in asked.body]:
            wrong = ", ".join(f'"{each}" wasn\'t supplied' for each in absent)
            raise Refusal(422, {"message": f"Invalid request.\n\n{wrong}."})
        self.protection = {"url": asked.path, **{name: it for name, it in map(_answered, asked.body.items()) if it}}
        self.protection |= {each: {"enabled": bool(asked.body.get(each))} for each in SWITCHES}
        return self.protection

    def _administers(self) -> None:
        if not self.admin:
            raise Refusal(403, {"message": "Must have admin rights to Repository."})


def _answered(given: tuple[str, Any]) -> tuple[str, Any]:
    """A rule of a branch as GitHub answers it: people with all that it knows of them, None for any app."""
    name, rule = given
    if isinstance(rule, list) and name in ("users", "teams", "apps"):
        if any(not isinstance(each, str) for each in rule):
            raise Refusal(422, {"message": f"Invalid request.\n\nFor '{name}', an item is not a string."})
        key = "login" if name == "users" else "slug"
        return name, [{"id": number, key: each} for number, each in enumerate(rule)]
    if name == "checks":
        return name, [{**each, "app_id": None if each["app_id"] == -1 else each["app_id"]} for each in rule]
    if isinstance(rule, dict):
        return name, {"url": f"/{name}", **dict(map(_answered, rule.items()))}
    return name, rule
