"""The subscription, and the caller's own rights in it."""

from tests.emulator import access
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.rule import Ask, rule

VERBS = {"put": "write", "get": "read", "delete": "delete"}


@rule(on="put get delete post")
def subscription_exists(ask: Ask) -> None:
    """The subscription is one that Azure knows.

    Source: "Troubleshoot common Azure deployment errors" (Microsoft Learn, from memory): SubscriptionNotFound.
    """
    if ask.id.subscription and ask.arm.find(f"/subscriptions/{ask.id.subscription}") is None:
        raise Refusal(404, "SubscriptionNotFound", f"The subscription '{ask.id.subscription}' could not be found.")


@rule(on="put get delete post")
def caller_needs_the_action(ask: Ask) -> None:
    """The caller holds the action at the scope, by a role that is effective by now.

    Source: "Troubleshoot Azure RBAC" (Microsoft Learn, 2023-09-20), and its ABAC wording in public reports.
    """
    action = ask.id.action(VERBS.get(ask.verb, f"{ask.action}/action"))
    request, resource = ask.body.get("properties") or {}, (ask.before or {}).get("properties") or {}
    if access.allows(ask.arm, ask.caller, action, ask.id, request=request, resource=resource):
        return
    client = f"The client '{ask.caller}' with object id '{ask.caller}'"
    held = access.assignments(ask.arm, ask.caller, ask.id)
    if any(access.grants(ask.arm, assignment, action) for assignment in held):
        message = f"{client} has an authorization with ABAC condition that is not fulfilled to perform action"
    else:
        message = f"{client} does not have authorization to perform action"
    where = f"'{action}' over scope '{ask.id}' or the scope is invalid."
    hint = "If access was recently granted, please refresh your credentials."
    raise Refusal(403, "AuthorizationFailed", f"{message} {where} {hint}")
