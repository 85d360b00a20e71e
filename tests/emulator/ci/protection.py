"""Protection of a branch on GitHub: what a call may ask for, and how it is answered.

Forms: docs.github.com/rest, version 2022-11-28, "Update branch protection", "Get branch protection" (2026-11). That a
name which is not in this list is refused is assumed.
"""

from typing import Any

from tests.emulator.ci.server import Refusal

REQUIRED = ("required_status_checks", "enforce_admins", "required_pull_request_reviews", "restrictions")
OPTIONAL = (
    "required_linear_history",
    "allow_force_pushes",
    "allow_deletions",
    "block_creations",
    "required_conversation_resolution",
    "lock_branch",
    "allow_fork_syncing",
)
"""Switches, each off where it is not asked for."""


def stored(body: dict[str, Any]) -> dict[str, Any]:
    """What GitHub answers from then on. Raises Refusal."""
    wrong = [f'"{each}" wasn\'t supplied.' for each in REQUIRED if each not in body]
    wrong += [f'"{each}" is not a permitted key.' for each in body if each not in (*REQUIRED, *OPTIONAL)]
    if wrong:
        raise Refusal(422, {"message": "\n\n".join(["Invalid request.", *wrong])})
    return {
        "url": "/protection",
        **{name: rule for name, rule in map(_answered, body.items()) if rule},
        **{name: {"enabled": bool(body.get(name))} for name in ("enforce_admins", *OPTIONAL)},
        "required_signatures": {"url": "/required_signatures", "enabled": False},
    }


def _answered(given: tuple[str, Any]) -> tuple[str, Any]:
    """People with all that GitHub knows of them, None for any app."""
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
