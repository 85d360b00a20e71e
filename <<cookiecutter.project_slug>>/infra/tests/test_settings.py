"""Settings that do not fit are refused before anything is registered: all of them, at their lines, with the fix."""

import re
from pathlib import Path
from typing import Any

import pytest
import settings
import yaml
from right_stacks import ACCOUNT, DEV, DNS_ZONES, GONE, SLUG, STACKS, SUBNET, Project

from mlops.errors import Misuse


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
    ("dev", "computes/cpu/size", "large", "size", "dev has no large: write one of Standard_D[248]s_v[345]"),
    ("dev", "computes/cpu/size", "Standard_D4_v99", "size", "dev has no Standard_D4_v99: write one of Standard_D"),
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
    ("dev", "network/address_space", "10.0.0.0/24", "address_space", "is for private endpoints: remove it, or write"),
    ("dev", "network/fqdns", ["data.example.org"], "fqdns", "under `isolation: approved` only, and this is internet"),
    ("staging", "network/isolation", "none", "isolation", "staging needs internet: write `isolation: internet`"),
    ("staging", "network/allowed_ips", GONE, "network", "staging needs known addresses: list in `allowed_ips`"),
    ("staging", "logs/scope", "workspace", "scope", "`logs.scope` is workspace; staging needs all: write `scope: all`"),
    ("prod", "network/isolation", "internet", "isolation", "prod needs approved: write `isolation: approved`"),
    ("prod", "network/inbound", "public", "inbound", "is public; prod needs private: write `inbound: private`,"),
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
    ("environments/prod/region", "moon", "region: moon", "'moon' is no public region we know: write `region: westeu"),
    ("service/batch/deadline_minutes", 2821, "deadline_minutes", "alerts look back two days: write at most 2820."),
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


def test_the_network_of_the_documents_is_accepted(project: Project) -> None:
    page = (settings.HERE.parent / "docs" / "infrastructure.md").read_text("utf-8")
    (example,) = re.findall(r"```yaml\n(config:.+?)```", page, re.DOTALL)
    ((key, network),) = yaml.safe_load(example)["config"].items()
    assert key.endswith(":network")
    project.stacks["prod"]["network"] = network
    assert set(project.read("prod").network.dns_zones) == set(DNS_ZONES)


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


def test_keys_of_another_project_are_said_once_with_both_prefixes(project: Project) -> None:
    project.read("dev")
    file = project.stack_file("dev")
    file.write_text(file.read_text("utf-8").replace(f"{SLUG}:", "other:"), "utf-8")
    with pytest.raises(Misuse) as caught:
        settings.read("dev", project.infra)
    assert str(caught.value) == (
        f"{file}:2: keys here begin with `other:`, and Pulumi.yaml names the project triage: write `triage:`."
    )


def test_another_stack_is_refused_with_the_names_there_are(project: Project) -> None:
    with pytest.raises(Misuse, match="'test' is no environment: there is `dev`, `prod`, `staging`"):
        settings.read("test", project.infra)


def test_a_stack_file_that_is_missing_is_named(project: Project) -> None:
    project.read("dev")
    with pytest.raises(Misuse, match=r"Pulumi\.prod\.yaml: cannot be read"):
        settings.read("prod", project.infra)
