"""GitHub's REST API as an administrator of a repository sees it: environments, variables, the protected branch.

Forms: docs.github.com/rest, version 2022-11-28, "Deployment environments", "Deployment branch policies", "Repository
variables", "Actions OIDC", "List CODEOWNERS errors" (2026-11). A refusal without a source is assumed.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.emulator.ci.protection import stored
from tests.emulator.ci.server import Asked, Refusal, Service, route

REPOSITORY = "example-agency/income-support-triage"
SUBJECT = "repo:example-agency@1000001/income-support-triage@2000002"
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
class GitHubRepository(Service):
    """A private repository. Only the plan `enterprise` has required reviewers there: else they are refused, or, if it
    `drops` them, silently left out; `free` protects no branch. `bypass`: it stores no `can_admins_bypass`.
    """

    plan: str = "enterprise"
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
        if asked.method != "GET" and not self.admin:
            raise Refusal(403, {"message": "Must have admin rights to Repository."})
        about = {"full_name": REPOSITORY, "private": True, "permissions": {"admin": self.admin}}
        places = {
            ours: lambda asked: about,
            rf"{ours}/environments/([\w-]+)": self._environment,
            rf"{ours}/environments/([\w-]+)/deployment-branch-policies": self._policies,
            rf"{ours}/environments/([\w-]+)/deployment-branch-policies/(\d+)": self._policy,
            rf"{ours}/actions/variables": self._variables,
            rf"{ours}/actions/variables/(\w+)": self._variable,
            rf"{ours}/actions/oidc/customization/sub": lambda asked: {"use_default": True, "sub_claim_prefix": SUBJECT},
            rf"{ours}/branches/main/protection": self._protection,
            rf"{ours}/codeowners/errors": lambda asked: {"errors": self.owners},
            r"/users/(\w+)": self._user,
        }
        return route(asked, places, {"message": "Not Found"})

    def _user(self, asked: Asked, login: str) -> Any:
        if login not in self.accounts:
            raise Refusal(404, {"message": "Not Found"})
        return {"login": login, "id": self.accounts[login]}

    def _environment(self, asked: Asked, name: str) -> Any:
        if asked.method == "GET":
            if name not in self.environments:
                raise Refusal(404, {"message": "Not Found"})
            return self.environments[name]
        body, rules = asked.body, list[dict[str, Any]]()
        policy, people = body.get("deployment_branch_policy"), body.get("reviewers") or []
        if policy and policy["protected_branches"] == policy["custom_branch_policies"]:
            raise Refusal(422, {"message": "protected_branches and custom_branch_policies cannot have the same value."})
        if body.get("prevent_self_review") and not people:
            raise Refusal(422, {"message": NO_ONE_TO_ASK})
        if len(people) > 6:
            raise Refusal(422, {"message": "An environment can have at most six reviewers."})
        if people and self.plan != "enterprise":
            if not self.drops:
                raise Refusal(422, {"message": NO_REVIEWERS})
            people = []
        if people:
            known = {number: login for login, number in self.accounts.items()}
            shown = [{"type": "User", "reviewer": {"id": each["id"], "login": known[each["id"]]}} for each in people]
            asks = {"prevent_self_review": body["prevent_self_review"], "reviewers": shown}
            rules.append({"id": 1, "type": "required_reviewers", **asks})
        bypass = self.bypass or body.get("can_admins_bypass", True)
        own = {"name": name, "protection_rules": rules, "can_admins_bypass": bypass}
        self.environments[name] = {**own, "deployment_branch_policy": policy}
        self.policies.setdefault(name, {})
        return self.environments[name]

    def _policies(self, asked: Asked, name: str) -> Any:
        if name not in self.environments:
            raise Refusal(404, {"message": "Not Found"})
        if asked.method == "POST":
            number = max([0, *(id for ids in self.policies.values() for id in ids)]) + 1
            self.policies[name][number] = asked.body["name"]
            return {"id": number, **asked.body}
        return {"branch_policies": [{"id": id, "name": each} for id, each in self.policies[name].items()]}

    def _policy(self, asked: Asked, name: str, number: str) -> Any:
        del self.policies[name][int(number)]

    def _variables(self, asked: Asked) -> Any:
        if asked.method == "POST":
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
        if self.plan == "free":
            raise Refusal(403, {"message": NO_PLAN})
        if asked.method == "GET":
            if self.protection is None:
                raise Refusal(404, {"message": "Branch not protected"})
            return self.protection
        self.protection = stored(asked.body)
        return self.protection
