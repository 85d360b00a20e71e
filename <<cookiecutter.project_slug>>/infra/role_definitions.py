"""What each role allows: Azure's own by id, and ours action by action."""

from collections.abc import Mapping
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
    "Key Vault Crypto User": "12338af0-0e69-4776-bea7-57ae8d297424",
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
        ),
    ),
    "MLOps Model Reader": Custom(
        "Reads blobs: by a condition, those of models only.",
        (f"{_BLOBS}/read",),
        (f"{_BLOBS}/blobs/read",),
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
