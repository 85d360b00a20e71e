"""A project whose stacks are right, until a test changes them."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import settings
import yaml
from settings import HERE, Stack
from settings.rules import PRIVATE_ZONES

from mlops.errors import Misuse

SLUG = "triage"
ID = "00000000-0000-0000-0000-000000000001"
GROUP = f"/subscriptions/{ID}/resourceGroups/rg/providers"
SUBNET = f"{GROUP}/Microsoft.Network/virtualNetworks/vnet/subnets/endpoints"
DNS_ZONES = {zone: f"{GROUP}/Microsoft.Network/privateDnsZones/{zone}" for zone in PRIVATE_ZONES}
ACCOUNT = f"{GROUP}/Microsoft.Storage/storageAccounts/lake"
ORGANISATION = {
    "subscription": ID,
    "tenant": ID,
    "resource_group": "rg-triage-dev",
    "ledger": "https://store.blob.core.windows.net/triage",
    "sign_key": "https://keys.vault.azure.net/keys/triage-dev",
}
DEV: Mapping[str, Any] = {
    "organisation": ORGANISATION,
    "network": {"isolation": "internet", "inbound": "public"},
    "storage": {"redundancy": "LRS", "versions": False, "keep_deleted_days": 7},
    "images": {"sku": "Standard", "zone_redundant": False},
    "logs": {"keep_days": 30, "scope": "workspace"},
    "computes": {"cpu": {"size": "Standard_D4s_v3", "priority": "low", "max_nodes": 4, "idle_minutes": 10}},
    "tags": {"cost_centre": "cc-1"},
}
DEDICATED = {"cpu": {**DEV["computes"]["cpu"], "priority": "dedicated"}}
PROD: Mapping[str, Any] = {
    **DEV,
    "network": {"isolation": "approved", "inbound": "private", "address_space": "10.20.0.0/24"},
    "storage": {"redundancy": "GZRS", "versions": True, "keep_deleted_days": 30},
    "images": {"sku": "Premium", "zone_redundant": True},
    "logs": {"keep_days": 90, "scope": "all"},
    "computes": DEDICATED,
}
STAGING: Mapping[str, Any] = {
    **DEV,
    "network": {"isolation": "internet", "inbound": "public", "allowed_ips": ["20.1.2.3"]},
    "storage": {"redundancy": "ZRS", "versions": False, "keep_deleted_days": 7},
    "logs": {"keep_days": 30, "scope": "all"},
    "computes": DEDICATED,
}
STACKS = {"dev": DEV, "staging": STAGING, "prod": PROD}
GONE = "(removed)"


class Project:
    """A project whose settings are right until they are changed."""

    def __init__(self, folder: Path) -> None:
        self.infra, self.file = folder / "infra", folder / "mlops.yaml"
        (self.infra / "policy").mkdir(parents=True)
        (self.infra / "Pulumi.yaml").write_text(f"name: {SLUG}\n", "utf-8")
        self.settings = yaml.safe_load((HERE.parent / "mlops.yaml").read_text("utf-8"))
        source = {**next(iter(self.settings["data"].values())), "classification": "internal", "region": "westeurope"}
        self.settings["data"] = {"rows": source}
        self.settings["environments"] = {each: {"region": "westeurope"} for each in STACKS}
        self.limits = yaml.safe_load(Path(__file__).with_name("policy-limits.yml").read_text("utf-8"))
        self.stacks: dict[str, dict[str, Any]] = {name: copy.deepcopy(dict(stack)) for name, stack in STACKS.items()}

    def change(self, document: Any, path: str, value: Any) -> None:
        *keys, last = path.split("/")
        for key in keys:
            document = document.setdefault(key, {})
        if value == GONE:
            del document[last]
        else:
            document[last] = value

    def stack_file(self, environment: str) -> Path:
        return self.infra / f"Pulumi.{environment}.yaml"

    def read(self, environment: str) -> Stack:
        self.file.write_text(yaml.safe_dump(self.settings, sort_keys=False), "utf-8")
        (self.infra / "policy" / "limits.yml").write_text(yaml.safe_dump(self.limits, sort_keys=False), "utf-8")
        config = {f"{SLUG}:{topic}": value for topic, value in self.stacks[environment].items()}
        self.stack_file(environment).write_text(yaml.safe_dump({"config": config}, sort_keys=False), "utf-8")
        return settings.read(environment, self.infra)

    def refused(self, environment: str) -> list[str]:
        with pytest.raises(Misuse) as caught:
            self.read(environment)
        return str(caught.value).splitlines()
