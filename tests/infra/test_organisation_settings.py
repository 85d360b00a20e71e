"""What the organisation's program refuses in words, before it makes anything."""

import contextlib
import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from organisation import settings
from organisation.names import Names

from mlops.errors import Misuse
from tests.infra.projects import CONNECTION, DEVOPS, FILE, OURS, PROVIDERS, SHIPPED, SLUG, in_prod, second, write

ACCOUNT = f"{PROVIDERS.format('theirs')}Storage/storageAccounts/stx"
REFUSED = {
    "unknown key": (
        ("    cost_centre: ", "    cost_center: cc\n    cost_centre: "),
        ":33: `projects.income-support-triage.cost_center` is not a setting: did you mean `cost_centre`?",
    ),
    "region": (("westeurope", "west-europe"), ":12: `region`: 'west-europe' is no public region we know: write westeu"),
    "region of a government": (("westeurope", "usgovvirginia"), ":12: `region`: 'usgovvirginia' is no public region"),
    "no zones": (
        ("region: westeurope", "region: westus"),
        ":13: `redundancy`: westus has no availability zones: write `redundancy: LRS`, or take another region.",
    ),
    "no pair": (
        ("region: westeurope", "region: italynorth"),
        ":13: `redundancy`: italynorth has no paired region to copy to: write `redundancy: ZRS`, or",
    ),
    "redundancy": (("redundancy: GZRS", "redundancy: RAID"), ":13: `redundancy` must be 'LRS', 'ZRS' or 'GZRS', not"),
    "guid": (
        ("000000000121", "00000000012X"),
        ".groups.data_scientists` cannot be '00000000-0000-0000-0000-00000000012X'",
    ),
    "no budget": (("monthly_budget: 400", "monthly_budget: 0"), ":46: "),
    "negative budget": (("monthly_budget: 400", "monthly_budget: -.inf"), ".monthly_budget` must be"),
    "endless budget": (
        ("monthly_budget: 400", "monthly_budget: .inf"),
        ".prod.monthly_budget` must be a number, not inf",
    ),
    "budget of nothing": (
        ("monthly_budget: 400", "monthly_budget: .nan"),
        ".prod.monthly_budget` must be a number, not nan",
    ),
    "tag": (
        ("data-controller: example-agency", "data-controller: .inf"),
        ":24: `tags.data-controller` must be text; write it",
    ),
    "no e-mail": (("owner@example.org", "owner"), "`projects.income-support-triage.owner`: write an e-mail address"),
    "short name": (("short_name: incomesupp ", "short_name: incomesupport "), ".short_name` cannot be 'incomesupport'"),
    "slug": ((f"  {SLUG}:\n", "  Income Support:\n"), ":27: `projects.Income Support`: write its slug"),
    "empty environment": (
        ("      dev:\n        monthly_budget: 150\n", "      dev:\n"),
        f":41: `projects.{SLUG}.environments.dev` should hold settings: `monthly_budget`, `subjects`, ",
    ),
    "empty state": (
        ("locked: true", "state:\nlocked: true"),
        ":14: `state` should hold settings: `backend`, `secrets_pr",
    ),
    "other repository": (
        ("repo:example-agency@1000001/income", "repo:other/income"),
        ":31: `projects.income-support-tria",
    ),
    "no subject": (
        (f"    subject: {OURS}\n", ""),
        f":27: `projects.{SLUG}.subject` is missing: write what `gh api repos/example-agency/income-",
    ),
    "empty subject": (
        (OURS, ""),
        f":31: `projects.{SLUG}.subject` is missing: write what `gh api repos/example-agency/",
    ),
    "subject of DevOps": (
        ("ci: github-actions", "ci: azure-devops"),
        f":31: `projects.{SLUG}.subject` is GitHub's: take it out. Azure DevOps has one per service connection",
    ),
    "lock on a group": (
        in_prod("locked: [/subscriptions/a/resourceGroups/b]"),
        ":47: `projects.income-support-triage.environments.prod.locked.0`: give the Azure id of a storage account",
    ),
    "locked twice": (
        in_prod(f"locked:\n        - {ACCOUNT}\n        - {ACCOUNT.replace('stx', 'STX')}"),
        f":49: this id stands under {SLUG}, prod, `locked` already: keep one.",
    ),
    "locked in two environments": (
        ("        monthly_budget: 150\n", f"        monthly_budget: 150\n        locked: [{ACCOUNT}]\n"),
        f":46: this id stands under {SLUG}, dev, `locked` already: keep one.",
    ),
    "used twice": (
        in_prod(f"existing: {{source: [{ACCOUNT}, {ACCOUNT}]}}"),
        f":47: this id stands under {SLUG}, prod, `source` already: keep one.",
    ),
}


