"""The platform of one environment: what there is. How each part is made lies in components/."""

import pulumi
import pulumi_random as random
import settings
from components.compute import Compute
from components.guards import Guards
from components.identities import Identities
from components.images import Images
from components.network import Network
from components.observability import Observability
from components.storage import Storage
from components.vault import Vault
from components.workspace import Workspace

stack = settings.load()
suffix = random.RandomString("suffix", length=4, special=False, upper=False).result

logs = Observability("logs", stack, suffix)
network = Network("network", stack)
vault = Vault("vault", stack, suffix, network, logs)
store = Storage("storage", stack, suffix, network, logs)
images = Images("images", stack, suffix, network, logs)

team = Identities("team", stack)
team.assign(storage=store.account.id, inference_log=store.log_id, sensitive_log=store.sensitive_id)
team.assign(vault=vault.vault.id, log_key=vault.log_key.id, images=images.registry.id, insights=logs.insights.id)

workspace = Workspace("workspace", stack, suffix, network, logs, vault, store, images, team)
team.assign(workspace=workspace.workspace.id)
Compute("compute", stack, workspace, team)
Guards("guards", stack, logs, workspace)

pulumi.export("subscription", stack.organisation.subscription)
pulumi.export("resource_group", stack.organisation.resource_group)
pulumi.export("location", stack.region)
pulumi.export("workspace", workspace.workspace.name)
pulumi.export("registry", stack.organisation.registry)
pulumi.export("image_registry", images.registry.login_server)
pulumi.export("endpoint_identity", team.identity["endpoint"].id)
pulumi.export("endpoint_client_id", team.identity["endpoint"].client_id)
pulumi.export("computes", list(stack.computes))
pulumi.export("log_workspace", logs.workspace_id)
pulumi.export("ledger_url", stack.organisation.ledger)
pulumi.export("sign_key_id", stack.organisation.sign_key)
pulumi.export("inference_log_url", store.log_url)
pulumi.export("sensitive_log_url", store.sensitive_url)
pulumi.export("log_key_id", vault.log_key.key_uri_with_version)
