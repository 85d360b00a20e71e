"""Who may do what where, and why: the one source of role assignments, of their tests and of docs/rights.md.

Nothing in the platform has a key, so each identity holds exactly these roles. Which the service needs: Set up
authentication between Azure Machine Learning and other services (Microsoft, 2025-06-10); Disable shared key access for
your workspace's storage account (2024-08-08); Managed virtual network isolation (2025). Assumed: that Azure AI
Administrator suffices for the workspace's identity where the first page names Contributor.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

BUILT_IN: Mapping[str, str] = {
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "AcrPush": "8311e382-0749-4cb8-b61a-304f252e45ec",
    "Azure AI Administrator": "b78c5d69-af96-48a3-bf8d-a8b4d589de94",
    "Azure AI Enterprise Network Connection Approver": "b556d68e-0be0-4f35-a333-ad7ee1ce17ea",
    "AzureML Data Scientist": "f6c7c914-8db3-469d-8ca1-694a8f32e121",
    "AzureML Metrics Writer (preview)": "635dd51f-9968-44d3-b7fb-6d9a6bd613ae",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Key Vault Administrator": "00482a5a-887f-4fb3-b363-3b7fe8e74483",
    "Log Analytics Reader": "73c42c96-874c-492b-b04d-ab87d138a893",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage File Data Privileged Contributor": "69566ab7-960f-475b-8e7c-b3118f30c6bd",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
}
"""Azure's own roles and their ids (Azure built-in roles, Microsoft, 2026-04-09)."""


@dataclass(frozen=True)
class Custom:
    """A role that the organisation defines, where Azure's own would allow more than is needed."""

    about: str
    actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()


