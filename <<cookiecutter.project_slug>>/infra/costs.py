"""What a stack costs: a sum by the month of what runs always, and a price by the hour of what runs when it is used.

An estimate from `prices.yml`: a price that is not there is unknown, which is said and counted, never guessed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from policy import Resource
from pydantic import Field

from mlops.sections import Section, validated
from mlops.settings import Settings
from mlops.specs.load import read
from mlops.words import counted

FILE = Path(__file__).with_name("prices.yml")
MONTH = {"month": 1, "GB": 1, "day": 365 / 12, "hour": 730}
"""How many of a unit make a month; Azure bills 730 hours."""
BY_ITSELF = 5
"""Endpoints that a managed network makes where only approved ways are open, or the workspace is private: blob, file,
vault, registry, workspace.

Source: Workspace managed virtual network isolation, required rules and pricing (Microsoft, 2024-04-11).
"""
Amount = Annotated[float, Field(ge=0)]


class Price(Section):
    item: str
    unit: Literal["month", "GB", "day", "hour"]
    price: Amount
    region: str
    source: str
    date: date


class Exchange(Section):
    rate: Annotated[float, Field(gt=0)]
    source: str
    date: date


class Assumed(Section):
    logs_gb: Amount
    storage_gb: Amount
    vault_10k_operations: Amount
    instances: int


class Prices(Section):
    version: Literal[1] = Field(alias="schema")
    currency: str
    exchange: dict[str, Exchange]
    assumed: dict[str, Assumed]
    instance: str
    free: list[str]
    prices: list[Price]


@dataclass(frozen=True)
class Line:
    """An item of an estimate. `price` is None where it is unknown; `used` says that it is paid by the hour of use."""

    item: str
    count: float = 1
    note: str = ""
    price: float | None = None
    unit: str = ""
    used: bool = False

    @property
    def month(self) -> float | None:
        """By the month; None where it is unknown or depends on use."""
        return None if self.price is None or self.used else self.count * self.price * MONTH[self.unit]


@dataclass(frozen=True)
class Estimate:
    environment: str
    currency: str
    lines: Sequence[Line]

    @property
    def fixed(self) -> float:
        """The sum by the month of all that is known and does not depend on use: it costs at least that."""
        return sum(line.month or 0 for line in self.lines)

    @property
    def unknown(self) -> list[str]:
        return [line.item for line in self.lines if line.price is None]


def load(file: Path = FILE) -> Prices:
    """The table of prices. Raises Misuse with every mistake at its line."""
    document = read(file)
    return validated(Prices, document.plain(), document)


def estimate(environment: str, resources: Iterable[Resource], settings: Settings, prices: Prices) -> Estimate:
    """What the resources of a stack, and what the release adds to them, cost in the stack's region."""
    assumed = prices.assumed[environment]
    region = getattr(settings.environments, environment).region
    found = [line for resource in resources for line in items(resource, assumed, prices.free)]
    if settings.service.online:
        found.append(Line(prices.instance, assumed.instances, "online instances, made by the release"))
    known = {each.item.lower(): each for each in prices.prices if each.region in (region, "everywhere")}
    counts: dict[tuple[str, str, bool], float] = {}
    for line in found:
        key = (line.item, line.note, line.used)
        counts[key] = line.count if line.used else counts.get(key, 0) + line.count
    lines = []
    for (item, note, used), count in counts.items():
        price = known.get(item.lower())
        lines.append(Line(item, count, note, price.price if price else None, price.unit if price else "", used))
    return Estimate(environment, prices.currency, lines)


