"""What jobs run that sign in nowhere is run by tests, each command by one that stands here with the words it types."""

import ast
from collections.abc import Iterator, Mapping

import pytest

from tests.support.project import TEMPLATE, Project
from tests.workflows.jobs import commands, jobs

pytestmark = pytest.mark.xdist_group("workflows")

TYPED = "tests/project/test_project.py::test_what_a_person_types_works"
INFRA = "tests/project/test_project.py::test_a_platform_engineer_checks_the_infrastructure_without_a_login"
DAY = "tests/journeys/test_a_day.py::test_a_day_in_the_life"
WATCHED = "tests/project/test_watch.py"
KNOWN = f"{WATCHED}::test_a_known_vulnerability_in_any_lock_is_named_with_its_fix_unless_it_is_accepted"
ENDING = "tests/mlops/specs/lint/test_responsible.py::test_what_ends_soon_is_found_before_it_does"
CI = "tests/infra/test_ci.py"
ELSEWHERE: Mapping[str, tuple[str, str]] = {
    "make setup": (TYPED, 'make(new, "setup")'),
    "make lint": (TYPED, '(("lint", ""), ("test", '),
    "make test": (TYPED, '(("lint", ""), ("test", '),
    "make poison": (f"{CI}::test_a_change_is_poisoned_in_the_clone_that_a_job_has", '!= "make poison"'),
    "mlops run azureml/pipelines/train.yml": (DAY, "project.mlops(*TRAIN)"),
    "make infra-test": (INFRA, 'make(new, "infra-test")'),
    "make infra-check AGAINST=origin/main": (
        f"{CI}::test_a_change_is_checked_in_the_clone_that_a_job_has",
        "assert CHECKED in",
    ),
    "mlops ci comment": (f"{CI}::test_a_change_is_previewed_as_who_may_look", 'pull.run("comment").ok()'),
    "make audit": (KNOWN, 'make(project, "audit", '),
    "make sbom": (
        f"{WATCHED}::test_what_the_image_holds_is_listed_by_name_version_and_licence",
        'make(project, "sbom")',
    ),
    "make secrets": (f"{WATCHED}::test_a_key_in_a_file_that_git_knows_is_refused", 'make(project, "secrets")'),
    "mlops lint --expiring 30d": (ENDING, 'project.mlops("lint", "--expiring", "30d")'),
}
"""The test that runs a command, and what stands in it."""


def unshown(shown: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """Commands whose test is not there, or does not type them."""
    for command, (place, words) in shown.items():
        file, name = place.split("::")
        text = (TEMPLATE / file).read_text(encoding="utf-8")
        tests = [each for each in ast.parse(text).body if isinstance(each, ast.FunctionDef) and each.name == name]
        if not any(words in (ast.get_source_segment(text, each) or "") for each in tests):
            yield command


def test_each_command_of_a_job_without_a_login_is_run_by_a_test(reference: Project) -> None:
    said = {text for job in jobs(reference.path).values() if not job.logins for _, text in commands(job)}
    assert said == {*ELSEWHERE}
    assert [*unshown(ELSEWHERE)] == []


def test_a_test_that_types_another_command_shows_nothing() -> None:
    wrong = {"make audit": (KNOWN, ELSEWHERE["make sbom"][1]), "make sbom": (KNOWN + "_too", 'make(project, "audit", ')}
    assert [*unshown(wrong)] == ["make audit", "make sbom"]
