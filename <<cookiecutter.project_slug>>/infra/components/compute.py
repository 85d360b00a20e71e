"""Clusters: machines that are there while a job runs and cost nothing otherwise."""

import pulumi
from pulumi_azure_native import machinelearningservices as ml
from settings import Stack

from components.identities import Identities
from components.part import Part
from components.workspace import Workspace

PRIORITY = {"low": "LowPriority", "dedicated": "Dedicated"}


class Compute(Part):
    """The clusters of `computes`. Nobody logs in to them; they act as the identity `compute`."""

    def __init__(
        self,
        name: str,
        stack: Stack,
        workspace: Workspace,
        team: Identities,
    ) -> None:
        super().__init__(name, stack)
        for cluster, wanted in stack.computes.items():
            ml.Compute(
                f"compute-{cluster}",
                **self.here,
                workspace_name=workspace.workspace.name,
                compute_name=cluster,
                identity={"type": "UserAssigned", "user_assigned_identities": [team.identity["compute"].id]},
                properties=ml.AmlComputeArgs(
                    compute_type="AmlCompute",
                    compute_location=stack.region,
                    disable_local_auth=True,
                    properties=ml.AmlComputePropertiesArgs(
                        os_type="Linux",
                        vm_size=wanted.size,
                        vm_priority=PRIORITY[wanted.priority],
                        scale_settings=ml.ScaleSettingsArgs(
                            min_node_count=0,
                            max_node_count=wanted.max_nodes,
                            node_idle_time_before_scale_down=f"PT{wanted.idle_minutes}M",
                        ),
                        remote_login_port_public_access="Disabled",
                        enable_node_public_ip=not stack.private,
                    ),
                ),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[*team.assigned]),
            )
        self.register_outputs({})
