"""Models are shared from where they are made: closed storage lets in the registry that copies them, and nobody else."""

from collections.abc import Mapping

import pytest
from policy import judge
from record import Recorded
from right_stacks import Project
from seen import Seen, but, one

STORE, RULES = "storage:StorageAccount", "networkRuleSet.resourceAccessRules"
CLOSED = ("private dev", "dev with a list of addresses")


def let_in(resources: Seen) -> list[str]:
    """What the storage account lets in by name."""
    return [each["resourceId"].rpartition("/")[2] for each in one(resources, STORE).get(RULES)]


@pytest.mark.parametrize("name", CLOSED)
def test_closed_storage_of_dev_lets_the_registry_in(recorded: Mapping[str, Recorded], name: str) -> None:
    resources = recorded[name].resources
    store = one(resources, STORE)
    assert let_in(resources) == ["mlr-agency"]
    assert (store.get("publicNetworkAccess"), store.get("networkRuleSet.defaultAction")) == ("Enabled", "Deny")
    assert [str(each) for each in judge(resources, "dev")] == []


@pytest.mark.parametrize("name", ["dev", "staging", "prod", "private dev whose models are made in prod"])
def test_any_other_lets_nobody_in(recorded: Mapping[str, Recorded], name: str) -> None:
    assert let_in(recorded[name].resources) == []


def test_private_storage_that_is_open_to_more_than_the_registry_is_refused(recorded: Mapping[str, Recorded]) -> None:
    resources = recorded["private dev"].resources
    rules = one(resources, STORE).get(RULES)
    for path, value, says in (
        ("networkRuleSet.defaultAction", "Allow", "networkRuleSet.defaultAction is Allow; it must be Deny."),
        ("networkRuleSet.ipRules", [{"iPAddressOrRange": "20.1.2.3"}], "networkRuleSet.ipRules is"),
        (RULES, [], "publicNetworkAccess is Enabled; it must be Disabled."),
        (RULES, [*rules, {"resourceId": "/subscriptions/another"}], "it lets in /subscriptions/another."),
    ):
        found = [str(each) for each in judge(but(resources, STORE, path, value), "dev")]
        assert len(found) == 1 and says in found[0], found


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_no_registry_reads_where_nothing_is_shared(recorded: Mapping[str, Recorded], name: str) -> None:
    rules = one(recorded["private dev"].resources, STORE).get(RULES)
    found = [str(each) for each in judge(but(recorded[name].resources, STORE, RULES, rules), name)]
    assert any("the one service of others" in each and "it lets in /subscriptions" in each for each in found), found


def test_nothing_is_shared_from_where_data_may_not_leave_it(project: Project) -> None:
    assert [project.read(each).shares for each in ("dev", "staging", "prod")] == [True, False, False]
    project.change(project.settings, "training/where", "prod")
    assert not any(project.read(each).shares for each in ("dev", "staging", "prod"))


def test_without_a_registry_nobody_is_let_in(recorded: Mapping[str, Recorded]) -> None:
    assert let_in(recorded["private dev without a registry"].resources) == []
