"""Every command that the pages of a project tell a person to type is run by a test: here, or where ELSEWHERE says."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.support.project import TEMPLATE, Project

pytestmark = pytest.mark.xdist_group("documented")

TRAIN = "mlops run azureml/pipelines/train.yml"
TYPED = "tests/project/test_project.py::test_what_a_person_types_works"
DAY = "tests/journeys/test_a_day.py::test_a_day_in_the_life"
FRESH = "tests/mlops/test_cli.py::test_a_repeat_reuses_what_was_made_unless_it_is_to_be_fresh"
COMPARED = "tests/journeys/test_compare_runs.py::test_other_data_is_said_although_it_lies_beside_the_code"
LISTED = "tests/journeys/test_compare_runs.py::test_runs_are_listed_and_lead_to_what_they_read"
RESTORED = "tests/journeys/test_compare_runs.py::test_a_run_is_restored_with_its_data_and_gives_the_same_model"
TUNED = "tests/journeys/test_tune.py::test_a_candidate_is_chosen_on_rows_that_no_training_saw_and_registered"
OUTCOMES = "tests/mlops/outcomes/test_command.py::test_the_counts_are_shown_with_what_they_mean"
COMPACTED = "tests/mlops/serving/test_compact.py::test_the_command_says_what_it_did"
REPORTED = "tests/mlops/evidence/test_report.py::test_the_summary_of_a_refused_run_says_what_refused_it_and_what_to_do"
REPORTED_AS_FILE = "tests/mlops/evidence/test_report.py::test_a_model_is_reported_by_its_run_into_a_file_of_ones_choice"
ADDED = "tests/mlops/test_data_commands.py::test_add_says_rows_and_digest_and_when_a_version_has_them_already"
DATA_LISTED = "tests/mlops/test_data_commands.py::test_list_and_show_say_whose_it_is_and_what_read_it"
MOVED = "tests/mlops/test_data_commands.py::test_diff_says_what_moved_the_most_first"
VERIFIED = "tests/mlops/test_data_commands.py::test_fetch_and_verify"
RELEASED = "tests/mlops/evidence/test_release_command.py::test_a_model_is_verified_stopped_and_let_go_on"

SCORED = "tests/mlops/batch/test_command.py::test_a_table_is_scored_ranked_and_shown"
IN_A_PIPELINE = "tests/mlops/batch/test_command.py::test_the_pipeline_gives_what_the_command_gives"
SERVING = "tests/mlops/serving/test_server.py::test_a_registered_model_is_served_until_ctrl_c"
LADDER = "tests/mlops/release/test_commands.py::test_the_first_model_goes_straight_to_full_and_later_ones_do_not"
GIVEN_BACK = "tests/mlops/release/test_commands.py::test_a_person_promotes_and_rolls_back"
STORY = "tests/journeys/test_demo.py::test_the_story_turns_out_as_told"
POISONED = "tests/mlops/gates/test_poison.py::test_a_poison_of_ones_own_gate_is_given_too"
EXPLAINED = "tests/mlops/test_explain_command.py::test_a_row_is_explained_on_the_terminal_and_as_a_page"
EXPLAINED_LATER = (
    "tests/mlops/test_explain_command.py::test_a_request_is_explained_by_the_version_and_the_code_that_answered_it"
)
WITHOUT_ENDPOINT = "tests/mlops/release/test_batch.py::test_as_a_person_types_it"

CARDS = "tests/mlops/evidence/test_model_card.py::test_cards_are_written_as_they_are_typed"

APPROVED = "tests/mlops/ci/test_approve.py::test_the_entry_has_the_name_the_account_and_the_run"
ASKED = "tests/mlops/ci/test_approve.py::test_an_approval_is_asked_of_ci_alone"
THIS_CHANGE = "tests/mlops/ci/test_this_change.py::test_every_command_that_takes_a_model_takes_it"

CHECKED = "tests/project/test_project.py::test_a_platform_engineer_checks_the_infrastructure_without_a_login"
BROUGHT_UP = "tests/infra/test_commands.py::test_a_platform_engineer_brings_up_what_was_previewed_and_takes_it_down"
ACCEPTED = "tests/infra/test_journey.py::test_from_nothing_to_releases_in_dev_and_staging_and_back_to_nothing"
SYNCED = "tests/infra/test_env_sync.py::test_as_a_person_types_it"
BUILT = "tests/mlops/platform/azure/test_images.py::test_a_person_builds_what_a_project_describes"

THERE = "tests/mlops/platform/azure"
SIGNED = f"{THERE}/test_signing.py::test_a_signer_signs_in_dev_for_prod_and_a_data_scientist_sees_it"
STOPPED = f"{THERE}/test_signing.py::test_a_project_that_is_stopped_in_dev_is_stopped_for_all_who_share_its_ledger"
ADDED_THERE = f"{THERE}/test_stored_commands.py::test_data_that_one_adds_is_what_another_fetches"
SCORED_THERE = f"{THERE}/test_score.py::test_a_version_is_scored_there_and_the_list_comes_here"
SCHEDULED = f"{THERE}/test_schedules.py::test_all_of_a_project_are_applied_listed_resumed_and_paused_by_command"
SECOND = f"{THERE}/test_second_environment.py::test_the_run_is_listed_shown_and_its_code_comes_back"
REGISTERED_THERE = f"{THERE}/test_second_environment.py::test_its_model_is_registered_with_where_it_is_from"

LADDER_THERE = f"{THERE}/test_release_rights.py::test_a_whole_ladder"

SET_UP = "tests/infra/test_repo_setup.py::test_what_would_be_done_is_said_done_and_read_back"

ELSEWHERE = {
    "make repo-setup": SET_UP,
    "make repo-setup YES=1": SET_UP,
    "make infra-setup": CHECKED,
    "make infra-check": CHECKED,
    "make infra-preview STACK=dev": BROUGHT_UP,
    "make azure-check ENV=dev": ACCEPTED,
    "make infra-up STACK=dev": BROUGHT_UP,
    "mlops data add applications data/applications.parquet --on dev": ACCEPTED,
    f"{TRAIN} --on dev --register": REGISTERED_THERE,
    "mlops models share NAME:1 --on dev": ACCEPTED,
    "mlops release verify NAME:1 --on staging": ACCEPTED,
    "mlops release start NAME:1 --on staging": ACCEPTED,
    "mlops release tick --on staging": ACCEPTED,
    "mlops release sign NAME:1 --role data_protection --on prod": SIGNED,
    "mlops release start NAME:1 --on prod": LADDER_THERE,
    "mlops release tick --on prod": LADDER_THERE,
    "mlops release status --on prod": LADDER_THERE,
    'mlops release rollback --reason "Callers complain" --on prod': LADDER_THERE,
    "mlops env sync dev": SYNCED,
    "mlops env build --on dev": BUILT,
    "mlops ci approved --on prod": ASKED,
    "mlops release approve this-change --on prod": APPROVED,
    "mlops release verify this-change --on prod": THIS_CHANGE,
    "make setup": TYPED,
    "make lint": TYPED,
    "make poison": POISONED,
    f"{TRAIN} --set mitigation=none": STORY,
    "mlops release start NAME:1 --follow": LADDER,
    "mlops release history": LADDER,
    "mlops release down": LADDER,
    "mlops release verify NAME:VERSION": DAY,
    "make test": TYPED,
    TRAIN: DAY,
    f"{TRAIN} --json": DAY,
    f"{TRAIN} --set rounds=150": DAY,
    f"{TRAIN} --register": DAY,
    f'{TRAIN} --set rounds=150 --register -m "fewer rounds"': DAY,
    f'{TRAIN} --fresh -m "why"': FRESH,
    "mlops outcomes compact": COMPACTED,
    "mlops run azureml/pipelines/tune.yml --register": TUNED,
    "mlops runs list": LISTED,
    "mlops runs show RUN": LISTED,
    'mlops runs note RUN "looks too good: check for a leak"': LISTED,
    "mlops runs compare A B": COMPARED,
    "mlops runs restore RUN ../old": RESTORED,
    "mlops report last": REPORTED,
    "mlops report NAME:VERSION --to report.html": REPORTED_AS_FILE,
    "mlops score NAME:3 --input july.parquet --output july": SCORED,
    "mlops report july": SCORED,
    "mlops run azureml/pipelines/score.yml --input rows=FOLDER": IN_A_PIPELINE,
    "mlops release start NAME:4 --input july.parquet": WITHOUT_ENDPOINT,
    "mlops serve income-support-triage": SERVING,
    "mlops release plan": "tests/mlops/release/test_plan.py::test_the_command_prints_the_table",
    "mlops release start NAME:4 --follow": LADDER,
    "mlops release status": LADDER,
    'mlops release rollback --reason "Callers complain"': GIVEN_BACK,
    "mlops explain NAME:VERSION --row case.json": EXPLAINED,
    "mlops explain --request ID --to why.html": EXPLAINED_LATER,
    "mlops outcomes add outcomes.csv": OUTCOMES,
    "mlops models card NAME:VERSION": CARDS,
    "mlops models card NAME:VERSION --to card.md": CARDS,
    "mlops data sheet NAME:VERSION": CARDS,
    "mlops release verify NAME:3 --for prod": RELEASED,
    "mlops release verify NAME:3 --on prod": SIGNED,
    "mlops release sign NAME:3 --role data_protection --on prod": SIGNED,
    'mlops stop --reason "It finds fewer eligible people than the old order" --on prod': STOPPED,
    "mlops data add july FOLDER --on dev": ADDED_THERE,
    "mlops score NAME:3 --on dev --input july:1 --output july": SCORED_THERE,
    "mlops schedule apply --on dev": SCHEDULED,
    "mlops schedule list --on dev": SCHEDULED,
    "mlops schedule resume train --on dev": SCHEDULED,
    "mlops schedule pause train --on dev": SCHEDULED,
    "mlops runs list --on dev": SECOND,
    "mlops models register train --on dev": REGISTERED_THERE,
    "mlops report score --on dev": SCORED_THERE,
    "mlops release sign NAME:3 --role data_protection --for prod": RELEASED,
    'mlops stop --reason "It finds fewer eligible people than the old order"': RELEASED,
    'mlops data add applications data/applications.parquet -m "with March"': ADDED,
    "mlops data list": DATA_LISTED,
    "mlops data show applications:2": DATA_LISTED,
    "mlops data diff applications:1 applications:2": MOVED,
    "mlops data diff applications new.parquet": MOVED,
    "mlops data fetch applications:1 old.parquet": VERIFIED,
    "mlops data verify": VERIFIED,
}

HERE = {
    "mlops lint": (0, "no mistakes in"),
    "mlops lint azureml/pipelines/train.yml": (0, "no mistakes in"),
    "mlops lint --on staging": (0, "no mistakes in"),
    "mlops lint --expiring 30d": (0, "no mistakes in"),
    f"{TRAIN} --input applications=new.parquet": (0, "train reused"),
    "make run": (0, "train reused"),
    "mlops models register RUN": (0, "registered income-support-triage:1"),
    "mlops models list": (0, "income-support-triage:1"),
    "mlops models show NAME:VERSION": (0, "waived"),
    "mlops run /other/pipeline.yml --input rows=new.csv": (0, "✓ counts"),
}
"""Exit status of each, run in this order in one project, and something that it says."""

SERVED = "make ui"

OTHER = """
type: pipeline
inputs: {rows: {type: uri_file, path: "azureml://datastores/lake/paths/rows.csv"}}
jobs:
  counts:
    command: wc -l ${{inputs.rows}} > ${{outputs.lines}}
    inputs: {rows: "${{parent.inputs.rows}}"}
    outputs: {lines: {type: uri_file}}
