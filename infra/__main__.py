"""The organisation's platform, once for all projects: what there is. How each part is made lies in organisation/."""

import pulumi
from organisation import HERE, rights, settings
from organisation.foundation import Foundation
from organisation.names import Names
from organisation.project import OnboardedProject
from pulumi_azure_native import Provider

try:
    organisation = settings.load(HERE / (pulumi.Config().get("projects") or "projects.yaml"))
except settings.Misuse as mistakes:
    raise pulumi.RunError(str(mistakes)) from None

subscriptions = organisation.subscriptions.model_dump()
made = {
    each: Provider(f"azure-{each}", subscription_id=each, tenant_id=organisation.tenant)
    for each in dict.fromkeys(subscriptions.values())
}
azure = {environment: made[each] for environment, each in subscriptions.items()}

tags = {**organisation.tags, "managed-by": "pulumi"}
foundation = Foundation(Names(organisation), tags, pulumi.ResourceOptions(providers=[azure["organisation"]]))
known = pulumi.ResourceOptions(parent=foundation, depends_on=list(foundation.roles.values()))
for (group, role), right in rights.for_groups(organisation.projects.values()).items():
    who, where = rights.Principal(group, "Group"), foundation.registry.id
    rights.grant(f"{group}-{role}-registry", organisation, role, who, where, right.why, None, known)
projects = {slug: OnboardedProject(slug, project, foundation, azure) for slug, project in organisation.projects.items()}
pulumi.export("projects", {slug: project.blocks for slug, project in projects.items()})
