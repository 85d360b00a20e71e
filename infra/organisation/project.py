"""One entry of `projects.yaml` as resources: the project's ledger, and each environment with its rights."""

from collections.abc import Mapping

import pulumi
from names import Names
from pulumi import ResourceOptions
from pulumi_azure_native import resources, storage

from . import rights
from .foundation import KEPT, Foundation
from .guards import budget, lock
from .identities import Identities
from .names import ledger_of, sign_key_of, state_of
from .types import Environment, Project, plain


class OnboardedProject(pulumi.ComponentResource):
    """A project. `blocks` holds, by environment, what its stack file and its CI must know."""

    def __init__(
        self, slug: str, project: Project, foundation: Foundation, azure: Mapping[str, pulumi.ProviderResource]
    ) -> None:
        super().__init__("organisation:index:Project", slug, None, ResourceOptions(providers=[azure["organisation"]]))
        self.ledger = foundation.container(ledger_of(project.short_name), ResourceOptions(parent=self))
        rows = rights.for_project(project)
        here = ResourceOptions(parent=self, depends_on=list(foundation.roles.values()))
        ledger = {"ledger": [self.ledger.id]}
        rights.assign(slug, "", rows, foundation.organisation, people(project), ledger, here)
        own = ResourceOptions(parent=self)
        ci = {
            each: Identities(project, each, foundation, tags(slug, project, each, foundation), own)
            for each in project.environments.present
        }
        self.blocks = {
            environment: OnboardedEnvironment(
                slug,
                project,
                environment,
                foundation,
                self.ledger,
                ci,
                ResourceOptions(parent=self, providers=[azure[environment]]),
                ResourceOptions(provider=azure["organisation"]),
            ).block
            for environment in project.environments.present
        }
        self.register_outputs({})


class OnboardedEnvironment(pulumi.ComponentResource):
    """A resource group for the project's stack, its state and keys, and what CI and people may do."""

    def __init__(
        self,
        slug: str,
        project: Project,
        environment: str,
        foundation: Foundation,
        ledger: storage.BlobContainer,
        everywhere: Mapping[str, Identities],
        opts: ResourceOptions,
        shared: ResourceOptions,
    ) -> None:
        name = f"{project.short_name}-{environment}"
        super().__init__("organisation:index:Environment", name, None, opts)
        organisation, entry = foundation.organisation, project.environments.present[environment]
        here = ResourceOptions(parent=self)
        group = resources.ResourceGroup(
            name,
            resource_group_name=Names(project.short_name, environment).of("rg"),
            location=organisation.region,
            tags=tags(slug, project, environment, foundation),
            opts=ResourceOptions.merge(KEPT, here),
        )
        state, sign = state_of(project.short_name, environment), sign_key_of(project.short_name, environment)
        shared_here = ResourceOptions.merge(here, shared)
        container = foundation.container(state, shared_here)
        state_key = foundation.key(state, shared_here, signs=False)
        sign_key = foundation.key(sign, shared_here, signs=True)
        ci = everywhere[environment]
        never = [identity.principal_id for each in everywhere.values() for identity in each.made.values()]
        principals = {who: rights.Principal(identity.principal_id) for who, identity in ci.made.items()}
        principals |= {"registry": rights.Principal(foundation.copier), **people(project)}
        granted = ResourceOptions.merge(here, ResourceOptions(depends_on=list(foundation.roles.values())))
        scopes: dict[str, list[pulumi.Input[str]]] = {
            "resource_group": [group.id],
            "state": [container.id],
            "state_key": [state_key.id],
            "sign_key": [sign_key.id],
            "ledger": [ledger.id],
            "registry": [foundation.registry.id],
            **plain(entry.existing),
        }
        rows = rights.for_environment(environment)
        rights.assign(f"{slug}-{environment}", environment, rows, organisation, principals, scopes, granted, never)
        budget(name, group.id, entry.monthly_budget, project.owner, here)
        for scope in entry.locked:
            lock(f"{name}-{scope.rpartition('/')[2]}", scope, here)
        self.block = block(project, environment, entry, foundation, group, ci)
        if ci.missing:
            pulumi.warn(
                f"{slug}, {environment}: nobody can act as {', '.join(ci.missing)} yet. Give the client ids that "
                f"`make onboarded PROJECT={slug} STACK={environment}` prints to the CI system, write the subjects that "
                "it answers with into projects.yaml, and repeat this command.",
                self,
            )
        self.register_outputs({})


def tags(slug: str, project: Project, environment: str, foundation: Foundation) -> dict[str, str]:
    return {
        **foundation.tags,
        "project": slug,
        "environment": environment,
        "owner": project.owner,
        "cost-centre": project.cost_centre,
    }


def people(project: Project) -> dict[str, rights.Principal]:
    return {who: rights.Principal(group, "Group") for who, group in plain(project.groups).items()}


def block(
    project: Project,
    environment: str,
    entry: Environment,
    foundation: Foundation,
    group: resources.ResourceGroup,
    ci: Identities,
) -> dict[str, pulumi.Input]:
    """What the project's stack file and its CI must know. Nothing in it is secret."""
    names, organisation = foundation.names, foundation.organisation
    state = state_of(project.short_name, environment)
    return {
        "organisation": {
            "subscription": getattr(organisation.subscriptions, environment),
            "tenant": organisation.tenant,
            "resource_group": group.name,
            "ledger": names.container_url(ledger_of(project.short_name)),
            "sign_key": names.key_url(sign_key_of(project.short_name, environment)),
            "registry": foundation.registry.id,
        },
        "backend": names.backend(state),
        "secrets_provider": names.secrets_provider(state),
        "clients": {who: identity.client_id for who, identity in ci.made.items()},
        "missing": ci.missing,
        "ci": project.ci,
    }
