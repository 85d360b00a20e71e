"""Diagnostic settings, alerts, action groups, log workspaces and budgets."""

from datetime import datetime

from tests.emulator.ids import Id
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.rule import Ask, dig, rule
from tests.emulator.store import Document

SETTING, QUERY = "Microsoft.Insights/diagnosticSettings", "Microsoft.Insights/scheduledQueryRules"
SINKS = ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId")
FREQUENCIES = {*(f"PT{m}M" for m in (1, 5, 10, 15, 30, 45, 60)), *(f"PT{h}H" for h in range(1, 7)), "P1D"}
WINDOWS = FREQUENCIES | {"P2D"}


def minutes(duration: str) -> int:
    """Of an ISO 8601 duration of one part."""
    number, unit = int("".join(c for c in duration if c.isdigit())), duration[-1]
    return number * {"M": 1, "H": 60, "D": 1440}[unit]


@rule(SETTING)
def setting_has_a_sink(ask: Ask) -> None:
    """A diagnostic setting sends somewhere, and what it sends to is there.

    Source: "Diagnostic settings in Azure Monitor" (Microsoft Learn, from memory); codes: assumed.
    """
    sinks = [ask.sent(sink) for sink in SINKS if ask.sent(sink)]
    if not sinks:
        raise Refusal(400, "BadRequest", f"Diagnostic setting '{ask.id.name}' has no destination.")
    for sink in sinks:
        if ask.arm.find(sink) is None:
            raise Refusal(
                404, "ResourceNotFound", f"The resource '{sink}' of diagnostic setting '{ask.id.name}' was not found."
            )


@rule(SETTING)
def settings_are_few(ask: Ask) -> None:
    """At most five diagnostic settings on one resource.

    Source: "Diagnostic settings in Azure Monitor" (Microsoft Learn, from memory): five; code: assumed.
    """
    if len(list(ask.siblings())) >= 5:
        raise Refusal(400, "TooManyDiagnosticSettings", "A resource can have at most 5 diagnostic settings.")


@rule(SETTING)
def category_goes_once_to_a_sink(ask: Ask) -> None:
    """One category is sent to one sink by one setting only.

    Source: "Data sinks can't be reused in different settings on the same category" in public reports.
    """
    mine = _routes(ask.body)
    for other in ask.siblings():
        if both := mine & _routes(other):
            category, sink = sorted(both)[0]
            message = (
                f"Data sink '{sink}' is already used in diagnostic setting '{other['name']}' for category '{category}'."
            )
            hint = "Data sinks can't be reused in different settings on the same category for the same resource."
            raise Refusal(409, "Conflict", f"{message} {hint}")


@rule(QUERY)
def query_rule_fits(ask: Ask) -> None:
    """Scopes are there; window and frequency are of the allowed ones, the window not shorter; severity is 0 to 4.

    Source: "Create a log search alert rule" (Microsoft Learn, from memory), allowed durations; codes: assumed.
    """
    for scope in ask.sent("scopes", []):
        if ask.arm.find(scope) is None:
            raise Refusal(404, "ResourceNotFound", f"The scope '{scope}' of the alert rule was not found.")
    window, frequency = ask.sent("windowSize", ""), ask.sent("evaluationFrequency", "")
    if window not in WINDOWS or frequency not in FREQUENCIES or minutes(window) < minutes(frequency):
        message = f"windowSize '{window}' and evaluationFrequency '{frequency}' are not a valid combination."
        raise Refusal(400, "BadRequest", message)
    if not 0 <= ask.sent("severity", 3) <= 4:
        raise Refusal(400, "BadRequest", "severity must be between 0 and 4.")


@rule(QUERY, "Microsoft.Insights/metricAlerts")
def alert_reaches_somebody(ask: Ask) -> None:
    """The action groups that an alert names are there.

    Assumed: code and message.
    """
    given = ask.sent("actions", [])
    groups = given.get("actionGroups", []) if isinstance(given, dict) else [a.get("actionGroupId") for a in given]
    for group in groups:
        if ask.arm.find(group) is None:
            raise Refusal(404, "ResourceNotFound", f"The action group '{group}' of the alert rule was not found.")


