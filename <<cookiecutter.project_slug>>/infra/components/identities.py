"""The stack's identities and what they may do: the rows of roles.py that a stack assigns itself."""

import pulumi
from names import guid
from pulumi_azure_native import authorization, managedidentity
from roles import rights
from settings import Stack

from components.part import Part

WHO = ("workspace", "compute", "endpoint")


class Identities(Part):
    """One identity each for the workspace, its computes and its endpoints."""

    def __init__(self, name: str, stack: Stack) -> None:
        super().__init__(name, stack)
        self.identity = {
            who: managedidentity.UserAssignedIdentity(
                f"{who}-identity", **self.here, resource_name_=stack.names.of("id", who), opts=self.own
            )
            for who in WHO
        }
        self.assigned: list[pulumi.Resource] = []
        """Roles that were assigned so far: what acts as one of the identities depends on them."""
        self.assign(**elsewhere(stack), resource_group=self.group_id)
        self.register_outputs({})

    def assign(self, **scopes: pulumi.Input[str]) -> None:
        """Give the identities their roles at these scopes, by their words in roles.py (`source/lake` is one)."""
        stack = self.stack
        roles = f"/subscriptions/{stack.organisation.subscription}/providers/Microsoft.Authorization/roleDefinitions"
        for right in rights(stack.environment, "stack"):
            for place in (each for each in scopes if each.partition("/")[0] == right.scope):
                assignment = authorization.RoleAssignment(
                    "-".join((right.who, right.role, place)).lower().replace(" ", "-"),
                    role_assignment_name=guid(stack.slug, stack.environment, right.who, right.role, place),
                    scope=scopes[place],
                    role_definition_id=f"{roles}/{right.role_id}",
                    principal_id=self.identity[right.who].principal_id,
                    principal_type="ServicePrincipal",
                    description=right.why,
                    condition=right.limit,
                    condition_version="2.0" if right.limit else None,
                    opts=pulumi.ResourceOptions(parent=self.identity[right.who], delete_before_replace=True),
                )
                self.assigned.append(assignment)


def elsewhere(stack: Stack) -> dict[str, str]:
    """Scopes outside the stack's resource group, which its settings name; what two datastores share is one."""
    scopes = {"registry": stack.organisation.registry} if stack.organisation.registry else {}
    for source in stack.datastores.values():
        scopes[f"source/{source.account_name}"] = source.account
        container = f"{source.account}/blobServices/default/containers/{source.container}"
        scopes[f"source_data/{source.account_name}/{source.container}"] = container
    return scopes
