"""What jobs run that sign in nowhere is run by tests, each command by one that stands here."""

import pytest

from tests.support.project import TEMPLATE, Project
from tests.workflows.promises import begun, commands, pipelines

pytestmark = pytest.mark.xdist_group("workflows")

TYPED = "tests/project/test_project.py::test_what_a_person_types_works"
INFRA = "tests/project/test_project.py::test_a_platform_engineer_checks_the_infrastructure_without_a_login"
WATCHED = "tests/project/test_watch.py"
ENDING = "tests/mlops/specs/lint/test_responsible.py::test_what_ends_soon_is_found_before_it_does"
PULL = "tests/infra/test_ci.py::test_a_change_is_checked_in_the_clone_that_a_job_has"
ELSEWHERE = {
    "make setup": TYPED,
    "make lint": TYPED,
    "make test": TYPED,
    "make poison": "tests/infra/test_ci.py::test_a_change_is_poisoned_in_the_clone_that_a_job_has",
    "mlops run azureml/pipelines/train.yml": "tests/journeys/test_a_day.py::test_a_day_in_the_life",
    "make infra-test": INFRA,
    "make infra-check AGAINST=origin/main": PULL,
    "mlops ci comment": "tests/infra/test_ci.py::test_a_change_is_previewed_as_who_may_look",
    "make audit": f"{WATCHED}::test_a_known_vulnerability_in_any_lock_is_named_with_its_fix_unless_it_is_accepted",
    "make sbom": f"{WATCHED}::test_what_the_image_holds_is_listed_by_name_version_and_licence",
    "make secrets": f"{WATCHED}::test_a_key_in_a_file_that_git_knows_is_refused",
    "mlops lint --expiring 30d": ENDING,
}


def test_each_command_of_a_job_without_a_login_is_run_by_a_test(reference: Project) -> None:
    jobs = (job for pipeline in pipelines(reference.path).values() for job in begun(pipeline).values())
    assert {text for job in jobs if not job.logins for _, text in commands(job)} == {*ELSEWHERE}
    for file, name in (each.split("::") for each in ELSEWHERE.values()):
        assert f"def {name}(" in (TEMPLATE / file).read_text(encoding="utf-8")
