"""What limits.yml asks is said at the setting, once for each cause; who does what is said is done."""

import re
from collections.abc import Callable

import pytest
from right_stacks import STAGING, Project
from settings.regions import GEO_ZONES, KNOWN, ZONES

Change = Callable[[Project], object]
TOPIC = {
    **dict.fromkeys(("isolation", "inbound", "address_space"), "network"),
    **dict.fromkeys(("sku", "zone_redundant"), "images"),
    **dict.fromkeys(("redundancy", "versions", "keep_deleted_days"), "storage"),
    **dict.fromkeys(("scope", "keep_days"), "logs"),
    **dict.fromkeys(("size", "max_nodes", "idle_minutes", "priority"), "computes/cpu"),
}


def put(topic: str, value: object, environment: str = "prod") -> Change:
    """Write something else at a path of a stack."""
    return lambda project: project.change(project.stacks[environment], topic, value)


def classified(word: str) -> Change:
    return lambda project: project.change(project.settings, "data/rows/classification", word)


def region(name: str, *allowed: str) -> Change:
    def change(project: Project) -> None:
        project.settings["environments"]["prod"]["region"] = name
        project.limits["regions"] = list(allowed) or ["westeurope"]

    return change


def follow(project: Project, environment: str, sentence: str) -> None:
    """Do what a sentence says: each `name: value` in it."""
    for name, value in re.findall(r"`(\w+): ([^`]+)`", sentence):
        found = {"true": True, "false": False}.get(value, int(value) if value.isdecimal() else value)
        if name == "region":
            project.change(project.settings, f"environments/{environment}/region", found)
        else:
            project.change(project.stacks[environment], f"{TOPIC[name]}/{name}", found)


ANY = {"storage": {"redundancy": ["LRS", "ZRS", "GZRS"], "versions": True, "keep_deleted_days": 7}}
CASES: list[tuple[str, list[Change], list[str]]] = [
    ("prod", [put("network/isolation", "none")], ["`network.isolation` is none; prod needs approved: write"]),
    ("prod", [put("network/inbound", "public")], ["`network.inbound` is public; prod needs private: write"]),
    ("staging", [put("network", {"isolation": "internet", "inbound": "public"}, "staging")], ["needs known addresses"]),
    (
        "dev",
        [classified("confidential")],
        ["confidential data (mlops.yaml) needs known addresses: list in `allowed_ips`"],
    ),
    (
        "dev",
        [classified("sensitive")],
        [
            "`network.inbound` is public; sensitive data (mlops.yaml) needs private: write `inbound: private`,",
            "`logs.scope` is workspace; sensitive data (mlops.yaml) needs all: write `scope: all`.",
        ],
    ),
    ("dev", [put("network/address_space", "10.1.0.0/24", "dev")], ["`address_space` is for private endpoints: remove"]),
    ("prod", [put("storage/redundancy", "LRS")], ["prod needs GZRS: write `redundancy: GZRS`."]),
    (
        "prod",
        [put("storage/versions", False)],
        ["`storage.versions` is false; prod needs true: write `versions: true`."],
    ),
    ("prod", [put("logs/keep_days", 30)], ["`logs.keep_days` is 30; prod needs 90: write `keep_days: 90`."]),
    ("prod", [put("computes/cpu/max_nodes", 9)], ["`max_nodes` is 9; prod has 8 at most: write `max_nodes: 8`."]),
    ("prod", [put("computes/cpu/idle_minutes", 60)], ["prod has 30 at most: write `idle_minutes: 30`."]),
    ("prod", [put("computes/cpu/priority", "low")], ["prod needs dedicated: write `priority: dedicated`."]),
    (
        "prod",
        [region("northeurope")],
        ["northeurope is none of `regions` in infra/policy/limits.yml: write `region: west"],
    ),
    (
        "prod",
        [region("westus", "westus", "westeurope")],
        ["prod needs GZRS storage, and westus has no availability zones: write `region: westeurope`."],
    ),
    (
        "prod",
        [region("italynorth", "italynorth", "westeurope")],
        ["prod needs GZRS storage, and italynorth has no paired region to copy to: write `region: westeurope`."],
    ),
    (
        "prod",
        [region("italynorth", "italynorth"), lambda project: project.limits["environments"]["prod"].update(ANY)],
        ["italynorth has no paired region to copy to: write `redundancy: ZRS`."],
    ),
    (
        "prod",
        [region("westus", "westus"), lambda project: project.limits["environments"]["prod"].update(ANY)],
        [
            "westus has no availability zones: write `redundancy: LRS`.",
            "westus has no availability zones: write `zone_redundant: false`.",
        ],
    ),
    (
        "prod",
        [classified("confidential"), region("northeurope", "northeurope", "westeurope")],
        ["confidential data (`rows`) stays in westeurope: write `region: westeurope`."],
    ),
]


