"""What Azure refuses of diagnostic settings, logs, alerts and budgets."""

from datetime import UTC, datetime

import pytest

from tests.emulator.clock import Clock
from tests.emulator.world import ACTIONS, ALERT, GROUP, INSIGHTS, LOGS, SETTING, WORKSPACE, World, refused


def test_a_diagnostic_setting_without_a_place_to_send_to(world: World) -> None:
    world.make(WORKSPACE)
    with refused("setting_has_a_sink", "BadRequest", "no destination"):
        world.put(SETTING, {"properties.workspaceId": None})
    with refused("setting_has_a_sink", "ResourceNotFound", "/none"):
        world.put(SETTING, {"properties.workspaceId": f"{LOGS}/none"})


def test_a_category_is_sent_once_and_by_five_settings_at_most(world: World) -> None:
    world.make(SETTING)
    with refused("category_goes_once_to_a_sink", "Conflict", "diagnostic setting 'all' for category 'AmlCompute"):
        world.put(SETTING.replace("/all", "/again"), like=SETTING)
    for number in range(4):
        logs = [{"category": f"c{number}", "enabled": True}]
        world.put(SETTING.replace("/all", f"/s{number}"), {"properties.logs": logs}, like=SETTING)
    with refused("settings_are_few", "TooManyDiagnosticSettings", "at most 5"):
        world.put(SETTING.replace("/all", "/sixth"), {"properties.logs": []}, like=SETTING)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"properties.scopes": [f"{LOGS}x"]}, "ResourceNotFound"),
        ({"properties.windowSize": "PT7M"}, "BadRequest"),
        ({"properties.evaluationFrequency": "PT1H"}, "BadRequest"),
        ({"properties.severity": 5}, "BadRequest"),
    ],
)
def test_an_alert_that_cannot_run(world: World, changes: dict[str, object], code: str) -> None:
    world.make(ACTIONS)
    with refused("query_rule_fits", code, ""):
        world.put(ALERT, changes)


def test_an_alert_that_reaches_nobody(world: World) -> None:
    world.make(INSIGHTS)
    with refused("alert_reaches_somebody", "ResourceNotFound", ACTIONS):
        world.put(ALERT)


def test_a_long_short_name(world: World) -> None:
    world.make(GROUP)
    with refused("short_name_is_short", "BadRequest", "12 characters"):
        world.put(ACTIONS, {"properties.groupShortName": "income-support"})


def test_logs_kept_too_short(world: World) -> None:
    world.make(GROUP)
    with refused("logs_are_kept_in_bounds", "InvalidParameter", "30 and 730"):
        world.put(LOGS, {"properties.retentionInDays": 7})


def test_a_budget_starts_on_the_first_of_this_month_or_later() -> None:
    world = World(Clock(datetime(2026, 5, 20, tzinfo=UTC)))
    world.make(GROUP)
    with refused("budget_starts_with_the_month", "400", "first of the month"):
        world.budget("2026-05-02T00:00:00Z")
    with refused("budget_starts_with_the_month", "400", "current month"):
        world.budget("2026-04-01T00:00:00Z")
    world.budget("2026-05-01T00:00:00Z")
    world.arm.clock.advance(days=40)
    world.budget("2026-05-01T00:00:00Z", amount=500)
    with refused("budget_keeps_its_start", "400", "Please delete and create a new budget"):
        world.budget("2026-06-01T00:00:00Z")


@pytest.mark.parametrize(
    "properties",
    [
        {"amount": 0},
        {"notifications": {"a": {"threshold": 2000, "contactEmails": ["a@b.c"]}}},
        {"notifications": {"a": {"threshold": 80}}},
        {"notifications": {str(n): {"threshold": 80, "contactEmails": ["a@b.c"]} for n in range(6)}},
    ],
    ids=["amount", "threshold", "nobody", "many"],
)
def test_a_budget_that_is_not_sound(world: World, properties: dict[str, object]) -> None:
    world.make(GROUP)
    with refused("budget_is_sound", "400", ""):
        world.budget(f"{world.arm.clock.now():%Y-%m}-01T00:00:00Z", **properties)
