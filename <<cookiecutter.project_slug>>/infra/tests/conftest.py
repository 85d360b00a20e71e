"""The three stacks and some others, recorded in one go: importing Azure's SDK takes longer than they do."""

import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml

INFRA = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(INFRA), str(INFRA / "tests")]

from record import ORGANISATION, Job, Recorded, record  # noqa: E402
from right_stacks import Project  # noqa: E402
from settings.rules import PRIVATE_ZONES  # noqa: E402

STACKS = ("dev", "staging", "prod")
SHARED = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/shared/providers"
SUBNET = f"{SHARED}/Microsoft.Network/virtualNetworks/hub/subnets/endpoints"
LOGS = f"{SHARED}/Microsoft.OperationalInsights/workspaces/central"
LAKE = f"{SHARED}/Microsoft.Storage/storageAccounts/lake"
ZONES = {name: f"{SHARED}/Microsoft.Network/privateDnsZones/{name}" for name in PRIVATE_ZONES}
REGISTRY = f"{SHARED}/Microsoft.MachineLearningServices/registries/mlr-agency"
PRIVATE: Mapping[str, Any] = {
    "organisation": {**ORGANISATION, "registry": REGISTRY},
    "network": {"inbound": "private", "address_space": "10.20.0.0/24"},
    "images": {"sku": "Premium"},
}
LISTED = {**PRIVATE, "network": {"allowed_ips": ["20.1.2.3"]}}
UNSHARED = {**PRIVATE, "organisation": ORGANISATION}
OTHERS: Mapping[str, tuple[str, *tuple[Mapping[str, Any], ...]]] = {
    "in a network that exists": (
        "prod",
        {
            "network": {"address_space": None, "subnet": SUBNET, "dns_zones": ZONES, "fqdns": ["data.example.org"]},
            "logs": {"workspace": LOGS},
            "datastores": {
                "raw": {"account": LAKE, "container": "raw", "about": "Raw data."},
                "again": {"account": LAKE.replace("lake", "Lake"), "container": "raw", "about": "The same place."},
            },
        },
        {"cost_per_month": 1234, "batch": {"rows": 10, "deadline_minutes": 170}},
        {"hosts": ["data.example.org"]},
    ),
    "a dearer dev": ("dev", {"images": {"sku": "Premium"}}, {}, {}),
    "private dev": ("dev", PRIVATE, {}, {}),
    "private dev without a registry": ("dev", UNSHARED, {}, {}),
    "private dev whose models are made in prod": ("dev", PRIVATE, {}, {}, {"training": {"where": "prod"}}),
    "dev with a list of addresses": ("dev", LISTED, {}, {}),
    "an open prod": ("prod", {"network": {"inbound": "public"}, "images": {"sku": "Cheap"}}, {}, {}),
}
"""What a project may come to have: environment, and what its stack file, `service:`, its limits and other parts of
mlops.yaml say otherwise."""

EXPORT = """
from pulumi_azure_native import storage
found = storage.list_storage_account_keys(account_name="store", resource_group_name="group")
pulumi.export("address", pulumi.Output.format("AccountName=store;AccountKey={0}", found.keys[0].value))
pulumi.export("keys", [each.value for each in found.keys])
"""
SLIPS: Mapping[str, tuple[str, str]] = {
    "that exports a key": ("__main__.py", EXPORT),
    "with a name that nobody gave": ("components/vault.py", "\nSKU = STANDARD\n"),
    "that is not Python": ("components/vault.py", "\nclass:\n"),
}
"""Programs of dev with something at the end of a file that does not belong there."""


@pytest.fixture(scope="session")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A copy of the project's `infra` folder in which a stack, `service:` and the stack's limits say something else."""

    def copy(
        environment: str,
        topics: Mapping[str, Any],
        service: Mapping[str, Any],
        limits: Mapping[str, Any],
        more: Mapping[str, Any] = MappingProxyType({}),
    ) -> Path:
        folder = tmp_path_factory.mktemp("project") / "infra"
        shutil.copytree(INFRA, folder, ignore=shutil.ignore_patterns(".venv", "tests", "__pycache__"))
        edited(INFRA.parent / "mlops.yaml", folder.parent / "mlops.yaml", {"service": service, **more})
        file = Path("policy", "limits.yml")
        edited(INFRA / file, folder / file, {"environments": {environment: limits}})
        slug = yaml.safe_load((INFRA / "Pulumi.yaml").read_text("utf-8"))["name"]
        file = f"Pulumi.{environment}.yaml"
        edited(INFRA / file, folder / file, {"config": {f"{slug}:{topic}": each for topic, each in topics.items()}})
        return folder

    return copy


def edited(source: Path, target: Path, more: Mapping[str, Any]) -> None:
    target.write_text(yaml.safe_dump(merged(yaml.safe_load(source.read_text("utf-8")), more)), "utf-8")


def merged(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    both = {key: merged(old.get(key), new[key]) if key in new else old[key] for key in {**old, **new}}
    return {key: value for key, value in both.items() if value is not None}


@pytest.fixture(scope="session")
def recorded(changed: Callable[..., Path]) -> Mapping[str, Recorded]:
    """What each stack registers, by its name; `prod, before it is up` has what only `up` knows as unknown."""
    jobs = {name: Job(name) for name in STACKS} | {"prod, before it is up": Job("prod", preview=True)}
    jobs |= {name: Job(each[0], changed(*each)) for name, each in OTHERS.items()}
    jobs |= {name: Job("dev", changed("dev", {}, {}, {})) for name in SLIPS}
    for name, (file, text) in SLIPS.items():
        with (jobs[name].folder / file).open("a", encoding="utf-8") as program:
            program.write(text)
    return dict(zip(jobs, record(jobs.values()), strict=True))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)
