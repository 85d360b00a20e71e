"""The ways into one environment: the official client, and plain requests where it has none."""

import json
import logging
import os
import time
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

from mlops.errors import Failure
from mlops.platform.azure.names import Names
from mlops.platform.azure.patience import patient
from mlops.platform.azure.sentences import said

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.core import PipelineClient
    from azure.core.credentials import TokenCredential
    from azure.storage.blob import ContainerClient

ARM = "https://management.azure.com"
IDENTITY = "DEFAULT_IDENTITY_CLIENT_ID"
VOUCHES = "ACTIONS_ID_TOKEN_REQUEST_URL"
"""Where GitHub says who a job is: docs.github.com, "OpenID Connect reference", 2026-07."""
TRIES = {"retry_total": 5, "retry_backoff_factor": 0.8, "retry_backoff_max": 30}
BLOB_TRIES = {"retry_total": 5, "initial_backoff": 1, "increment_base": 2}
"""429, 5xx and lost connections are tried again for about a minute, with the pauses that Azure asks for.

Of a POST of the official client only 500, 503, 504 and what names a pause: azure-core, `RetryPolicy`.
"""


class Azure:
    """Opened when it is asked for: importing the official client takes seconds.

    `synced` is when the names were written, as Unix time; soon after that, roles may not work yet.
    """

    def __init__(self, names: Names, environment: str, synced: float = 0.0) -> None:
        self.names, self.environment, self._synced = names, environment, synced
        self._pipelines: dict[str, PipelineClient] = {}

    @cached_property
    def credential(self) -> "TokenCredential":
        """Who is signed in: `az login`, the identity of a job, or the federated one of CI. No key, no secret.

        A compute has several identities; a job's variable names the one that it acts as. What GitHub vouches for counts
        for minutes (github.com/Azure/login/issues/372), so it is asked for again with each token.
        """
        from azure.identity import ClientAssertionCredential, DefaultAzureCredential

        logging.getLogger("azure.identity").setLevel(logging.CRITICAL)
        if VOUCHES in os.environ and (client := os.environ.get("AZURE_CLIENT_ID")):
            return ClientAssertionCredential(os.environ["AZURE_TENANT_ID"], client, _vouched)
        own = {"managed_identity_client_id": client} if (client := os.environ.get(IDENTITY)) else {}
        return DefaultAzureCredential(exclude_interactive_browser_credential=True, **own)

    @cached_property
    def ml(self) -> "MLClient":
        return self._client(workspace_name=self.names.workspace)

    @cached_property
    def registry(self) -> "MLClient":
        """Of the organisation's registry, which all environments share."""
        return self._client(registry_name=self.names.registry)

    def ask(self, method: str, url: str, body: Any = None, scope: str = ARM, once: bool = False) -> Any:
        """The JSON of an answer to a plain request; None where it is empty. `url` is whole, or a path below ARM.

        `once` is for what would begin twice: where no answer came it is not asked again. Raises Failure, as
        `sentences.said` says it.
        """
        from azure.core.rest import HttpRequest

        whole = url if url.startswith("https://") else f"{ARM}{url}"
        tries = {"retry_on_methods": () if once else (method,)}
        with said(self.environment):
            answer = self._pipeline(scope).send_request(HttpRequest(method, whole, json=body), **tries)
            answer.raise_for_status()
            return answer.json() if answer.content else None

    def listed(self, url: str) -> Iterator[dict[str, Any]]:
        """What a GET lists, page after page."""
        while url:
            page = self.ask("GET", url)
            yield from page["value"]
            url = page.get("nextLink", "")

    def container(self, url: str) -> "ContainerClient":
        """A container of blobs by its address."""
        from azure.storage.blob import ContainerClient, ExponentialRetry

        policy = patient(ExponentialRetry, self._age, **BLOB_TRIES)
        return ContainerClient.from_container_url(url, self.credential, retry_policy=policy)

    def _client(self, **scope: str) -> "MLClient":
        from azure.ai.ml import MLClient

        logging.getLogger("azure.ai.ml").setLevel(logging.CRITICAL)
        group = {"subscription_id": self.names.subscription, "resource_group_name": self.names.resource_group}
        # without progress azure-ai-ml 1.35.2 waits for ever for a file of a folder that it could not send
        shown = {"show_progress": True, "enable_telemetry": False}
        with said(self.environment):
            return MLClient(self.credential, **group, **scope, **shown, retry_policy=self._retries())

    def _pipeline(self, scope: str) -> "PipelineClient":
        from azure.core import PipelineClient
        from azure.core.pipeline.policies import BearerTokenCredentialPolicy

        if scope not in self._pipelines:
            policies = [self._retries(), BearerTokenCredentialPolicy(self.credential, f"{scope}/.default")]
            self._pipelines[scope] = PipelineClient(scope, policies=policies)
        return self._pipelines[scope]

    def _retries(self) -> Any:
        from azure.core.pipeline.policies import RetryPolicy

        return patient(RetryPolicy, self._age, **TRIES)

    def _age(self) -> float:
        return time.time() - self._synced


def _vouched() -> str:
    """What GitHub says of this job, which Azure trusts. Raises Failure when it says nothing."""
    bearer = {"Authorization": f"bearer {os.environ['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"}
    address = f"{os.environ[VOUCHES]}&audience=api://AzureADTokenExchange"
    try:
        with urlopen(Request(address, headers=bearer), timeout=30) as answer:
            return json.load(answer)["value"]
    except OSError as error:
        raise Failure(f"GitHub does not vouch for this job: {error}. Repeat the job.") from None
