"""An estimate counts what is billed, says what it does not know, and compares with what `service:` allows."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import costs
import pytest
from policy import Resource
from record import Recorded

from mlops import settings
from mlops.errors import Misuse
from mlops.words import counted

PROJECT = settings.load(Path(__file__).resolve().parents[2] / "mlops.yaml")
PRICES = costs.load()
REGION = PROJECT.environments.prod.region


def priced(**prices: float) -> costs.Prices:
    """A table that knows these items only, by the hour in the stack's region."""
    found = [
        costs.Price(
            item=item.replace("_", " "), unit="hour", price=price, region=REGION, source="", date=date(2026, 1, 1)
        )
        for item, price in prices.items()
    ]
    return PRICES.model_copy(update={"prices": found})


def seen(kind: str, **inputs: Any) -> Resource:
    return Resource(f"azure-native:{kind}", "it", inputs)


def items(resources: Sequence[Resource], prices: costs.Prices = PRICES) -> dict[tuple[str, str], costs.Line]:
    return {(line.item, line.note): line for line in costs.estimate("prod", resources, PROJECT, prices).lines}


def test_endpoints_are_counted_by_who_makes_them() -> None:
    rules = {"a": {"type": "PrivateEndpoint"}, "b": {"type": "FQDN"}, "c": {"type": "FQDN"}}
    network = {"isolationMode": "AllowOnlyApprovedOutbound", "outboundRules": rules}
    workspace = seen("machinelearningservices:Workspace", managedNetwork=network)
    found = items(
        [seen("network:PrivateEndpoint"), seen("network:PrivateEndpoint"), workspace], priced(private_endpoint=1)
    )
    assert found["private endpoint", ""].month == 2 * 730
    assert found["private endpoint", "made by the managed network"].count == costs.BY_ITSELF
    assert found["private endpoint", "a rule of the managed network"].count == 1
    assert found["firewall Standard", "for host names"].count == 1


def test_what_has_no_price_is_said_and_not_added() -> None:
    estimate = costs.estimate("prod", [seen("network:NatGateway")], PROJECT, priced())
    assert "network:NatGateway" in estimate.unknown
    assert estimate.fixed == 0
    said = costs.verdict(estimate, PROJECT, PRICES)
    assert "prod: at least 0.00 USD a month before any job runs, " in said
    assert f"{counted(len(estimate.unknown), 'price')} unknown (network:NatGateway" in said
    assert ", at most 600.00 are left for jobs." in said


def test_a_price_of_another_region_is_unknown() -> None:
    cheap = priced(private_endpoint=1)
    elsewhere = [price.model_copy(update={"region": "elsewhere"}) for price in cheap.prices]
    found = items([seen("network:PrivateEndpoint")], cheap.model_copy(update={"prices": elsewhere}))
    assert found["private endpoint", ""].price is None


def test_a_cluster_costs_by_the_hour_of_a_node() -> None:
    machine = {"properties": {"vmSize": "Small", "vmPriority": "Dedicated"}}
    prices = priced(Small=0.25)
    estimate = costs.estimate("prod", [seen("machinelearningservices:Compute", properties=machine)], PROJECT, prices)
    without = costs.estimate("prod", [], PROJECT, prices)
    assert estimate.fixed == without.fixed
    assert any("0.25 a hour" in row and "by use" in row for row in costs.table(estimate))


@pytest.mark.parametrize(("hour", "words"), [(0.0, "are left for jobs"), (100.0, "more than `service.cost_per_month`")])
def test_the_sum_is_compared_with_what_is_allowed(hour: float, words: str) -> None:
    estimate = costs.estimate("prod", [seen("network:PrivateEndpoint")], PROJECT, priced(private_endpoint=hour))
    assert words in costs.verdict(estimate, PROJECT, PRICES)


def test_a_rate_is_named_with_its_date_and_source() -> None:
    said = costs.verdict(costs.estimate("prod", [], PROJECT, PRICES), PROJECT, PRICES)
    euro = PRICES.exchange["EUR"]
    assert said.endswith(f" At {euro.rate:g} USD for 1 EUR on {euro.date} ({euro.source}).")
    same = PROJECT.model_copy(update={"service": PROJECT.service.model_copy(update={"currency": "USD"})})
    assert " At " not in costs.verdict(costs.estimate("prod", [], same, PRICES), same, PRICES)


def test_a_currency_without_a_rate_is_not_compared() -> None:
    estimate = costs.estimate("prod", [], PROJECT, PRICES)
    said = costs.verdict(estimate, PROJECT, PRICES.model_copy(update={"exchange": {}}))
    assert f"add exchange.{PROJECT.service.currency}" in said


def test_a_difference_names_what_changed_only() -> None:
    before = costs.estimate("prod", [seen("network:PrivateEndpoint")], PROJECT, PRICES)
    after = costs.estimate("prod", [seen("network:PrivateEndpoint")] * 2, PROJECT, PRICES)
    changed = costs.difference(before, after)
    assert [row[0] for row in changed] == ["private endpoint", "together, of what is known"]
    assert costs.difference(before, before) == []


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_every_kind_of_resource_is_priced_or_free(recorded: Mapping[str, Recorded], stack: str) -> None:
    estimate = costs.estimate(stack, recorded[stack].resources, PROJECT, PRICES)
    assert [line.item for line in estimate.lines if ":" in line.item] == []
    assert estimate.fixed > 0


def test_a_wrong_table_is_refused_at_its_line(tmp_path: Path) -> None:
    file = tmp_path / "prices.yml"
    file.write_text(costs.FILE.read_text("utf-8").replace("unit: month", "unit: year", 1), "utf-8")
    with pytest.raises(Misuse, match=r"prices\.yml:\d+: `prices\.1\.unit` must be"):
        costs.load(file)
