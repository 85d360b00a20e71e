"""Who is told when the service is not what `service:` in mlops.yaml promises, or costs too much."""

from datetime import UTC, datetime

import pulumi
from alerts import Alert, alerts
from pulumi_azure_native import consumption, monitor
from settings import Stack

from components.observability import Observability
from components.part import Part
from components.workspace import Workspace


class Guards(Part):
    """Alerts and a budget, and the people of `people:` who hear of them."""

    def __init__(self, name: str, stack: Stack, logs: Observability, workspace: Workspace) -> None:
        super().__init__(name, stack)
        people = stack.project.people
        group = monitor.ActionGroup(
            "watchers",
            **self.group,
            location="Global",
            tags=stack.tags,
            action_group_name=stack.names.of("ag"),
            group_short_name=stack.project.project.short_name,
            enabled=True,
            email_receivers=[
                {"name": each, "email_address": each, "use_common_alert_schema": True}
                for each in dict.fromkeys([*people.watches, *people.fixes])
            ],
            opts=self.own,
        )
        for alert in alerts(stack.project.service):
            self._alert(alert, group, logs, workspace)
        self._budget()
        self.register_outputs({})

    def _alert(self, alert: Alert, group: monitor.ActionGroup, logs: Observability, workspace: Workspace) -> None:
        condition = {
            "query": workspace.workspace.id.apply(lambda id: alert.query.replace("WORKSPACE", id)),
            "metric_measure_column": "figure",
            "time_aggregation": "Maximum",
            "operator": "GreaterThan",
            "threshold": alert.limit,
            "failing_periods": {"number_of_evaluation_periods": 1, "min_failing_periods_to_alert": 1},
        }
        monitor.ScheduledQueryRule(
            f"alert-{alert.name}",
            **self.here,
            rule_name=self.stack.names.of("alert", alert.name),
            kind="LogAlert",
            display_name=f"{self.stack.project.project.name}, {self.stack.environment}: {alert.name}",
            description=alert.about,
            severity=alert.severity,
            enabled=True,
            scopes=[logs.workspace_id],
            evaluation_frequency=alert.every,
            window_size=alert.window,
            criteria={"all_of": [condition]},
            auto_mitigate=True,
            # The tables come with the first release.
            skip_query_validation=True,
            actions={"action_groups": [group.id]},
            opts=self.own,
        )

    def _budget(self) -> None:
        """A limit for the resource group by the month; the month it starts in is the one it was made in."""
        stack = self.stack
        owner = [stack.project.people.owner]
        consumption.Budget(
            "budget",
            scope=self.group_id,
            budget_name=stack.names.of("budget"),
            amount=stack.project.service.cost_per_month,
            category="Cost",
            time_grain="Monthly",
            time_period={"start_date": f"{datetime.now(UTC):%Y-%m}-01T00:00:00Z"},
            notifications={
                "spent": notice(80, "Actual", owner),
                "expected": notice(100, "Forecasted", owner),
            },
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["timePeriod"]),
        )


def notice(percent: float, of: str, to: list[str]) -> consumption.NotificationArgs:
    """Whom to tell when so much of the budget is spent, or expected to be."""
    return consumption.NotificationArgs(
        enabled=True, operator="GreaterThan", threshold=percent, threshold_type=of, contact_emails=to
    )
