"""Protection of a branch on GitHub, the least of it: what is stricter there stays.

The REST interface of 2022-11-28 (docs.github.com/rest/branches/branch-protection). A call replaces the whole.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from repository.wanted import CHECK, Step, Wanted

ACTIONS_APP = 15368
"""The app behind GitHub Actions: a check of that name by anybody else does not count."""
ANY_APP = -1
SIGNATURES = "required_signatures"
"""Is answered with the rest, and set by a call of its own."""
LEAST = {
    "required_status_checks": {"strict": True, "checks": [{"context": CHECK, "app_id": ACTIONS_APP}]},
    "enforce_admins": True,
    "required_pull_request_reviews": {
        "require_code_owner_reviews": True,
        "required_approving_review_count": 1,
        "dismiss_stale_reviews": True,
        "require_last_push_approval": True,
    },
    "restrictions": None,
    "allow_force_pushes": False,
    "allow_deletions": False,
}


def place(wanted: Wanted) -> str:
    return f"repos/{wanted.repository}/branches/{quote(wanted.branch, safe='')}/protection"


def missing(wanted: Wanted, answer: Mapping[str, Any]) -> Iterator[Step]:
    """What protects the branch of which GitHub answers this, nothing where it is not protected."""
    now = _now(answer) if answer else {}
    if (asked := _stricter(LEAST, now)) != now:
        what = f"branch {wanted.branch}: only pull requests that pass `{CHECK}` and that the code's owners approve"
        yield Step(f"{what}; nobody forces or deletes", "PUT", place(wanted), asked)


def _now(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What GitHub stored, in the words that it takes."""
    checks, reviews = answer.get("required_status_checks"), answer.get("required_pull_request_reviews")
    if checks:
        apps = [(each["context"], each.get("app_id") or ANY_APP) for each in checks["checks"]]
        others = [{"context": name, "app_id": app} for name, app in apps if (name, app) != (CHECK, ANY_APP)]
        checks = {"strict": checks["strict"], "checks": others}
    if reviews:
        reviews = {name: _names(it) if isinstance(it, Mapping) else it for name, it in reviews.items() if name != "url"}
    switches = {name: it["enabled"] for name, it in answer.items() if isinstance(it, Mapping) and "enabled" in it}
    return {
        "required_status_checks": checks,
        "required_pull_request_reviews": reviews,
        "restrictions": _names(answer["restrictions"]) if answer.get("restrictions") else None,
        **{name: on for name, on in switches.items() if name != SIGNATURES},
    }


def _names(allowed: Mapping[str, Any]) -> dict[str, list[str]]:
    """Who may do something, as GitHub takes them."""
    keys = {"users": "login", "teams": "slug", "apps": "slug"}
    return {kind: [each[key] for each in allowed.get(kind, ())] for kind, key in keys.items()}


def _stricter(wanted: Any, found: Any) -> Any:
    """Both at once: switches as wanted, the larger number, all entries of a list, and whatever else is there."""
    if found is None or isinstance(wanted, bool):
        return wanted
    if isinstance(wanted, Mapping):
        return {**found, **{name: _stricter(value, found.get(name)) for name, value in wanted.items()}}
    if isinstance(wanted, list):
        return [*found, *(each for each in wanted if each not in found)]
    return found if wanted is None else max(wanted, found)