"""


def commands(page: str) -> list[str]:
    """What the shell blocks of a page say to type, without remarks."""
    blocks = [token.content for token in MarkdownIt().parse(page) if token.info in ("sh", "bash")]
    lines = [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith(("mlops ", "make "))]


def test_commands_are_found_in_the_blocks_of_a_page():
    page = "Run `mlops no`.\n\n```bash\nmlops fly   # up\ncd x\nmake tea\n```\n\n```yaml\nmlops no\n```\n"
    assert commands(page) == ["mlops fly", "make tea"]


def test_every_command_of_the_pages_is_run_by_a_test(reference: Project):
    pages = [reference.path / "README.md", *(reference.path / "docs").glob("*.md")]
    documented = {command for page in pages for command in commands(page.read_text(encoding="utf-8"))}
    assert documented == {*ELSEWHERE, *HERE, SERVED}
    for file, name in (each.split("::") for each in ELSEWHERE.values()):
        assert f"def {name}(" in (TEMPLATE / file).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def used(trained: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A trained project, and commands in `.venv/bin` that run in the interpreter of the tests."""
    project = trained.copy(tmp_path_factory.mktemp("used") / "project")
    tools = project.path / ".venv" / "bin"
    tools.mkdir(parents=True)
    for name, module in (("mlops", "mlops"), ("mlflow", "mlflow")):
        (tools / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {module} "$@"\n')
        (tools / name).chmod(0o755)
    shutil.copy(project.path / "data" / "applications.parquet", project.path / "new.parquet")
    (project.path / "new.csv").write_text("a\n1\n")
    return project


def test_the_commands_do_what_the_pages_say(used: Project, tmp_path: Path):
    (tmp_path / "pipeline.yml").write_text(OTHER)
    path = f"{used.path / '.venv' / 'bin'}:{used.environment['PATH']}"
    for command, (status, said) in HERE.items():
        words = command.replace("/other/", f"{tmp_path}/").replace("NAME:VERSION", "income-support-triage:1")
        words = words.replace(" RUN", " last").replace("make ", "make -o .venv/.synced ")
        done = used.run(*shlex.split(words), PATH=path)
        assert done.returncode == status, f"{command}\n{done.stdout}{done.stderr}"
        assert said in done.stdout, f"{command}\n{done.stdout}"


@pytest.fixture
def browsed(used: Project) -> Iterator[str]:
    """The address of the page that `make ui` serves, until the test ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*shlex.split(SERVED), "-o", ".venv/.synced", f"PORT={port}"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, cwd=used.path, env=used.environment, start_new_session=True, **quiet)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def test_the_runs_are_shown_in_a_browser(browsed: str):
    for _ in range(240):
        try:
            with urllib.request.urlopen(browsed, timeout=5) as answer:
                assert b"MLflow" in answer.read()
            return
        except OSError:
            time.sleep(0.5)
    pytest.fail(f"nothing answers at {browsed}")
