"""The gate on the use of data: what is said of a source, and what it is used for, must agree."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlops import settings
from mlops.contract.types import Column, Contract
from mlops.gates.base import Context, Verdict
from mlops.gates.data_use import Limits, check, measure
from tests.support.project import Project

PLAIN = Contract(Column("age", "number"))
SENSITIVE = Contract(Column("sex", "flag", "context", sensitive=True))
PERSONAL = Contract(Column("phone", "text", "context", personal=True))


@pytest.fixture
def judged(reference: Project, tmp_path: Path):
    def judged(contract: Contract = PLAIN, environment: str = "local", prod: str = "", **said: Any) -> list[Verdict]:
        document = yaml.safe_load((reference.path / "mlops.yaml").read_text())
        document["data"]["applications"] |= said
        document["environments"]["prod"]["region"] = prod or document["environments"]["dev"]["region"]
        file = tmp_path / "mlops.yaml"
        file.write_text(yaml.safe_dump(document))
        known = settings.load(file)
        contracts = {"applications": contract}
        return list(
            check(measure(Context(known, contracts, environment=environment, today=date(2026, 5, 20))), Limits())
        )

    return judged


@pytest.mark.parametrize("contract", [PLAIN, SENSITIVE, PERSONAL])
def test_what_is_said_in_full_and_kept_to_passes(judged, contract: Contract):
    [verdict] = judged(contract, keep_until=date(2026, 5, 20))
    assert verdict.passed and "until 2026-05-20 and for westeurope" in verdict.why


@pytest.mark.parametrize(
    ("said", "contract", "sentence"),
    [
        (
            {"keep_until": date(2026, 5, 19)},
            PLAIN,
            "keep_until: the data had to go after 2026-05-19, and today is 2026-05-20.",
        ),
        ({"region": "northeurope"}, PLAIN, "region: the data belongs in northeurope, and dev is in westeurope."),
        (
            {"classification": "public"},
            SENSITIVE,
            "classification: public, but its contract has columns about people: sex.",
        ),
        (
            {"classification": "public"},
            PERSONAL,
            "classification: public, but its contract has columns about people: phone.",
        ),
        ({"licence": " TODO "}, PLAIN, "licence: ' TODO ' says nothing."),
        ({"purpose": "n/a"}, PLAIN, "purpose: 'n/a' says nothing."),
        ({"source": "  "}, PLAIN, "source: '  ' says nothing."),
    ],
)
def test_what_is_not_said_or_not_kept_to_is_refused(judged, said: dict, contract: Contract, sentence: str):
    [verdict] = judged(contract, **said)
    assert not verdict.passed and verdict.next_step
    assert verdict.why == f"data.applications.{sentence}"


def test_all_that_is_wrong_is_said_at_once(judged):
    verdicts = judged(licence="unknown", region="eastus")
    assert [verdict.subject for verdict in verdicts] == ["applications.licence", "applications.region"]


def test_a_region_is_one_however_it_is_written(judged):
    assert judged(region="West Europe")[0].passed


def test_the_region_is_that_of_the_environment_where_the_data_is_used(judged):
    assert judged(prod="eastus")[0].passed
    [verdict] = judged(prod="eastus", environment="prod")
    assert not verdict.passed and "prod is in eastus" in verdict.why


def test_public_data_about_nobody_passes(judged):
    assert judged(classification="public")[0].passed
