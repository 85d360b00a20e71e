"""Where logs go: a log workspace, Application Insights on top of it, and what sends its logs there."""

import pulumi
from pulumi_azure_native import applicationinsights, monitor, operationalinsights
from settings import Stack

from components.part import Part


class Observability(Part):
    """A log workspace of the stack's own, or the one that its settings name by id."""

    def __init__(self, name: str, stack: Stack, suffix: pulumi.Output[str]) -> None:
        super().__init__(name, stack)
        self.workspace_id = pulumi.Output.from_input(stack.logs.workspace or self._workspace(suffix).id)
        self.insights = applicationinsights.Component(
            "insights",
            **self.here,
            resource_name_=stack.names.of("appi"),
            kind="web",
            application_type="web",
            workspace_resource_id=self.workspace_id,
            ingestion_mode="LogAnalytics",
            disable_local_auth=True,
            public_network_access_for_ingestion=self.access,
            public_network_access_for_query=self.access,
            opts=self.own,
        )
        self.register_outputs({})

    def _workspace(self, suffix: pulumi.Output[str]) -> operationalinsights.Workspace:
        return operationalinsights.Workspace(
            "logs",
            **self.here,
            workspace_name=suffix.apply(self.stack.names.logs),
            sku={"name": "PerGB2018"},
            retention_in_days=self.stack.logs.keep_days,
            # Diagnostic settings come another way; CI and alerts ask with an identity.
            public_network_access_for_ingestion=self.access,
            features={"disable_local_auth": True, "enable_log_access_using_only_resource_permissions": True},
            opts=self.own,
        )

    def collect(self, parent: Part, name: str, target: pulumi.Input[str], always: bool = False) -> None:
        """Send all logs of a resource here, if `logs.scope` is `all` or it must `always` be done."""
        if always or self.stack.logs.scope == "all":
            monitor.DiagnosticSetting(
                f"{name}-logs",
                name="to-log-workspace",
                resource_uri=target,
                workspace_id=self.workspace_id,
                logs=[{"category_group": "allLogs", "enabled": True}],
                opts=parent.own,
            )
