"""Tokens of the endpoint's managed identity, from where azure-identity's credential for Azure ML has them.

MSI_ENDPOINT and MSI_SECRET are variables of the container, UAI_CLIENT_ID is one of the deployment.
"""

import json
import time
from collections.abc import Mapping
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

STORAGE, VAULT = "https://storage.azure.com/", "https://vault.azure.net"
TIMEOUT = 30.0

direct = build_opener(ProxyHandler({}))


class Token:
    """A token for one kind of resource, asked for again five minutes before it ends."""

    def __init__(self, environment: Mapping[str, str], resource: str) -> None:
        self.environment, self.resource, self.text, self.ends = environment, resource, "", 0.0

    def __call__(self) -> str:
        """Raises OSError, and KeyError outside Azure ML."""
        if time.time() > self.ends - 300:
            asked = {"api-version": "2017-09-01", "resource": self.resource}
            if client := self.environment.get("UAI_CLIENT_ID"):
                asked["clientid"] = client
            url, secret = f"{self.environment['MSI_ENDPOINT']}?{urlencode(asked)}", self.environment["MSI_SECRET"]
            with direct.open(Request(url, headers={"secret": secret}), timeout=TIMEOUT) as answer:
                said = json.load(answer)
            self.text, self.ends = said["access_token"], float(said["expires_on"])
        return self.text
