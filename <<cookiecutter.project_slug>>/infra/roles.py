"""Who may do what where, and why: the one source of role assignments, of their tests and of docs/rights.md.

Nothing in the platform has a key, so each identity holds exactly these roles. Which the service needs: Set up
authentication between Azure Machine Learning and other services (Microsoft, 2025-06-10); Disable shared key access for
your workspace's storage account (2024-08-08); Managed virtual network isolation (2025); Configure Azure Storage to
accept requests from resource instances (2025-06-18). Assumed: that Azure AI Administrator suffices for the workspace's
identity where the first page names Contributor; that a registry of models copies what is shared as its own identity
(it refuses an image that only the caller may pull: Azure/azureml-examples#3420), and that who reads it pulls from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from role_definitions import BUILT_IN, CUSTOM

SCOPES: Mapping[str, str] = {
    "resource_group": "the environment's resource group",
    "storage": "the storage account",
    "inference_log": "the container of the inference log",
    "sensitive_log": "the container of its sensitive values",
    "log_key": "the key of the log's ids",
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
WITHIN = frozenset(
    {
        "resource_group",
        "storage",
        "inference_log",
        "sensitive_log",
        "log_key",
        "vault",
        "images",
        "insights",
        "workspace",
    }
)
"""Scopes inside the resource group; the others are somebody else's."""

_GRANT = "Role Based Access Control Administrator"
_APPROVE = "Azure AI Enterprise Network Connection Approver"
EVERYWHERE = frozenset({"dev", "staging", "prod"})
SENSITIVE_LOG = "sensitive-log"
"""The container of values that say too much for the inference log."""
_CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
DEV, LATER, PROD = frozenset({"dev"}), frozenset({"staging", "prod"}), frozenset({"prod"})
MADE = DEV | PROD
"""Where models are made: one of them, as `training.where` in mlops.yaml says."""
MODEL_READER, MODELS = "MLOps Model Reader", "mlops/models/"
"""Who reads blobs below this path of their storage and nowhere else."""


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

    @property
    def limit(self) -> str | None:
        """A condition where the role would read the sensitive log too: all but it, or, for investigators, it alone.

        Who only looks at models reads these; a list of blobs has no path to go by. Source: Actions and attributes for
        Azure role assignment conditions for Blob Storage (Microsoft, 2024-04-01).
        """
        reads_all = self.role.startswith("Storage Blob Data") or self.role == MODEL_READER
        if not reads_all or self.scope not in ("resource_group", "storage"):
            return None
        test = "StringEquals" if self.who == "investigators" else "StringNotEquals"
        container, reads = f"@Resource[{_CONTAINERS}:name] {test} '{SENSITIVE_LOG}'", f"{_CONTAINERS}/blobs/read"
        limit = f"(!(ActionMatches{{'{reads}'}}) OR {container})"
        if self.role != MODEL_READER:
            return limit
        path = f"@Resource[{_CONTAINERS}/blobs:path] StringLike '{MODELS}*'"
        return f"{limit} AND (!(ActionMatches{{'{reads}'}} AND NOT SubOperationMatches{{'Blob.List'}}) OR {path})"


WHO: Mapping[str, str] = {
    "data_scientists": "people who build the model, by group",
    "operators": "people who watch the service, by group",
    "signers": "people who sign reviews and approvals, by group",
    "readers": "people who may look, by group",
    "investigators": "people who may look at sensitive values that callers sent, by group",
    "deploy": "CI after a merge",
    "reader": "CI on a pull request",
    "operate": "CI that watches a release, turns it back and moves traffic",
    "workspace": "identity of the workspace",
    "compute": "identity of jobs",
    "endpoint": "identity of endpoints",
    "registry": "identity of the organisation's registry of models",
}


def _of(who: str, assigned_by: str, *rows: tuple[str, str, str] | tuple[str, str, str, frozenset[str]]) -> list[Right]:
    """Rows of one holder: role, scope, why, and environments where it is not all of them."""
    return [Right(who, row[0], row[1], row[2], *row[3:], assigned_by=assigned_by) for row in rows]


_MODELS = (MODEL_READER, "resource_group", "Models are looked at where they are made.", MADE)
_SHARED = ("Reader", "registry", "Models that are shared are looked at there.", LATER)