def items(resource: Resource, assumed: Assumed, free: Sequence[str]) -> Iterator[Line]:
    """What a resource is billed for."""
    match resource.kind:
        case "network:PrivateEndpoint":
            yield Line("private endpoint")
        case "privatedns:PrivateZone" | "network:PrivateZone":
            yield Line("private DNS zone")
        case "containerregistry:Registry":
            yield Line(f"registry {resource.get('sku.name')}")
        case "keyvault:Vault":
            yield Line("vault, 10,000 operations", assumed.vault_10k_operations, "assumed")
        case "storage:StorageAccount":
            yield Line(f"storage {resource.get('sku.name')}", assumed.storage_gb, "GB assumed")
        case "operationalinsights:Workspace":
            yield Line("logs taken in", assumed.logs_gb, "GB assumed")
            if (longer := (resource.get("retentionInDays") or 0) - 31) > 0:
                yield Line("logs kept longer than 31 days", assumed.logs_gb * longer / MONTH["day"], "GB assumed")
        case "monitor:ScheduledQueryRule":
            yield Line(f"log alert each {resource.get('evaluationFrequency')}")
        case "machinelearningservices:Workspace":
            if approved_only(resource) or resource.get("publicNetworkAccess") == "Disabled":
                yield Line("private endpoint", BY_ITSELF, "made by the managed network")
            yield from outbound((resource.get("managedNetwork.outboundRules") or {}).values())
        case "machinelearningservices:ManagedNetworkSettingsRule":
            yield from outbound([resource.get("properties")])
        case "machinelearningservices:Compute":
            machine = resource.get("properties.properties") or {}
            borrowed = ", low priority" if machine.get("vmPriority") == "LowPriority" else ""
            yield Line(f"{machine.get('vmSize')}{borrowed}", 1, "an hour of a node of a cluster", used=True)
        case kind if kind not in free and resource.type.startswith("azure-native:"):
            yield Line(kind)


def approved_only(workspace: Resource) -> bool:
    return workspace.get("managedNetwork.isolationMode") == "AllowOnlyApprovedOutbound"


def outbound(rules: Iterable[Any]) -> Iterator[Line]:
    """What rules of the managed network cost: an endpoint each, or one firewall for all host names."""
    kinds = [rule.get("type") for rule in rules if isinstance(rule, Mapping)]
    yield from [Line("private endpoint", 1, "a rule of the managed network")] * kinds.count("PrivateEndpoint")
    yield from [Line("firewall Standard", 1, "for host names")] * ("FQDN" in kinds)


def table(estimate: Estimate) -> list[tuple[str, str, str, str]]:
    """Rows of item, count, price by the unit, and amount by the month."""
    rows = []
    for line in estimate.lines:
        price = "unknown" if line.price is None else f"{line.price:g} a {line.unit}"
        month = "by use" if line.used else "unknown" if line.month is None else f"{line.month:.2f}"
        rows.append((f"{line.item} ({line.note})" if line.note else line.item, f"{line.count:g}", price, month))
    return [*rows, ("together, of what is known", "", "", f"{estimate.fixed:.2f} {estimate.currency}")]


def verdict(estimate: Estimate, settings: Settings, prices: Prices) -> str:
    """The sum against `service.cost_per_month`, in words."""
    allowed, currency, unknown = settings.service.cost_per_month, settings.service.currency, estimate.unknown
    least, most = ("at least ", "at most ") if unknown else ("", "")
    known = f"{estimate.environment}: {least}{estimate.fixed:.2f} {estimate.currency} a month before any job runs"
    known += f", {counted(len(unknown), 'price')} unknown ({'; '.join(unknown)})." if unknown else "."
    rate, at = 1.0, ""
    if currency != estimate.currency:
        if currency not in prices.exchange:
            return f"{known} Not compared with `service.cost_per_month`: add exchange.{currency} to infra/prices.yml."
        exchange = prices.exchange[currency]
        rate = exchange.rate
        at = f" At {rate:g} {estimate.currency} for 1 {currency} on {exchange.date} ({exchange.source})."
    rest = allowed - estimate.fixed / rate
    if rest < 0:
        said = f"That is {least}{-rest:.2f} {currency} more than `service.cost_per_month` allows ({allowed:g})."
    else:
        said = f"Of {allowed:g} {currency} in `service.cost_per_month`, {most}{rest:.2f} are left for jobs."
    return f"{known} {said}{at}"


def difference(before: Estimate, after: Estimate) -> list[tuple[str, str, str]]:
    """What changed: item, what it was and what it is, by the month."""

    def amounts(estimate: Estimate) -> dict[str, str]:
        rows = table(estimate)
        return {what: f"{month} ({count})" if count else month for what, count, _, month in rows}

    old, new = amounts(before), amounts(after)
    return [(each, old.get(each, "-"), new.get(each, "-")) for each in {**old, **new} if old.get(each) != new.get(each)]
