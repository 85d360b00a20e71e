"""Identities of CI: no secret exists; a CI system vouches for a job, and Azure trusts it for one subject."""

import pulumi
from pulumi import ResourceOptions
from pulumi_azure_native import managedidentity

from .foundation import Foundation
from .types import Project, identities

AUDIENCE = "api://AzureADTokenExchange"


class Identities(pulumi.ComponentResource):
    """Deploy, reader and, in prod, operate, in the organisation's own group.

    Not in the environment's: who may write there could trust another job with such an identity, or act as it.

    An identity whose subject is not known yet is made without a credential, so that the CI system can be told its
    client id; `missing` names these.
    """

    def __init__(
        self,
        project: Project,
        environment: str,
        foundation: Foundation,
        tags: dict[str, str],
        opts: ResourceOptions,
    ) -> None:
        name, organisation, group = f"{project.short_name}-{environment}", foundation.organisation, foundation.group
        super().__init__("organisation:index:Identities", name, None, opts)
        self.made: dict[str, managedidentity.UserAssignedIdentity] = {}
        self.missing: list[str] = []
        before: list[pulumi.Resource] = []
        for who in identities(environment):
            identity = self.made[who] = managedidentity.UserAssignedIdentity(
                f"{name}-{who}",
                resource_name_=f"id-ci-{name}-{who}",
                resource_group_name=group.name,
                location=organisation.region,
                tags=tags,
                opts=ResourceOptions(parent=self),
            )
            subjects = project.subjects_of(who, environment)
            if not subjects:
                self.missing.append(who)
            for subject, end in zip(subjects, ("", "-nightly"), strict=False):
                credential = managedidentity.FederatedIdentityCredential(
                    f"{name}-{who}{end}",
                    federated_identity_credential_resource_name=f"{project.ci}{end}",
                    resource_name_=identity.name,
                    resource_group_name=group.name,
                    issuer=organisation.issuer(project),
                    subject=subject,
                    audiences=[AUDIENCE],
                    # One after another: Azure refuses concurrent writes to one identity, and then some.
                    opts=ResourceOptions(parent=self, depends_on=before),
                )
                before = [credential]
        self.register_outputs({})
