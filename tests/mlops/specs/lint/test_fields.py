"""The table of fields says what the schema classes of the locked official client say."""

import json
import subprocess
from pathlib import Path

import pytest

from mlops.specs.fields import FIELDS
from tests.support import official_fields


@pytest.fixture(scope="module")
def official(azure_python: Path) -> dict[str, set[str]]:
    command = [azure_python, "-B", "-W", "ignore", official_fields.__file__]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0, done.stderr
    return {kind: set(names) for kind, names in json.loads(done.stdout).items()}


def test_every_kind_of_the_table_is_compared(official: dict[str, set[str]]) -> None:
    assert official.keys() == FIELDS.keys()


@pytest.mark.parametrize("kind", FIELDS)
def test_a_kind_has_the_fields_of_its_schema_classes(official: dict[str, set[str]], kind: str) -> None:
    assert FIELDS[kind] - {"$schema"} == official[kind] - {"$schema"}
