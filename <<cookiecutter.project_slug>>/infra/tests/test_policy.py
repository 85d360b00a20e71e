"""The stack in `policy-kept.yml` keeps every rule; each change for the worse in `policy-violated.yml` is refused."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from policy import RULES, UNKNOWN, Resource, judge
from policy.limits import load
from roles import BUILT_IN, rights

from mlops.errors import Misuse

HERE = Path(__file__).parent
KEPT = yaml.safe_load((HERE / "policy-kept.yml").read_text("utf-8"))
VIOLATED = yaml.safe_load((HERE / "policy-violated.yml").read_text("utf-8"))
RULE = {rule.id: rule for rule in RULES}
FILE = HERE / "policy-limits.yml"
LIMITS = load(FILE)
ABOUT_SENSITIVE_DATA = {"as-closed-as-its-data", "reads-are-logged"}
CHANGED_BY_TYPE = {"kinds-are-known"}
"""The rule that looks at no input."""


def resource(name: str, type: str, inputs: Any, **more: Any) -> Resource:
    return Resource(type, name, inputs, f"urn:pulumi:prod::triage::{type}::{name}", **more)


def put(values: Any, keys: Sequence[str], value: Any) -> Any:
    """The same values with another one at a path."""
    known = values if isinstance(values, dict) else {}
    return {**known, keys[0]: put(known.get(keys[0]), keys[1:], value)} if keys else value


def stack(of: str = "", input: str = "", value: Any = None) -> list[Resource]:
    """The stack that keeps every rule, with one input of a resource changed, or a resource missing."""
    found = {name: resource(name, **given) for name, given in KEPT.items()}
    if input == "protect":
        found[of] = replace(found[of], protect=value)
    elif input:
        found[of] = replace(found[of], inputs=put(found[of].inputs, input.split("."), value))
    elif of:
        del found[of]
    return list(found.values())


def with_data(word: str, resources: Sequence[Resource]) -> list[Resource]:
    return [replace(each, inputs=put(each.inputs, ["tags", "classification"], word)) for each in resources]


def said(rule: str, resources: Sequence[Resource]) -> list[str]:
    """What a rule says of prod, or, where it is about sensitive data, of such data in dev."""
    environment = "dev" if rule in ABOUT_SENSITIVE_DATA else "prod"
    given = with_data("sensitive", resources) if rule in ABOUT_SENSITIVE_DATA else resources
    return [str(violation) for violation in RULE[rule].check(given, LIMITS[environment])]


CASES = [(rule, case) for rule in VIOLATED for case in VIOLATED[rule]]
IDS = [f"{rule}: {case['says'][:60]}" for rule, case in CASES]


@pytest.mark.parametrize("rule", RULE)
def test_a_stack_that_keeps_a_rule_passes_it(rule: str):
    kinds = {each.kind for each in stack()}
    assert "*" in RULE[rule].kinds or kinds.issuperset(RULE[rule].kinds) or rule == "no-lock-in-the-way"
    assert said(rule, stack()) == []


@pytest.mark.parametrize(("rule", "case"), CASES, ids=IDS)
def test_a_stack_that_violates_a_rule_reads_why_and_where_to_change_it(rule: str, case: dict[str, Any]):
    (sentence,) = said(rule, stack(case["of"], case.get("input", ""), case.get("is")))
    assert sentence.startswith(RULE[rule].title)
    assert case["says"] in sentence
    assert sentence.endswith(RULE[rule].fix.format(stack="dev" if rule in ABOUT_SENSITIVE_DATA else "prod"))


def test_each_rule_is_violated_by_some_case():
    assert set(VIOLATED) | CHANGED_BY_TYPE == set(RULE)


@pytest.mark.parametrize(
    ("rule", "case"), [(rule, case) for rule, case in CASES if case.get("input") not in (None, "protect")]
)
def test_what_only_up_knows_is_neither_refused_nor_a_crash(rule: str, case: dict[str, Any]):
    keys = case["input"].split(".")
    for length in range(1, len(keys) + 1):
        assert said(rule, stack(case["of"], ".".join(keys[:length]), UNKNOWN)) == []


def test_the_roles_that_are_listed_are_those_that_stacks_assign():
    assigned = {right.role for environment in load() for right in rights(environment, "stack")}
    assert load()["prod"].all.roles == {role: BUILT_IN[role] for role in assigned}


@pytest.mark.parametrize(
    "type",
    [
        "azure-native:sql:Server",
        "azure-native:keyvault:AccessPolicy",
        "azure-native:resources:Deployment",
        "azure-native:storage:storageaccount",
        "azure-native_storage_v20240101:storage:StorageAccount",
        "azure:storage/account:Account",
        "command:local:Command",
        "pulumi-python:dynamic:Resource",
        "pulumi:providers:azure",
        "anything",
        "",
    ],
)
def test_a_kind_that_nobody_looked_at_is_refused_whoever_provides_it(type: str):
    (sentence,) = said("kinds-are-known", [resource("mine", type, {})])
    assert f"nobody has looked at {type} yet. Add it to `kinds` of infra/policy/limits.yml" in sentence


def test_many_small_computes_are_as_dear_as_a_large_one():
    desks = [replace(each, name=f"{number}") for each in stack() if each.name == "desk" for number in range(20)]
    (sentence,) = said("computes-together-are-capped", [*stack(), *desks])
    assert "its computes may have 25 nodes; they may have 16." in sentence


WRONG = (None, 500.0, True, "text", [], [None], ["text"], {"x": None})


def places(value: Any, *above: str) -> Iterator[tuple[str, ...]]:
    """The path of each input, and of what is inside it."""
    for key, inside in value.items() if isinstance(value, dict) else ():
        yield (*above, key)
        yield from places(inside, *above, key)


@pytest.mark.parametrize("name", KEPT)
def test_a_value_of_a_wrong_type_never_ends_in_a_traceback(name: str):
    others = [each for each in stack() if each.name != name]
    (given,) = (each for each in stack() if each.name == name)
    for path in places(given.inputs):
        for value in WRONG:
            changed = replace(given, inputs=put(given.inputs, path, value))
            for violation in chain.from_iterable(rule.check([*others, changed], LIMITS["prod"]) for rule in RULES):
                assert "\n" not in str(violation)


def test_what_no_rule_can_read_is_refused_with_rule_and_resource():
    (sentence,) = said("lifecycle-waits", stack("lifecycle", "policy.rules", [{"definition": {"actions": ["text"]}}]))
    assert sentence.startswith(RULE["lifecycle-waits"].title)
    assert "`lifecycle` (storage:ManagementPolicy): it cannot be judged: a value is of another type (Attrib" in sentence
    (sentence,) = said(
        "no-key-as-output",
        [resource("stack", "pulumi:pulumi:Stack", {}), resource("mine", "pulumi:pulumi:Stack", ["text"])],
    )
    assert "The stack: it cannot be judged" in sentence


@pytest.mark.parametrize("level", ["ResourceGroup", "Subscription"])
def test_a_lock_on_all_of_a_group_is_refused(level: str):
    lock = resource("mine", f"azure-native:authorization:ManagementLockAt{level}Level", {"level": "CanNotDelete"})
    (sentence,) = said("no-lock-in-the-way", [lock])
    assert "it locks all in its group or subscription; only storage, vaults and logs may be locked." in sentence


def test_a_list_of_addresses_is_enough_for_staging_and_for_confidential_data_in_dev():
    listed = stack("store", "publicNetworkAccess", "Enabled")
    unlisted = [
        replace(each, inputs=put(each.inputs, ["networkRuleSet", "defaultAction"], "Allow"))
        if each.name == "store"
        else each
        for each in listed
    ]
    says = "networkRuleSet.defaultAction is Allow; it must be Deny."
    for rule, given, environment in (
        ("no-public-access", "internal", "staging"),
        ("as-closed-as-its-data", "confidential", "dev"),
    ):
        assert not list(RULE[rule].check(with_data(given, listed), LIMITS[environment]))
        (violation,) = RULE[rule].check(with_data(given, unlisted), LIMITS[environment])
        assert says in violation.finding


def test_dev_is_free_where_prod_is_not():
    free = {"no-public-access", "storage-redundant", "no-borrowed-nodes", "workspace-protected", "logs-are-kept"}
    for rule in free:
        case = VIOLATED[rule][0]
        changed = stack(case["of"], case["input"], case["is"])
        assert not list(RULE[rule].check(changed, LIMITS["dev"])), rule


def test_a_setting_belongs_to_what_it_comes_from_where_ids_are_not_known_yet():
    vault = resource("vault", "azure-native:keyvault:Vault", {})
    logs = resource("logs", "azure-native:monitor:DiagnosticSetting", {"resourceUri": UNKNOWN, "workspaceId": UNKNOWN})
    for urn, findings in ((vault.urn, 0), ("another", 1)):
        given = [vault, replace(logs, sources={"resourceUri": frozenset({urn})})]
        assert len(said("logs-are-sent", given)) == findings


def test_all_that_is_wrong_with_a_stack_is_said_at_once():
    assert judge(stack(), "prod", FILE) == []
    wrong = judge(stack("store", "publicNetworkAccess", "Enabled"), "prod", FILE)
    assert [violation.rule.id for violation in wrong] == ["no-public-access", "as-private-as-the-workspace"]


def test_the_limits_of_the_project_name_each_environment():
    assert set(load()) == {"dev", "staging", "prod"}


def test_a_stack_without_limits_is_refused_with_those_there_are():
    with pytest.raises(Misuse, match=r"limits.yml:\d+: nothing is said of `prd`: did you mean `prod`\?"):
        judge(stack(), "prd", FILE)


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("inbound: listed\n", "inbound: closed\n", "inbound` must be 'public', 'listed' or 'private', not 'closed'"),
        ("    hosts: []", "    host: []", "`environments.dev.host` is not a setting: did you mean `hosts`?"),
        ("max_nodes: 8", "max_nodes: many", "must be a whole number, not 'many'"),
        ("keep_logs_days: 90", "keep_logs_days: -1", "must be at least 0, not -1"),
        ("    protect_workspace: true\n", "", "`environments.prod.protect_workspace` is missing; add it."),
    ],
)  # fmt: skip
def test_a_mistake_in_the_limits_is_a_sentence_at_its_line(tmp_path: Path, right: str, wrong: str, says: str):
    file = tmp_path / "limits.yml"
    text = FILE.read_text("utf-8")
    assert right in text
    file.write_text(text.replace(right, wrong, 1), "utf-8")
    with pytest.raises(Misuse) as refused:
        load(file)
    assert says in str(refused.value)
    assert str(refused.value).startswith(f"{file}:")