@pytest.mark.parametrize(("change", "said"), REFUSED.values(), ids=REFUSED)
def test_a_bad_entry_is_refused_in_one_line(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    with pytest.raises(Misuse) as refused:
        settings.load(write(tmp_path, change))
    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"{tmp_path}/projects.yaml:")
    assert said in line


def places(value: object) -> Iterator[tuple[Any, Any]]:
    """Each place in a document: what holds it, and its key there."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield value, key
        yield from places(inner)


@pytest.mark.parametrize("wrong", [None, 3, "x", True, [], ["x"], {}, {"x": "x"}], ids=str)
def test_whatever_stands_in_a_place_is_taken_or_refused_in_words(tmp_path: Path, wrong: object) -> None:
    whole = yaml.safe_load(write(tmp_path, in_prod(f"locked: [{ACCOUNT}]")).read_text())
    whole["projects"][SLUG]["environments"]["prod"]["existing"] = {"source": [ACCOUNT]}
    for number in range(sum(1 for _ in places(whole))):
        document = copy.deepcopy(whole)
        holder, key = list(places(document))[number]
        holder[key] = wrong
        (file := tmp_path / "projects.yaml").write_text(yaml.safe_dump(document))
        with contextlib.suppress(Misuse):
            settings.load(file)


@pytest.mark.parametrize(
    ("region", "redundancy"), [("westus", "LRS"), ("italynorth", "ZRS"), ("germanywestcentral", "GZRS")]
)
def test_what_is_advised_for_a_region_is_taken(tmp_path: Path, region: str, redundancy: str) -> None:
    settings.load(write(tmp_path, ("westeurope", region), ("redundancy: GZRS", f"redundancy: {redundancy}")))


def test_two_environments_may_use_the_same_thing(tmp_path: Path) -> None:
    used = f"        monthly_budget: 150\n        existing: {{source: [{ACCOUNT}]}}\n"
    settings.load(write(tmp_path, ("        monthly_budget: 150\n", used)))


def test_all_mistakes_are_said_at_once_at_their_lines(tmp_path: Path) -> None:
    file = write(tmp_path, ("westeurope", "nowhere"), ("monthly_budget: 400", "monthly_budget: -1"))
    file.write_text(file.read_text() + second().replace("short_name: second", "short_name: incomesupp"))
    with pytest.raises(Misuse) as refused:
        settings.load(file)
    assert "`region`" in str(refused.value)
    assert "monthly_budget` must be over 0" in str(refused.value)
    assert f"`projects.second.short_name` is that of {SLUG} too" in str(refused.value)


@pytest.mark.parametrize("key", ["short_name", "repository", "subject"])
def test_two_projects_share_nothing_that_names_them(tmp_path: Path, key: str) -> None:
    first = settings.load(write(tmp_path)).projects[SLUG]
    own = settings.load(write(tmp_path, (f"  {SLUG}:" + SHIPPED.partition(f"  {SLUG}:")[2], second()))).projects[
        "second"
    ]
    file = tmp_path / "projects.yaml"
    file.write_text(SHIPPED + second().replace(f"{key}: {getattr(own, key)}", f"{key}: {getattr(first, key)}"))
    with pytest.raises(Misuse, match=f"`projects.second.{key}` is that of {SLUG} too"):
        settings.load(file)


def test_a_subject_opens_one_identity_only(tmp_path: Path) -> None:
    twice = in_prod(f"subjects: {{deploy: {CONNECTION}, reader: {CONNECTION}}}")
    with pytest.raises(Misuse, match="this subject opens income-support-triage, prod, deploy already"):
        settings.load(write(tmp_path, twice, *DEVOPS))


@pytest.mark.parametrize(
    ("who", "subject"),
    [
        ("deploy", "repo:anybody/else:pull_request"),
        ("deploy", f"{OURS}:pull_request"),
        ("deploy", f"{OURS}:environment:dev"),
        ("reader", f"{OURS}:environment:prod"),
        ("operate", f"{OURS}-other:environment:prod-operate"),
    ],
)
def test_a_subject_of_github_is_of_the_projects_own_job(tmp_path: Path, who: str, subject: str) -> None:
    with pytest.raises(Misuse, match=f":47: this subject opens {SLUG}, prod, {who} to another job. Leave it out, or: "):
        settings.load(write(tmp_path, in_prod(f"subjects: {{{who}: '{subject}'}}")))


def test_a_subject_that_github_would_write_may_be_given(tmp_path: Path) -> None:
    given = f"subjects: {{deploy: '{OURS}:environment:prod', reader: '{OURS}:pull_request'}}"
    settings.load(write(tmp_path, in_prod(given)))


def test_a_subject_that_is_made_opens_no_second_identity(tmp_path: Path) -> None:
    file = write(tmp_path)
    subjects = f"monthly_budget: 400\n        subjects: {{reader: '{OURS}:environment:prod'}}"
    entry = second().replace("ci: github-actions", "ci: azure-devops").replace("monthly_budget: 400", subjects)
    entry = "".join(line for line in entry.splitlines(keepends=True) if not line.startswith("    subject: "))
    file.write_text(SHIPPED + entry)
    with pytest.raises(Misuse, match=f"this subject opens {SLUG}, prod, deploy already"):
        settings.load(file)


BAD_IDS = {
    "subnet": ("theirs", "Storage/storageAccounts/stx", "is not the id of Microsoft.Network/virtualNetworks/subnets"),
    "dns_zones": ("theirs", "Network/dnsZones/a.example.org", "is not the id of Microsoft.Network/privateDnsZones"),
    "log_workspace": ("theirs", "KeyVault/vaults/x", "is not the id of Microsoft.OperationalInsights/workspaces"),
    "source": (
        "theirs",
        "Storage/storageAccounts/stx/blobServices/default/containers/lake",
        "is not the id of Microsoft.Storage/storageAccounts",
    ),
    "source_data": ("theirs", "Storage/storageAccounts/stx", "storageAccounts/ACCOUNT/blobServices/default/containers"),
    "source ": ("RG-Example-mlops", "Storage/storageAccounts/stx", "this is the organisation's own"),
}


@pytest.mark.parametrize("kind", BAD_IDS)
def test_what_exists_is_of_its_kind_and_not_the_organisations_own(tmp_path: Path, kind: str) -> None:
    group, rest, said = BAD_IDS[kind]
    with pytest.raises(Misuse, match=f"projects.yaml:47: .*{said}"):
        settings.load(write(tmp_path, in_prod(f"existing: {{{kind.strip()}: [{PROVIDERS.format(group)}{rest}]}}")))


def test_the_examples_ids_are_named_before_anything_is_made() -> None:
    left = settings.unfilled(FILE)
    assert len(left) == 12
    assert all("is still the example's" in sentence for sentence in left)


def test_names_fit_azure_with_the_longest_name(tmp_path: Path) -> None:
    names = Names(settings.load(write(tmp_path, ("name: example ", "name: abcdefghij "))))
    assert len(names.storage) <= 24
    assert len(names.vault) <= 24
    assert len(names.registry) <= 33
