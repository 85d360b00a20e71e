"""What policy/limits.yml asks of an environment and its data, at the setting that must say it.

The policies refuse the same later, resource by resource. Here each cause is one mistake, with a fix that passes all.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from policy.data import STRICT
from policy.limits import Limits

from mlops.settings import Settings

from .types import Cluster, Logs, Network, Tags

Mistakes = Iterator[tuple[tuple[str, ...], str]]
OWN_TAGS = ("project", "environment", "owner", "cost-centre", "classification", "managed-by")
CLOSE = "`inbound: private`, `address_space: 10.20.0.0/24` and, under `images`, `sku: Premium`"


def strictest(limits: Limits, classification: str) -> tuple[str, str]:
    """How far away the stack may be reached from, and who asks for it: the environment, or its data."""
    data = limits.all.classifications.get(classification)
    asked = [(limits.here.inbound, limits.environment)]
    asked += [(data.inbound, f"{classification} data (mlops.yaml)")] if data else []
    return max(asked, key=lambda each: STRICT.index(each[0]))


def needs(topic: str, name: str, given: str, who: str, wanted: str) -> str:
    return f"`{topic}.{name}` is {given}; {who} needs {wanted}: write `{name}: {wanted}`"


def isolation(limits: Limits, network: Network) -> Mistakes:
    given, wanted = network.isolation, limits.here.isolation
    if given != wanted:
        yield ("network", "isolation"), needs("network", "isolation", given, limits.environment, wanted)


def reach(limits: Limits, classification: str, network: Network) -> Mistakes:
    wanted, who = strictest(limits, classification)
    if network.inbound == "private":
        return
    if wanted == "private":
        yield ("network", "inbound"), f"`network.inbound` is public; {who} needs private: write {CLOSE}"
    elif wanted == "listed" and not network.allowed_ips:
        yield (
            ("network", "allowed_ips"),
            f"{limits.environment} is open to everyone with an identity, and {who} needs known addresses: list in "
            f"`allowed_ips` from where people and CI come, or write {CLOSE}",
        )


def hosts(limits: Limits, network: Network) -> Mistakes:
    if network.isolation != "approved" or not network.fqdns:
        return
    if new := [host for host in network.fqdns if host not in limits.here.hosts]:
        yield (
            ("network", "fqdns"),
            f"a rule for a host starts a firewall that costs, and {limits.environment} has none for {', '.join(new)}: "
            "remove it, or have it added to `hosts` in infra/policy/limits.yml",
        )


def logged(limits: Limits, classification: str, logs: Logs) -> Mistakes:
    data, here = limits.all.classifications.get(classification), limits.here
    asked = [limits.environment] if {*here.diagnostics} - {"workspace"} else []
    asked += [f"{classification} data (mlops.yaml)"] if data and data.read_logs else []
    if asked and logs.scope == "workspace":
        yield ("logs", "scope"), needs("logs", "scope", "workspace", asked[0], "all")
    if logs.keep_days < here.keep_logs_days and not logs.workspace:
        wanted = f"{here.keep_logs_days}"
        yield ("logs", "keep_days"), needs("logs", "keep_days", f"{logs.keep_days}", limits.environment, wanted)


def clusters(limits: Limits, computes: dict[str, Cluster]) -> Mistakes:
    here, environment = limits.here.clusters, limits.environment
    for name, cluster in computes.items():
        if not any(fnmatchcase(cluster.size.lower(), size.lower()) for size in here.sizes):
            yield (
                ("computes", name, "size"),
                f"{environment} has no {cluster.size}: write one of {', '.join(here.sizes)} ([24] is 2 or 4), or have "
                "it added to `sizes` in infra/policy/limits.yml",
            )
        for key, given, most in (
            ("max_nodes", cluster.max_nodes, here.max_nodes),
            ("idle_minutes", cluster.idle_minutes, here.idle_minutes),
        ):
            if given > most:
                yield (
                    ("computes", name, key),
                    f"`{key}` is {given}; {environment} has {most} at most: write `{key}: {most}`",
                )
        if cluster.priority == "low" and not here.low_priority:
            yield ("computes", name, "priority"), needs(f"computes.{name}", "priority", "low", environment, "dedicated")
    together = sum(min(each.max_nodes, here.max_nodes) for each in computes.values())
    if together > here.all_nodes:
        yield (
            ("computes",),
            f"the computes have {together} nodes together; {environment} has {here.all_nodes} at most: lower "
            "`max_nodes`",
        )


def budget(limits: Limits, project: Settings) -> Mistakes:
    given, most = project.service.cost_per_month, limits.here.budget
    if given > most:
        yield (
            ("mlops.yaml", "service", "cost_per_month"),
            f"`service.cost_per_month` is {given:g}; {limits.environment} may cost {most:g}: lower it, or have "
            f"`budget` of {limits.environment} raised in infra/policy/limits.yml",
        )


def tagged(limits: Limits, tags: Tags) -> Mistakes:
    if missing := [name for name in limits.all.tags if name not in (*OWN_TAGS, *tags.more)]:
        yield ("tags",), f"infra/policy/limits.yml asks for the tags {', '.join(missing)}: add them under `more`"


RULES = (isolation, reach, hosts, logged, clusters, budget, tagged)