@pytest.mark.parametrize("environment, changes, says", CASES, ids=[each[2][0][:50] for each in CASES])
def test_a_refusal_says_each_cause_once_and_what_passes(
    project: Project, environment: str, changes: list[Change], says: list[str]
) -> None:
    for change in changes:
        change(project)
    said = project.refused(environment)
    assert len(said) == len(says), said
    assert all(part in sentence for part, sentence in zip(says, said, strict=True)), said
    for sentence in said:
        follow(project, environment, sentence)
    project.read(environment)


@pytest.mark.parametrize(
    "change, says",
    [
        (
            region("westus", "westus"),
            "have westus3 or westus2 or eastus added to `regions` in infra/pol",
        ),
        (
            put("network/fqdns", ["a.org"]),
            "prod has none for a.org: remove it, or have it added to `hosts` in infra/pol",
        ),
        (put("tags", {"cost_centre": "x"}), "limits.yml asks for the tags controller: add them under `more`."),
        (
            lambda project: project.change(project.settings, "service/cost_per_month", 2001),
            "prod may cost 2000: lower it",
        ),
    ],
)
def test_what_somebody_else_must_allow_is_said(project: Project, change: Change, says: str) -> None:
    if "controller" in says:
        project.limits["tags"].append("controller")
    change(project)
    assert [sentence for sentence in project.refused("prod") if says in sentence]


def test_data_of_two_regions_has_no_home(project: Project) -> None:
    rows = {**project.settings["data"]["rows"], "classification": "sensitive"}
    project.settings["data"] = {"here": rows, "there": {**rows, "region": "northeurope"}}
    (said,) = project.refused("prod")
    assert "sensitive data (`there`) stays in northeurope: no region has all of this: keep the data out of prod" in said


def test_other_data_may_be_kept_elsewhere(project: Project) -> None:
    project.settings["data"]["rows"]["region"] = "northeurope"
    project.read("prod")


def test_nodes_of_all_computes_are_counted(project: Project) -> None:
    cluster = project.stacks["prod"]["computes"]["cpu"]
    project.stacks["prod"]["computes"] = {name: {**cluster, "max_nodes": 8} for name in ("cpu", "big", "gpu")}
    (said,) = project.refused("prod")
    assert "the computes have 24 nodes together; prod has 16 at most: lower `max_nodes`." in said


def test_what_an_environment_needs_is_said_in_the_limits_only(project: Project) -> None:
    project.stacks["prod"]["network"] = {**STAGING["network"], "isolation": "approved"}
    assert "prod needs private" in "\n".join(project.refused("prod"))
    project.limits["environments"]["prod"]["inbound"] = "listed"
    assert not project.read("prod").private


def test_a_private_stack_needs_a_network_around_its_computes(project: Project) -> None:
    project.limits["environments"]["prod"]["isolation"] = "none"
    project.stacks["prod"]["network"]["isolation"] = "none"
    (said,) = project.refused("prod")
    assert "with `isolation: none` no compute reaches storage that is private" in said


def test_a_mistake_in_the_limits_is_said_with_the_others(project: Project) -> None:
    del project.limits["environments"]["prod"]["budget"]
    project.change(project.stacks["prod"], "logs/scope", "loud")
    first, second = project.refused("prod")
    assert "limits.yml" in first and "`environments.prod.budget` is missing; add it." in first
    assert "`logs.scope` must be" in second


def test_regions_are_counted_once() -> None:
    assert GEO_ZONES < ZONES < KNOWN
