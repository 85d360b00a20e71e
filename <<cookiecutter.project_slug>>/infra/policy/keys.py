"""Identities instead of keys: a key can be copied, an identity cannot."""

import re
from collections.abc import Iterator, Sequence

from policy.limits import Limits
from policy.rule import STACK, UNKNOWN, Finding, Resource, table, whole

LOOKS_LIKE_A_KEY = re.compile(
    r"(account|access)_?key=|shared_?access_?signature|instrumentationkey=|password=|client_?secret=|[?&]sig="
    r"|-----BEGIN [A-Z ]*PRIVATE KEY|(?<![a-z0-9+/])[a-z0-9+/]{86}==|\beyj[\w-]+\.eyj[\w-]+\.",
    re.IGNORECASE,
)
"""Connection strings, signed addresses, private keys, keys of storage accounts, tokens."""

no_account_keys = table(
    "no-account-keys",
    "No storage account takes keys.",
    {"storage:StorageAccount": {"allowSharedKeyAccess": False}},
    fix="Change it in infra/components/storage.py.",
)

no_local_login = table(
    "no-local-login",
    "No service has logins of its own beside identities.",
    {
        "applicationinsights:Component": {"disableLocalAuth": True},
        "operationalinsights:Workspace": {"features.disableLocalAuth": True},
        "machinelearningservices:Compute": {"properties.disableLocalAuth": True},
        "cognitiveservices:Account": {"properties.disableLocalAuth": True},
        "eventhub:Namespace": {"disableLocalAuth": True},
    },
    fix="Change it in infra/components/.",
)

no_registry_password = table(
    "no-registry-password",
    "No registry of images has an admin user or lets anybody pull.",
    {"containerregistry:Registry": {"adminUserEnabled": False, "anonymousPullEnabled": (False, None)}},
    fix="Change it in infra/components/images.py.",
)

vault_by_roles = table(
    "vault-by-roles",
    "Rights in a vault come from roles, never from access policies.",
    {"keyvault:Vault": {"properties.enableRbacAuthorization": True}},
    fix="Change it in infra/components/vault.py.",
)

datastores_by_identity = table(
    "datastores-by-identity",
    "Data is reached with identities: where keys are off, a datastore with a key cannot be read.",
    {
        "machinelearningservices:Workspace": {"systemDatastoresAuthMode": "Identity"},
        "machinelearningservices:Datastore": {"properties.credentials.credentialsType": "None"},
    },
    fix="Change it in infra/components/workspace.py.",
)


@whole("No output holds a key.", fix="Export a name or an id in infra/__main__.py; who needs a key has a role instead.")
def no_key_as_output(resources: Sequence[Resource], limits: Limits) -> Iterator[Finding]:
    for stack in resources:
        for name, value in stack.inputs.items() if stack.type == STACK else ():
            if value is not UNKNOWN and LOOKS_LIKE_A_KEY.search(str(value)):
                yield stack, f"the output `{name}` holds what looks like a key."


RULES = (
    no_account_keys,
    no_local_login,
    no_registry_password,
    vault_by_roles,
    datastores_by_identity,
    no_key_as_output,
)