RIGHTS: tuple[Right, ...] = (
    *_of(
        "data_scientists",
        "organisation",
        ("Reader", "resource_group", "They see what there is and what it logged."),
        ("AzureML Data Scientist", "resource_group", "They run jobs and try endpoints; they change no compute.", DEV),
        ("Storage Blob Data Contributor", "resource_group", "Without keys, who submits a job uploads its code.", DEV),
        ("Storage File Data Privileged Contributor", "resource_group", "Without keys, who edits opens notebooks.", DEV),
        ("MLOps Signer", "resource_group", "Ids of outcomes that they add are hashed as the log's are.", DEV),
        ("Storage Blob Data Reader", "ledger", "Who decided what, and on which evidence, is open to them."),
        _SHARED,
    ),
    *_of(
        "operators",
        "organisation",
        ("Reader", "resource_group", "They watch the service and read its logs; CI acts for them."),
        ("Log Analytics Reader", "log_workspace", "They watch errors and durations."),
        ("Storage Blob Data Reader", "ledger", "Who decided what, and on which evidence, is open to them."),
        _MODELS,
        _SHARED,
    ),
    *_of(
        "signers",
        "organisation",
        ("Reader", "resource_group", "They look at what they sign."),
        _MODELS,
        _SHARED,
        ("MLOps Ledger Writer", "ledger", "A review or approval is an entry that stays as it was written."),
        ("MLOps Signer", "sign_key", "Each entry is signed; nobody can copy the key."),
    ),
    *_of(
        "readers",
        "organisation",
        ("Reader", "resource_group", "They may look, such as an auditor."),
        ("Storage Blob Data Reader", "ledger", "Who decided what, and on which evidence, is open to them."),
        _MODELS,
        _SHARED,
    ),
    *_of(
        "investigators",
        "organisation",
        ("Storage Blob Data Reader", "resource_group", "Only these people read the sensitive log, and nothing else."),
    ),
    *_of(
        "deploy",
        "organisation",
        (
            "Contributor",
            "resource_group",
            "It makes and changes the stack's resources, and lets dev build images; it can set no lock.",
        ),
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
        ("MLOps Signer", "resource_group", "Ids of outcomes that it adds are hashed as the log's are."),
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
        ("Log Analytics Reader", "log_workspace", "A check sees how a release stands."),
        _MODELS,
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
        ("AcrPush", "images", "Where dev is private, a cluster builds the image of a job that has none yet.", DEV),
        ("Reader", "registry", "Jobs use shared models and images."),
        ("Storage Blob Data Reader", "source_data", "Jobs read data that lies elsewhere, and never write it."),
    ),
    *_of(
        "endpoint",
        "stack",
        ("AcrPull", "images", "A deployment starts from an image."),
        ("Storage Blob Data Reader", "storage", "A deployment reads its model."),
        ("Storage Blob Data Contributor", "inference_log", "A deployment writes requests and predictions."),
        ("Storage Blob Data Contributor", "sensitive_log", "It writes these values; its model's code can read them."),
        ("Key Vault Crypto User", "log_key", "A deployment makes the key of the log's ids from a signature."),
        ("AzureML Metrics Writer (preview)", "workspace", "A deployment reports its metrics."),
        ("Reader", "registry", "A deployment reads a shared model, and pulls its image."),
    ),
    *_of(
        "registry",
        "organisation",
        ("Storage Blob Data Reader", "resource_group", "It copies a model that is shared.", DEV),
        ("AcrPull", "resource_group", "It copies an image that is shared.", DEV),
    ),
)


def unknown() -> list[str]:
    """A sentence for each role of the matrix that nobody could assign."""
    found = {right.role: right.assigned_by for right in RIGHTS if right.role not in BUILT_IN}
    return [
        f"`{role}` is not known: add Azure's id of it to BUILT_IN in role_definitions.py, or correct the name."
        for role, by in found.items()
        if by == "stack" or role not in CUSTOM
    ]


def rights(environment: str, assigned_by: str) -> list[Right]:
    """The rows that one program assigns in one environment."""
    return [right for right in RIGHTS if environment in right.environments and right.assigned_by == assigned_by]
