"""The locks agree with each other and with what is asked for."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.support.project import TEMPLATE

FOLDER = TEMPLATE / "<<cookiecutter.project_slug>>" / "requirements"
LOCKS = [*FOLDER.glob("*.txt"), TEMPLATE / "requirements" / "test.txt"]


def pins(lock: Path) -> dict[str, set[str]]:
    """Versions by name; a package has several where they depend on the version of Python."""
    versions: dict[str, set[str]] = defaultdict(set)
    for name, version in re.findall(r"^([\w.-]+)==([^ ]+)", lock.read_text(), re.MULTILINE):
        versions[name].add(version)
    return versions


def wanted(*parts: str) -> set[str]:
    lines = "".join((FOLDER / f"{part}.in").read_text() for part in parts)
    return {re.sub("[-_.]+", "-", name.lower()) for name in re.findall(r"^([\w-]+)", lines, re.MULTILINE)}


def test_a_package_has_the_same_version_in_every_lock_that_has_it():
    agreed: dict[str, set[str]] = {}
    for lock in LOCKS:
        for name, versions in pins(lock).items():
            assert agreed.setdefault(name, versions) == versions, f"{name} in {lock.name}"


@pytest.mark.parametrize(
    ("lock", "parts"),
    [
        ("base", ["mlops", "model", "predict"]),
        ("azure", ["mlops", "model", "predict", "azure"]),
        ("dev", ["mlops", "model", "predict", "dev"]),
        ("serving", ["serving", "predict"]),
        ("watch", ["watch"]),
    ],
)
def test_a_lock_holds_all_that_is_wanted_of_it(lock, parts):
    assert wanted(*parts) <= set(pins(FOLDER / f"{lock}.txt"))


def test_both_servers_predict_with_the_same_versions():
    ours, theirs = pins(FOLDER / "serving.txt"), pins(FOLDER / "inference-server" / "requirements.txt")
    assert ours.items() <= theirs.items() and "azureml-inference-server-http" in theirs


def test_the_laptop_has_no_azure_packages():
    assert not [name for lock in ("base", "dev") for name in pins(FOLDER / f"{lock}.txt") if name.startswith("azure")]


def test_the_serving_image_has_no_azure_package_and_nothing_of_training():
    heavy = ("azure", "lightgbm", "mlflow", "pandas", "polars", "pydantic", "scikit-learn")
    assert not [name for name in pins(FOLDER / "serving.txt") if name.startswith(heavy)]


def test_the_tests_run_with_all_that_a_project_is_developed_with():
    assert set(pins(FOLDER / "dev.txt")) <= set(pins(TEMPLATE / "requirements" / "test.txt"))