@rule("Microsoft.Insights/actionGroups")
def short_name_is_short(ask: Ask) -> None:
    """The short name of an action group has 1 to 12 characters.

    Source: "Action groups" (Microsoft Learn, from memory): 12 characters; code: assumed.
    """
    if not 1 <= len(ask.sent("groupShortName", "")) <= 12:
        raise Refusal(400, "BadRequest", "groupShortName must have 1 to 12 characters.")


@rule("Microsoft.OperationalInsights/workspaces")
def logs_are_kept_in_bounds(ask: Ask) -> None:
    """A log workspace keeps 30 to 730 days.

    Source: "Manage data retention in a Log Analytics workspace" (Microsoft Learn, from memory); code: assumed.
    """
    days = ask.sent("retentionInDays", 30)
    if not 30 <= days <= 730:
        raise Refusal(
            400, "InvalidParameter", f"'RetentionInDays' property is invalid: {days:g} is not between 30 and 730."
        )


@rule("Microsoft.Consumption/budgets")
def budget_starts_with_the_month(ask: Ask) -> None:
    """A budget starts on the first of a month, a new monthly one in the current month or up to twelve months on.

    Source: hashicorp/terraform-provider-azurerm#15467 (2022-02-17) and #12121 (2021-06-09); code: assumed.
    """
    start, now = datetime.fromisoformat(str(ask.sent("timePeriod.startDate", ""))[:10]), ask.arm.clock.now()
    if start.day != 1:
        raise Refusal(400, "400", f"Start date must be the first of the month; it is {start:%Y-%m-%d}.")
    ahead = (start.year - now.year) * 12 + start.month - now.month
    if ask.before is None and not 0 <= ahead <= 12:
        message = f"Start date {start:%Y-%m-%d} must be in the current month or at most twelve months ahead."
        raise Refusal(400, "400", message)


@rule("Microsoft.Consumption/budgets")
def budget_keeps_its_start(ask: Ask) -> None:
    """The start of a budget cannot be changed.

    Source: Azure/CanadaPubSecALZ#317 (2022-06-15); message of jpsnover/ai-triad-research#1697 (2026-09-01).
    """
    if ask.before and str(ask.was("timePeriod.startDate"))[:10] != str(ask.sent("timePeriod.startDate"))[:10]:
        raise Refusal(400, "400", "Start date of budgets cannot be updated. Please delete and create a new budget.")


@rule("Microsoft.Consumption/budgets")
def budget_is_sound(ask: Ask) -> None:
    """A positive amount, thresholds between 0 and 1000, at most five notifications, each to somebody.

    Source: Budgets REST API, notifications (Microsoft Learn, from memory); code: assumed.
    """
    if ask.sent("amount", 0) <= 0:
        raise Refusal(400, "400", "The amount of a budget must be greater than 0.")
    given = ask.sent("notifications", {})
    if len(given) > 5:
        raise Refusal(400, "400", f"A budget can have at most 5 notifications, not {len(given)}.")
    for name, notification in given.items():
        if not 0 < notification.get("threshold", 0) <= 1000:
            raise Refusal(400, "400", f"The threshold of notification '{name}' must be between 0 and 1000.")
        if not any(notification.get(key) for key in ("contactEmails", "contactRoles", "contactGroups")):
            raise Refusal(400, "400", f"Notification '{name}' has no contact.")


def _routes(document: Document) -> set[tuple[str, str]]:
    logs = dig(document, "properties.logs", []) + dig(document, "properties.metrics", [])
    on = [entry.get("category") or entry.get("categoryGroup") or "" for entry in logs if entry.get("enabled", True)]
    sinks = [dig(document, f"properties.{sink}") for sink in SINKS]
    return {(category, Id(sink).key) for category in on for sink in sinks if sink}
