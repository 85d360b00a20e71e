"""Settings that do not fit are refused before anything is registered: all of them, at their lines, with the fix."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import settings
import yaml
from settings import HERE, Stack, rules
from settings.rules import GEO_ZONES, KNOWN, PRIVATE_ZONES, ZONES

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
    "computes": {"cpu": {"size": "Standard_DS3_v2", "priority": "low", "max_nodes": 4, "idle_minutes": 10}},
    "tags": {"cost_centre": "cc-1"},
}
PROD: Mapping[str, Any] = {
    **DEV,
    "network": {"isolation": "approved", "inbound": "private", "address_space": "10.20.0.0/24"},
    "storage": {"redundancy": "GZRS", "versions": True, "keep_deleted_days": 30},
    "images": {"sku": "Premium", "zone_redundant": True},
    "logs": {"keep_days": 90, "scope": "all"},
}
STAGING: Mapping[str, Any] = {
    **DEV,
    "network": {"isolation": "internet", "inbound": "public", "allowed_ips": ["20.1.2.3"]},
    "logs": {"keep_days": 30, "scope": "all"},
}
STACKS = {"dev": DEV, "staging": STAGING, "prod": PROD}
GONE = "(removed)"


class Project:
    """A project whose settings are right until they are changed."""

    def __init__(self, folder: Path) -> None:
        self.infra, self.file = folder / "infra", folder / "mlops.yaml"
        self.infra.mkdir()
        (self.infra / "Pulumi.yaml").write_text(f"name: {SLUG}\n", "utf-8")
        self.settings = yaml.safe_load((HERE.parent / "mlops.yaml").read_text("utf-8"))
        source = {**next(iter(self.settings["data"].values())), "classification": "internal", "region": "westeurope"}
        self.settings["data"] = {"rows": source}
        self.settings["environments"] = {each: {"region": "westeurope"} for each in STACKS}
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
        config = {f"{SLUG}:{topic}": value for topic, value in self.stacks[environment].items()}
        self.stack_file(environment).write_text(yaml.safe_dump({"config": config}, sort_keys=False), "utf-8")
        return settings.read(environment, self.infra)

    def refused(self, environment: str) -> list[str]:
        with pytest.raises(Misuse) as caught:
            self.read(environment)
        return str(caught.value).splitlines()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.mark.parametrize("environment", STACKS)
def test_this_projects_stacks_are_accepted(environment: str) -> None:
    settings.read(environment)


@pytest.mark.parametrize("environment", STACKS)
def test_what_a_stack_knows(project: Project, environment: str) -> None:
    stack = project.read(environment)
    assert stack.region == "westeurope"
    assert stack.private is (environment == "prod")
    assert stack.organisation.resource_group == "rg-triage-dev"
    assert stack.tags == {
        "project": SLUG,
        "environment": environment,
        "owner": project.settings["people"]["owner"],
        "cost-centre": "cc-1",
        "classification": "internal",
        "managed-by": "pulumi",
    }


def test_tags_that_the_organisation_asks_for_are_added(project: Project) -> None:
    project.stacks["dev"]["tags"]["more"] = {"data-controller": "agency"}
    assert project.read("dev").tags["data-controller"] == "agency"


def test_the_strictest_data_classifies_the_stack(project: Project) -> None:
    rows = project.settings["data"]["rows"]
    project.settings["data"] |= {"open": {**rows, "classification": "public"}}
    project.settings["data"] |= {"closed": {**rows, "classification": "confidential"}}
    project.stacks["dev"]["network"]["allowed_ips"] = ["20.1.2.3"]
    assert project.read("dev").classification == "confidential"


def test_an_existing_network_is_accepted_with_all_its_zones(project: Project) -> None:
    project.stacks["prod"]["network"] = {
        "isolation": "approved",
        "inbound": "private",
        "subnet": SUBNET,
        "dns_zones": DNS_ZONES,
    }
    assert project.read("prod").network.subnet == SUBNET


def test_sensitive_data_is_accepted_in_dev_when_dev_is_closed(project: Project) -> None:
    project.settings["data"]["rows"]["classification"] = "sensitive"
    project.stacks["dev"]["network"] |= {"inbound": "private", "address_space": "10.20.0.0/27"}
    project.stacks["dev"]["images"]["sku"] = "Premium"
    project.stacks["dev"]["logs"]["scope"] = "all"
    assert project.read("dev").private


STACK_MISTAKES = [
    ("dev", "networks", {}, "networks", "`networks` is not a setting: did you mean `network`?"),
    ("dev", "network/isolaton", "none", "isolaton", "`network.isolaton` is not a setting: did you mean `isolation`?"),
    ("dev", "network", GONE, "config", "`network` is missing; add it."),
    ("dev", "network", "public", "network", "`network` should hold settings: `isolation`, `inbound`"),
    ("dev", "network/inbound", "open", "inbound", "`network.inbound` must be 'public' or 'private', not 'open'."),
    ("dev", "storage/versions", "yes", "versions", "`storage.versions` must be true or false, not 'yes'."),
    ("dev", "storage/keep_deleted_days", 6, "keep_deleted_days", "must be at least 7, not 6."),
    ("dev", "storage/keep_deleted_days", 366, "keep_deleted_days", "must be at most 365, not 366."),
    ("dev", "logs/keep_days", 29, "keep_days", "`logs.keep_days` must be at least 30, not 29."),
    ("dev", "logs/keep_days", 731, "keep_days", "`logs.keep_days` must be at most 730, not 731."),
    ("dev", "logs/workspace", SUBNET, "workspace", "is not the id of Microsoft.OperationalInsights/workspaces"),
    ("dev", "computes", {}, "computes", "without a compute no job runs: add one"),
    ("dev", "computes/Big One", DEV["computes"]["cpu"], "Big One", "'Big One' cannot name a compute: take 3 to 24"),
    ("dev", "computes/cpu-1", DEV["computes"]["cpu"], "cpu-1", "'cpu-1' cannot name a compute: take 3 to 24"),
    ("dev", "computes/cpu/size", "large", "size", "cannot be 'large'. A size of virtual machine, such as Standard_DS3"),
    ("dev", "computes/cpu/max_nodes", 0, "max_nodes", "`computes.cpu.max_nodes` must be at least 1, not 0."),
    ("dev", "computes/cpu/max_nodes", 1.5, "max_nodes", "must be a whole number, not 1.5."),
    ("dev", "computes/cpu/priority", "spot", "priority", "must be 'low' or 'dedicated', not 'spot'."),
    ("dev", "tags/cost_centre", "", "cost_centre", "must be a text that says something"),
    ("dev", "tags/cost_centre", "x" * 257, "cost_centre", "has 257 characters: shorten it to 256"),
    ("dev", "tags/more", {"Owner": "me"}, "Owner", "the tag `Owner` comes from mlops.yaml and this file: remove it"),
    ("dev", "tags/more", {"a/b": "me"}, "a/b", "`a/b` cannot name a tag"),
    ("dev", "tags/more", {"long": "x" * 257}, "long", "the tag `long` has 257 characters: shorten it to 256"),
    ("dev", "organisation/subscription", "mine", "subscription", "`organisation.subscription` cannot be 'mine'. An id"),
    ("dev", "organisation/resource_group", "rg.", "resource_group", "no dot at the end"),
    ("dev", "organisation/ledger", "triage", "ledger", "cannot be 'triage'. The address of a"),
    ("dev", "organisation/sign_key", "https://a.b/c", "sign_key", "cannot be 'https://a.b/c'. The address of a key"),
    ("dev", "organisation/registry", SUBNET, "registry", "not the id of Microsoft.MachineLearningServices/registries"),
    ("dev", "network/allowed_ips", ["10.0.0.1"], "allowed_ips", "'10.0.0.1' is no public address; write those from"),
    ("dev", "network/allowed_ips", ["20.1.2.4/31"], "allowed_ips", "is too small a range; write each"),
    ("dev", "network/allowed_ips", ["home"], "allowed_ips", "'home' is no range of IPv4"),
    ("dev", "network/address_space", "10.0.0.0/24", "address_space", "is for private endpoints: write"),
    ("dev", "network/fqdns", ["data.example.org"], "fqdns", "under `isolation: approved` only, and this is internet"),
    ("staging", "network/isolation", "none", "isolation", "staging needs internet: write `isolation: internet`"),
    ("staging", "network/allowed_ips", GONE, "network", "staging needs known addresses: list in `allowed_ips`"),
    ("staging", "logs/scope", "workspace", "scope", "`logs.scope` is workspace; staging needs all: write `scope: all`"),
    ("prod", "network/isolation", "internet", "isolation", "prod needs approved: write `isolation: approved`"),
    ("prod", "network/inbound", "public", "inbound", "is public; prod needs private: write `inbound: private`"),
    ("prod", "network/isolation", "none", "isolation", "no compute reaches storage that is private"),
    ("prod", "network/allowed_ips", ["20.1.2.3"], "allowed_ips", "nothing comes in past `inbound: private`: remove"),
    ("prod", "network/address_space", GONE, "inbound", "private endpoints need a network: give `address_space"),
    ("prod", "network/address_space", "10.20.0.0/33", "address_space", "'10.20.0.0/33' is no range of IPv4"),
    ("prod", "network/address_space", "10.20.0.5/24", "address_space", "has host bits set"),
    ("prod", "network/address_space", "20.0.0.0/24", "address_space", "20.0.0.0/24 is not private: take a free part"),
    ("prod", "network/address_space", "10.20.0.0/28", "address_space", "has 16 addresses, too few for the private"),
    ("prod", "network/subnet", SUBNET, "subnet", "there is an `address_space` and a `subnet`: keep one"),
    ("prod", "network/subnet", "endpoints", "subnet", "is not the id of Microsoft.Network/virtualNetworks/subnets"),
    ("prod", "network/dns_zones", DNS_ZONES, "dns_zones", "zones that exist go with a `subnet` that exists"),
    ("prod", "network/fqdns", ["https://a.org"], "fqdns", "'https://a.org' is no host name; write one such as"),
    ("prod", "images/sku", "Standard", "sku", "only Premium can have zone_redundant and private endpoints: write `sku"),
    ("prod", "datastores", {"Lake": {"account": ACCOUNT, "container": "raw", "about": "x"}}, "Lake", "'Lake' cannot"),
    (
        "prod",
        "datastores",
        {"workspaceblobstore": {"account": ACCOUNT, "container": "raw", "about": "x"}},
        "workspaceblobstore",
        "is the workspace's own datastore: choose another name",
    ),
    ("prod", "datastores", {"lake": {"account": "x", "container": "raw", "about": "x"}}, "account", "'x' is not the"),
    ("prod", "datastores", {"lake": {"account": ACCOUNT, "container": "A", "about": "x"}}, "container", "'A'. 3 to 63"),
]  # fmt: skip


@pytest.mark.parametrize("environment, path, value, at, says", STACK_MISTAKES, ids=lambda each: str(each)[:40])
def test_a_mistake_in_a_stack_is_named_at_its_line(
    project: Project, environment: str, path: str, value: Any, at: str, says: str
) -> None:
    project.change(project.stacks[environment], path, value)
    said = [sentence for sentence in project.refused(environment) if says in sentence]
    assert len(said) == 1, project.refused(environment)
    file, line, _ = said[0].split(":", 2)
    assert Path(file) == project.stack_file(environment)
    assert at in Path(file).read_text("utf-8").splitlines()[int(line) - 1]
    assert said[0].endswith((".", "?"))


PROJECT_MISTAKES = [
    ("environments/prod/region", "westeuropa", "region: westeuropa", "write westeurope, if that is meant."),
    ("environments/prod/region", "moon", "region: moon", "add it to infra/settings/regions.yml"),
    ("service/cost_per_month", 0, "cost_per_month", "`service.cost_per_month` must be over 0, not 0."),
    ("people/owner", "nobody", "owner: nobody", "`people.owner`: write an e-mail address, such as owner@example.org."),
    ("people/watches", ["a@b"], "watches", "write an e-mail address, such as owner@example.org."),
    ("project/short_name", "incomesupport", "short_name", "cannot be 'incomesupport'. Goes into the names of Azure"),
    ("data/rows/classification", "secret", "classification", "must be 'public', 'internal', 'confidential' or"),
]  # fmt: skip


@pytest.mark.parametrize("path, value, at, says", PROJECT_MISTAKES, ids=lambda each: str(each)[:40])
def test_a_mistake_in_mlops_yaml_is_named_at_its_own_line(
    project: Project, path: str, value: Any, at: str, says: str
) -> None:
    project.change(project.settings, path, value)
    said = [sentence for sentence in project.refused("prod") if says in sentence]
    assert len(said) == 1, project.refused("prod")
    file, line, _ = said[0].split(":", 2)
    assert Path(file) == project.file
    assert at in project.file.read_text("utf-8").splitlines()[int(line) - 1]


@pytest.mark.parametrize("classification", ["confidential", "sensitive"])
def test_data_may_not_leave_its_region(project: Project, classification: str) -> None:
    project.settings["data"]["rows"] |= {"classification": classification, "region": "northeurope"}
    (said,) = project.refused("prod")
    assert (
        f"{classification} data stays in northeurope, and prod is in westeurope: set `environments.prod.region`" in said
    )


def test_other_data_may_be_kept_elsewhere(project: Project) -> None:
    project.settings["data"]["rows"]["region"] = "northeurope"
    project.read("prod")


def test_what_an_environment_needs_is_said_in_the_limits_only(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "limits.yml"
    file.write_text(rules.LIMITS.read_text("utf-8").replace("inbound: private\n", "inbound: listed\n"), "utf-8")
    project.stacks["prod"]["network"] = {**STAGING["network"], "isolation": "approved"}
    assert "prod needs private" in "\n".join(project.refused("prod"))
    monkeypatch.setattr(rules, "LIMITS", file)
    assert not project.read("prod").private


def test_confidential_data_asks_for_known_addresses_in_dev_too(project: Project) -> None:
    project.settings["data"]["rows"]["classification"] = "confidential"
    (said,) = project.refused("dev")
    assert "confidential data (mlops.yaml) needs known addresses: list in `allowed_ips`" in said


def test_sensitive_data_in_an_open_dev_is_refused(project: Project) -> None:
    project.settings["data"]["rows"]["classification"] = "sensitive"
    said = "\n".join(project.refused("dev"))
    assert "`network.inbound` is public; sensitive data (mlops.yaml) needs private: write `inbound: private`." in said
    assert "`logs.scope` is workspace; sensitive data (mlops.yaml) needs all: write `scope: all`." in said


@pytest.mark.parametrize(
    "region, says",
    [
        (
            "westus",
            ["westus has no availability zones: write `redundancy: LRS`", "zones: write `zone_redundant: false`"],
        ),
        ("italynorth", ["italynorth has no paired region to copy to: write `redundancy: ZRS`"]),
    ],
)
def test_a_region_must_have_what_the_stack_asks_for(project: Project, region: str, says: list[str]) -> None:
    project.settings["environments"]["prod"]["region"] = region
    said = project.refused("prod")
    assert len(said) == len(says)
    assert all(part in sentence for part, sentence in zip(says, said, strict=True))


def test_a_subnet_without_its_zones_is_refused_by_the_names_that_miss(project: Project) -> None:
    first, second, *rest = DNS_ZONES
    zones = {first: DNS_ZONES[second], "example.org": DNS_ZONES[first]}
    project.stacks["prod"]["network"] |= {"subnet": SUBNET, "dns_zones": zones}
    project.change(project.stacks["prod"], "network/address_space", GONE)
    said = "\n".join(project.refused("prod"))
    assert f"add the ids of {second}, {', '.join(rest)}." in said
    assert f"this is the id of another zone than {first}: correct it." in said
    assert "example.org is none of the zones that are used: remove it." in said


def test_all_mistakes_are_said_at_once_in_both_files(project: Project) -> None:
    project.change(project.settings, "environments/dev/region", "moon")
    project.change(project.stacks["dev"], "logs/keep_days", 1)
    project.change(project.stacks["dev"], "netwrk", {})
    project.change(project.stacks["dev"], "network/fqdns", ["a.org"])
    project.change(project.stacks["dev"], "images/zone_redundant", True)
    said = "\n".join(project.refused("dev"))
    for part in ("moon", "keep_days", "netwrk", "isolation: approved", "sku: Premium"):
        assert part in said
    assert said.count("\n") == 4


def test_mistakes_in_a_stack_are_said_even_where_mlops_yaml_cannot_be_read(project: Project) -> None:
    project.change(project.settings, "service", GONE)
    project.change(project.stacks["dev"], "network/fqdns", ["a.org"])
    first, second = project.refused("dev")
    assert "`service` is missing" in first
    assert "isolation: approved" in second


def test_another_stack_is_refused_with_the_names_there_are(project: Project) -> None:
    with pytest.raises(Misuse, match="'test' is no environment: there is `dev`, `prod`, `staging`"):
        settings.read("test", project.infra)


def test_a_stack_file_that_is_missing_is_named(project: Project) -> None:
    project.read("dev")
    with pytest.raises(Misuse, match=r"Pulumi\.prod\.yaml: cannot be read"):
        settings.read("prod", project.infra)


def test_regions_are_counted_once() -> None:
    assert GEO_ZONES < ZONES < KNOWN


PROGRAM = """
import json, sys
import pulumi, settings
from pathlib import Path
from pulumi.runtime import set_all_config, set_mocks

