"""Who a job of CI may sign in as: whom its CI system says it is, where the directory trusts that."""

from pathlib import Path

from tests.emulator.rules.refusal import Refusal
from tests.emulator.store import TENANT
from tests.infra.projects import OURS
from tests.infra.reached import Reached
from tests.workflows import az
from tests.workflows.harness import Denied
from tests.workflows.model import Job, Pipeline

GITHUB = "https://token.actions.githubusercontent.com"
DEVOPS = f"https://login.microsoftonline.com/{TENANT}/v2.0"
"""The issuers of both."""


def subject(pipeline: Pipeline, job: Job) -> str:
    """What GitHub says a job is: its environment, else what began it ("OpenID Connect reference", 2026-07)."""
    if job.environment:
        return f"{OURS}:environment:{job.environment}"
    return f"{OURS}:{'pull_request' if pipeline.event.name == 'pull_request' else 'ref:refs/heads/main'}"


def signed_in(
    there: Reached, client: str, tenant: str, subject: str, issuer: str, folder: Path, minutes: float
) -> dict[str, str]:
    """Variables of a session in `folder` whose assertion counts for `minutes`. Raises Denied as the directory says."""
    directory = there.cloud.directory
    said = directory.assertion(subject, issuer=issuer, minutes=minutes)
    form = {"client_id": client, "client_assertion": said, "scope": "https://management.azure.com/.default"}
    try:
        token = directory.sign_in(tenant, form)["access_token"]
        who = directory.caller(f"Bearer {token}", "https://management.azure.com")
    except Refusal as refusal:
        raise Denied(refusal.message) from None
    az.log_in(folder, tenant, client, said)
    return {"AZURE_CONFIG_DIR": str(folder), "PULUMI_DEBUG_PROVIDERS": there.made.cloud.providers(who)}