_ML, _BLOBS, _KEYS = (
    "Microsoft.MachineLearningServices/workspaces",
    "Microsoft.Storage/storageAccounts/blobServices/containers",
    "Microsoft.KeyVault/vaults/keys",
)
CUSTOM: Mapping[str, Custom] = {
    "MLOps Ledger Writer": Custom(
        "Reads the ledger and adds entries; changes and deletes none.",
        (f"{_BLOBS}/read",),
        (f"{_BLOBS}/blobs/read", f"{_BLOBS}/blobs/add/action"),
    ),
    "MLOps Ledger Controller": Custom(
        "Reads the ledger, adds entries and holds the lease of an environment; deletes none.",
        (f"{_BLOBS}/read",),
        (f"{_BLOBS}/blobs/read", f"{_BLOBS}/blobs/add/action", f"{_BLOBS}/blobs/write"),
    ),
    "MLOps Signer": Custom(
        "Signs with a key and verifies what it signed; cannot export or change it.",
        data_actions=(f"{_KEYS}/read", f"{_KEYS}/sign/action", f"{_KEYS}/verify/action"),
    ),
    "MLOps State Key User": Custom(
        "Encrypts and decrypts with a key; cannot export or change it.",
        data_actions=(f"{_KEYS}/read", f"{_KEYS}/encrypt/action", f"{_KEYS}/decrypt/action"),
    ),
    "MLOps Model Sharer": Custom(
        "Adds models and images to the shared registry; deletes none.",
        (
            "Microsoft.MachineLearningServices/registries/read",
            "Microsoft.MachineLearningServices/registries/assets/read",
            "Microsoft.MachineLearningServices/registries/assets/write",
            "Microsoft.MachineLearningServices/registries/assets/stage/write",
        ),
    ),
    "MLOps Log User": Custom(
        "Sends logs to a log workspace and asks it; changes nothing in it.",
        (
            "Microsoft.OperationalInsights/workspaces/read",
            "Microsoft.OperationalInsights/workspaces/sharedKeys/action",
            "Microsoft.OperationalInsights/workspaces/query/read",
            "Microsoft.OperationalInsights/workspaces/query/*/read",
        ),
    ),
    "MLOps Network User": Custom(
        "Puts private endpoints into a subnet and their names into DNS zones; changes neither network nor zones.",
        (
            "Microsoft.Network/virtualNetworks/read",
            "Microsoft.Network/virtualNetworks/subnets/read",
            "Microsoft.Network/virtualNetworks/subnets/join/action",
            "Microsoft.Network/privateDnsZones/read",
            "Microsoft.Network/privateDnsZones/join/action",
        ),
    ),
    "MLOps Release Operator": Custom(
        "Moves traffic, deploys again and removes deployments, reads logs; makes nothing else and grants nothing.",
        (
            "Microsoft.MachineLearningServices/locations/*/read",
            f"{_ML}/read",
            f"{_ML}/*/read",
            f"{_ML}/onlineEndpoints/write",
            f"{_ML}/onlineEndpoints/score/action",
            f"{_ML}/onlineEndpoints/deployments/write",
            f"{_ML}/onlineEndpoints/deployments/delete",
            f"{_ML}/onlineEndpoints/deployments/getLogs/action",
            f"{_ML}/batchEndpoints/write",
            f"{_ML}/batchEndpoints/deployments/write",
            f"{_ML}/batchEndpoints/deployments/delete",
            "Microsoft.Insights/autoscaleSettings/*",
            "Microsoft.Insights/metrics/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
            "Microsoft.OperationalInsights/workspaces/read",
            "Microsoft.OperationalInsights/workspaces/query/*/read",
            "Microsoft.OperationalInsights/workspaces/query/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ),
    ),
}
"""Their actions are from the providers' lists of permissions. Assumed, not tried in Azure: that they suffice, also
that a diagnostic setting needs no more of a log workspace (Manage access to Log Analytics workspaces, Microsoft, 2024).
"""

SCOPES: Mapping[str, str] = {
    "resource_group": "the environment's resource group",
    "storage": "the storage account",
    "inference_log": "the container of the inference log",
    "vault": "the key vault",
    "images": "the registry of images",
    "insights": "Application Insights",
    "workspace": "the workspace",
    "log_workspace": "the log workspace, where the stack names one that exists",
    "subnet": "the subnet, where the stack names one that exists",
    "dns_zones": "each DNS zone, where the stack names those that exist",
    "source": "the storage account of each datastore outside the workspace",
    "source_data": "the container of each datastore outside the workspace",
    "registry": "the organisation's registry of models",
    "ledger": "the project's ledger",
    "sign_key": "the environment's signing key",
    "state": "the environment's state container",
    "state_key": "the environment's state key",
}
WITHIN = frozenset({"resource_group", "storage", "inference_log", "vault", "images", "insights", "workspace"})
"""Scopes inside the resource group; the others are somebody else's."""

_GRANT = "Role Based Access Control Administrator"
_APPROVE = "Azure AI Enterprise Network Connection Approver"
EVERYWHERE = frozenset({"dev", "staging", "prod"})
DEV, LATER, PROD = frozenset({"dev"}), frozenset({"staging", "prod"}), frozenset({"prod"})


@dataclass(frozen=True)
class Right:
    """One role of one identity or group at one scope."""

    who: str
    role: str
    scope: str
    why: str
    environments: frozenset[str] = EVERYWHERE
    assigned_by: str = "organisation"

    @property
    def role_id(self) -> str | None:
        """The GUID of one of Azure's own roles; None for a role of the organisation's."""
        return BUILT_IN.get(self.role)


WHO: Mapping[str, str] = {
    "data_scientists": "people who build the model, by group",
    "operators": "people who watch the service, by group",
    "signers": "people who sign reviews and approvals, by group",
    "readers": "people who may look, by group",
    "deploy": "CI after a merge",
    "reader": "CI on a pull request",
    "operate": "CI that watches a release, turns it back and moves traffic",
    "workspace": "identity of the workspace",
    "compute": "identity of jobs and image builds",
    "endpoint": "identity of endpoints",
}


def _of(who: str, assigned_by: str, *rows: tuple[str, str, str] | tuple[str, str, str, frozenset[str]]) -> list[Right]:
    """Rows of one holder: role, scope, why, and environments where it is not all of them."""
    return [Right(who, row[0], row[1], row[2], *row[3:], assigned_by=assigned_by) for row in rows]


RIGHTS: tuple[Right, ...] = (
    *_of(
        "data_scientists",
        "organisation",
        ("Reader", "resource_group", "They see what there is and what it logged."),
        ("AzureML Data Scientist", "resource_group", "They run jobs and try endpoints; they change no compute.", DEV),
        ("Storage Blob Data Contributor", "resource_group", "Without keys, who submits a job uploads its code.", DEV),
        ("Storage File Data Privileged Contributor", "resource_group", "Without keys, who edits opens notebooks.", DEV),
        ("Storage Blob Data Reader", "ledger", "Who decided what, and on which evidence, is open to them."),
    ),
    *_of(
        "operators",
        "organisation",
        ("Reader", "resource_group", "They watch the service and read its logs; CI acts for them."),
        ("Storage Blob Data Reader", "ledger", "Who decided what, and on which evidence, is open to them."),
    ),
    *_of(
        "signers",
        "organisation",
        ("Reader", "resource_group", "They look at what they sign."),
        ("MLOps Ledger Writer", "ledger", "A review or approval is an entry that stays as it was written."),
        ("MLOps Signer", "sign_key", "Each entry is signed; nobody can copy the key."),
    ),
    *_of(
        "readers",
        "organisation",
        ("Reader", "resource_group", "They may look, such as an auditor."),
        ("Storage Blob Data Reader", "ledger", "Who decided what, and on which evidence, is open to them."),
    ),
    *_of(
        "deploy",
        "organisation",
        ("Contributor", "resource_group", "It makes and changes the stack's resources; it can set no lock."),
        (
            _GRANT,
            "resource_group",
            "It gives the stack's identities their roles: these only, to neither people nor CI.",
        ),
        (_GRANT, "registry", "It lets the stack's identities use shared models: the roles for that only."),
        (_GRANT, "source", "It lets the managed network approve its way to data that lies elsewhere: that role only."),
        (_GRANT, "source_data", "It lets jobs read data that lies elsewhere: that role only, in that container."),
        ("Storage Blob Data Contributor", "resource_group", "Without keys, who submits a job uploads its code."),
        (
            "Storage File Data Privileged Contributor",
            "resource_group",
            "Without keys, the client opens the file share.",
        ),
        ("MLOps Model Sharer", "registry", "Models and images are shared from where they are made.", DEV),
        ("Reader", "registry", "It deploys what was shared and cannot change it.", LATER),
        ("MLOps Log User", "log_workspace", "It sends diagnostics to logs that exist, and alerts ask them."),
        ("MLOps Network User", "subnet", "Private endpoints go into a subnet that somebody else owns."),
        ("MLOps Network User", "dns_zones", "Private endpoints are found in zones that somebody else owns."),
        ("MLOps Ledger Controller", "ledger", "It records builds and deployments, one controller at a time."),
        ("MLOps Signer", "sign_key", "What it records is signed; nobody can copy the key."),
        ("Storage Blob Data Contributor", "state", "Pulumi writes the stack's state and its lock there."),
        ("MLOps State Key User", "state_key", "Secrets in the state are encrypted with this key."),
    ),
    *_of(
        "reader",
        "organisation",
        ("Reader", "resource_group", "A preview compares the stack with what there is."),
        ("Reader", "registry", "A preview reads the role assignments that the stack made there."),
        ("Reader", "source", "A preview reads the role assignments that the stack made there."),
        ("Storage Blob Data Reader", "ledger", "Checks of a pull request read what was decided."),
        ("Storage Blob Data Reader", "state", "A preview reads the state and takes no lock."),
        ("MLOps State Key User", "state_key", "A preview decrypts the state."),
    ),
    *_of(
        "operate",
        "organisation",
        ("MLOps Release Operator", "resource_group", "It moves traffic and turns a release back at any hour.", PROD),
        ("Storage Blob Data Reader", "resource_group", "It watches predictions in the inference log.", PROD),
        ("Log Analytics Reader", "log_workspace", "It watches errors and durations.", PROD),
        ("Reader", "registry", "It deploys again what was shared.", PROD),
        ("MLOps Ledger Controller", "ledger", "It records each decision, one controller at a time.", PROD),
        ("MLOps Signer", "sign_key", "What it records is signed; nobody can copy the key.", PROD),
    ),
    *_of(
        "workspace",
        "stack",
        ("Azure AI Administrator", "workspace", "The service manages networks and computes as this identity."),
        ("Azure AI Administrator", "storage", "The service prepares containers and shares as this identity."),
        ("Azure AI Administrator", "vault", "The service checks the vault as this identity."),
        ("Azure AI Administrator", "images", "The service pulls and stores images as this identity."),
        ("Azure AI Administrator", "insights", "The service connects its telemetry as this identity."),
        ("Key Vault Administrator", "vault", "The service keeps secrets of connections there."),
        ("Storage Blob Data Contributor", "storage", "Without keys, the service writes logs and snapshots itself."),
        ("Storage File Data Privileged Contributor", "storage", "Without keys, the service opens the share itself."),
        (_APPROVE, "resource_group", "The managed network approves its own private endpoints to it."),
        (_APPROVE, "registry", "The managed network approves its own private endpoints to it."),
        (_APPROVE, "source", "The managed network approves its own private endpoints to it."),
        ("Reader", "registry", "The service finds shared models and images."),
        ("Reader", "resource_group", "The studio finds the private endpoints behind which data lies.", LATER),
    ),
    *_of(
        "compute",
        "stack",
        ("Storage Blob Data Contributor", "storage", "Jobs read inputs and write outputs without keys."),
        ("Storage Queue Data Contributor", "storage", "Parallel and batch jobs hand out mini batches in queues."),
        ("Storage Table Data Contributor", "storage", "Parallel and batch jobs keep count in tables."),
        ("AcrPull", "images", "Jobs start from images."),
        ("AcrPush", "images", "Images are built and pushed here, and nowhere else.", DEV),
        ("Reader", "registry", "Jobs use shared models and images."),
        ("Storage Blob Data Reader", "source_data", "Jobs read data that lies elsewhere, and never write it."),
    ),
    *_of(
        "endpoint",
        "stack",
        ("AcrPull", "images", "A deployment starts from an image."),
        ("Storage Blob Data Reader", "storage", "A deployment reads its model."),
        ("Storage Blob Data Contributor", "inference_log", "A deployment writes requests and predictions."),
        ("AzureML Metrics Writer (preview)", "workspace", "A deployment reports its metrics."),
        ("Reader", "registry", "A deployment reads a shared model."),
    ),
)


def unknown() -> list[str]:
    """A sentence for each role of the matrix that nobody could assign."""
    found = {right.role: right.assigned_by for right in RIGHTS if right.role not in BUILT_IN}
    return [
        f"`{role}` is not known: add Azure's id of it to BUILT_IN, or correct the name."
        for role, by in found.items()
        if by == "stack" or role not in CUSTOM
    ]


def rights(environment: str, assigned_by: str) -> list[Right]:
    """The rows that one program assigns in one environment."""
    return [right for right in RIGHTS if environment in right.environments and right.assigned_by == assigned_by]


def delegable(environment: str, scope: str = "resource_group") -> set[str]:
    """Ids of the roles that CI may give away at a scope: those that the stack assigns there or inside it."""
    inside = WITHIN if scope == "resource_group" else {scope}
    return {BUILT_IN[right.role] for right in rights(environment, "stack") if right.scope in inside}


def condition(environment: str, scope: str, never: Iterable[str]) -> str:
    """The condition of Role Based Access Control Administrator: which roles, to identities only, never to some of them.

    Format: Examples to delegate Azure role assignment management with conditions (Microsoft, 2024-04-15).
    """
    granted = "Microsoft.Authorization/roleAssignments"
    roles, kept = ", ".join(sorted(delegable(environment, scope))), ", ".join(sorted(never))

    def limited(action: str, source: str) -> str:
        tests = [
            f"{source}[{granted}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{roles}}}",
            f"{source}[{granted}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {{'ServicePrincipal'}}",
            *([f"{source}[{granted}:PrincipalId] ForAnyOfAllValues:GuidNotEquals {{{kept}}}"] if kept else []),
        ]
        return f"(!(ActionMatches{{'{granted}/{action}'}}) OR ({' AND '.join(tests)}))"

    return f"{limited('write', '@Request')} AND {limited('delete', '@Resource')}"