class Mocks(pulumi.runtime.Mocks):
    call = new_resource = None

settings.HERE = Path(sys.argv[1])
set_mocks(Mocks(), "triage", "dev", True)
set_all_config({f"triage:{key}": json.dumps(value) for key, value in json.loads(sys.argv[2]).items()})
try:
    print(settings.load().tags["project"])
except pulumi.RunError as error:
    print(error)
"""


@pytest.fixture
def load(project: Project) -> Callable[[Mapping[str, Any]], str]:
    """What a program says when the engine gives it this configuration."""
    project.read("dev")

    def run(config: Mapping[str, Any]) -> str:
        arguments = [sys.executable, "-c", PROGRAM, str(project.infra), json.dumps(config)]
        done = subprocess.run(arguments, cwd=HERE, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    return run


def test_a_program_takes_its_settings_from_the_engine(load: Callable[[Mapping[str, Any]], str]) -> None:
    assert load(DEV) == SLUG


def test_a_program_is_refused_in_sentences(load: Callable[[Mapping[str, Any]], str]) -> None:
    said = load({**DEV, "storage": {"redundancy": "RAID", "versions": True, "keep_deleted_days": 1}})
    assert said.startswith("nothing was changed, since the settings of dev are refused:\n")
    assert "`storage.redundancy` must be 'LRS', 'ZRS' or 'GZRS', not 'RAID'." in said
    assert "`storage.keep_deleted_days` must be at least 7, not 1." in said


def test_a_project_that_was_not_onboarded_is_told_how(load: Callable[[Mapping[str, Any]], str]) -> None:
    said = load(
        {**{topic: value for topic, value in DEV.items() if topic != "organisation"}, "logs": {"keep_days": 30}}
    )
    assert "Pulumi.dev.yaml:1: the project is not onboarded: add it to `projects.yaml`" in said
    assert "as `triage:organisation`." in said
    assert "`logs.scope` is missing; add it." in said, "what else is wrong is said too"


def test_a_project_that_was_not_onboarded_can_be_read_but_has_no_organisation(project: Project) -> None:
    project.change(project.stacks["dev"], "organisation", GONE)
    stack = project.read("dev")
    with pytest.raises(Misuse, match=r"^Pulumi\.dev\.yaml: the project is not onboarded: add it"):
        _ = stack.organisation
