"""One comment is there, ours, up to date; what others wrote stays; what goes wrong is a sentence."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mlops.ci import azure_devops as azure_api
from mlops.ci import github as github_api
from mlops.ci.comment import LONGEST, MARKER
from mlops.ci.rest import Api, Passing
from mlops.cli import app
from mlops.errors import Failure, Misuse, MlopsError
from tests.emulator.ci.azure_devops import NUMBER, SOMEBODY, US, AzureDevOps
from tests.emulator.ci.github import BOT, GitHub


def comment(*options: str) -> tuple[int, str]:
    """Type the command; its exit status and what it prints."""
    done = CliRunner().invoke(app, ["ci", "comment", *options])
    if isinstance(done.exception, MlopsError):
        return done.exception.status, f"{done.output}{done.exception}"
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def ours(github: GitHub) -> list[str]:
    return [each["body"] for each in github.comments.values() if (each["user"] or {}).get("login") == BOT]


def test_it_is_made_once_and_then_brought_up_to_date(github: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    github.write("octocat", "Looks good.")
    assert comment() == (0, "The comment: https://github.com/agency/triage/pull/12#issuecomment-2\n")
    [first] = ours(github)
    assert first.startswith(MARKER) and "whether the model passes its gates" in first
    (tmp_path / "findings-job" / "deeper").mkdir(parents=True)
    (tmp_path / "findings-job" / "infra.json").write_text('{"status": 2, "wrong": "mlops.yaml:3: it is wrong."}')
    (tmp_path / "run.json").write_text("{half")
    (tmp_path / "preview-dev.json").write_text("[]")
    (tmp_path / "findings-job" / "deeper" / "preview-prod.json").write_text('{"status": 2, "wrong": "of another tool"}')
    monkeypatch.setenv("MLOPS_FINDINGS", str(tmp_path))
    assert comment()[0] == 0
    [second] = ours(github)
    assert "mlops.yaml:3: it is wrong." in second and "whether the model passes" in second
    assert "what changes in dev: its job did not" in second and "of another tool" not in second
    assert github.comments[1]["body"] == "Looks good."


@pytest.mark.parametrize("place", ["s", "s/findings-job", "."], ids=["root", "folder", "beside"])
def test_a_file_of_the_repository_replaces_no_finding_of_a_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
):
    """Azure Pipelines checks the change out, in `s`, beside what it downloads."""
    found = {"findings-check-1": {"status": "failed", "remark": "It was too late."}, place: {"verdicts": []}}
    for folder, record in found.items():
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "run.json").write_text(json.dumps({"verdicts": [], **record}))
    monkeypatch.setenv("MLOPS_FINDINGS", str(tmp_path))
    assert "It was too late." in comment("--print")[1]


def test_what_others_wrote_is_left_alone_whatever_it_begins_with(github: GitHub):
    for author in ("octocat", None, "other[bot]"):
        github.write(author, f"{MARKER}\nmine")
    github.write(BOT, "of another workflow")
    assert comment()[0] == 0
    assert [each["body"] for each in github.comments.values()][:4] == [f"{MARKER}\nmine"] * 3 + ["of another workflow"]
    assert len(github.comments) == 5


def test_two_of_ours_become_one_also_beyond_the_first_page(github: GitHub):
    for _ in range(120):
        github.write("octocat", "hello")
    github.write(BOT, f"{MARKER}\nold")
    github.write(BOT, f"{MARKER}\nolder")
    assert comment()[0] == 0
    assert len(github.comments) == 121
    assert [body.count("old") for body in ours(github)] == [0]


@pytest.mark.parametrize("failing", [[500], [502, 503], [429]])
def test_a_fault_that_passes_is_tried_again_and_leaves_one_comment(github: GitHub, failing: list[int]):
    github.failing = failing
    assert comment()[0] == 0
    assert len(ours(github)) == 1


def test_a_comment_that_was_made_though_the_answer_was_lost_is_not_made_twice(
    github: GitHub, monkeypatch: pytest.MonkeyPatch
):
    asked = Api.ask

    def lost(api: Api, method: str, path: str, body: Any = None) -> Any:
        answer = asked(api, method, path, body)
        if method == "POST":
            raise Passing("the connection was lost.")
        return answer

    monkeypatch.setattr(Api, "ask", lost)
    assert comment()[0] == 0
    assert len(ours(github)) == 1


def test_a_service_that_stays_away_is_a_failure_and_the_text_is_not_lost(
    github: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    github.failing = [500] * 3
    status, said = comment()
    assert (status, "was answered with 500: Server Error" in said, MARKER in said) == (3, True, True)
    assert (tmp_path / "summary.md").read_text().startswith(MARKER)


def test_a_pull_request_that_is_not_there_is_a_failure(github: GitHub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GITHUB_REPOSITORY", "agency/gone")
    status, said = comment()
    assert (status, "was answered with 404: Not Found" in said) == (3, True)


def test_no_token_is_wrong_use(github: GitHub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GITHUB_TOKEN")
    status, said = comment()
    assert (status, "`env: GITHUB_TOKEN: ${{ github.token }}`" in said) == (2, True)


def test_a_token_that_does_not_count_is_a_failure(github: GitHub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GITHUB_TOKEN", "another")
    assert (comment()[0], "401: Bad credentials" in comment()[1]) == (3, True)


def test_a_permission_that_was_dropped_fails_and_is_named(github: GitHub):
    github.permissions = {"pull-requests": "read"}
    status, said = comment()
    assert status == 3
    assert "403: Resource not accessible by integration" in said
    assert "`permissions: pull-requests: write`" in said


@pytest.mark.parametrize("source", ["stranger/triage", None])
def test_for_a_fork_it_is_printed_and_kept_with_the_run(
    github: GitHub, event: Callable[[str | None], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    source: str | None,
):  # fmt: skip
    event(source)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    github.permissions = {"pull-requests": "read"}
    status, said = comment()
    assert status == 0
    assert "a change from a fork gets no login to Azure" in said
    assert "The change comes from a fork, for which a job only reads" in said
    assert "a change from a fork" in (tmp_path / "summary.md").read_text()
    assert github.comments == {}


def test_without_a_pull_request_there_is_nothing_to_comment_on(github: GitHub, event: Callable[..., Path]):
    event().write_text("{}")
    status, said = comment()
    assert (status, "for no pull request" in said) == (2, True)
    assert comment("--print")[0] == 0


def test_print_only_prints_and_needs_no_ci():
    status, said = comment("--print")
    assert (status, said.startswith(MARKER)) == (0, True)
    assert comment()[0] == 2


def test_a_comment_that_is_too_long_would_be_refused(github: GitHub):
    with pytest.raises(Failure, match="422: Validation Failed"):
        github_api.publish("x" * (LONGEST + 1), MARKER)
    assert github_api.publish("x" * LONGEST, MARKER)


def test_azure_devops_has_one_thread_that_blocks_no_merge(azure_devops: AzureDevOps):
    azure_devops.write(SOMEBODY, f"{MARKER}\nmine")
    azure_devops.write(US, None)
    azure_devops.write(US, "of another pipeline")
    place = f"{azure_devops.url}/agency/Income%20Support/_git/triage/pullrequest/{NUMBER}"
    assert comment() == (0, f"The comment: {place}\n")
    made = azure_devops.threads[4]
    assert (made["status"], made["comments"][0]["content"].startswith(MARKER)) == (4, True)
    azure_devops.write(US, f"{MARKER}\na second one")
    assert comment()[0] == 0
    assert [each["comments"][0].get("content", "")[:14] for each in azure_devops.threads.values()] == [
        MARKER, "", "of another pip", MARKER, "",
    ]  # fmt: skip
    assert azure_devops.threads[1]["comments"][0]["content"] == f"{MARKER}\nmine"


def test_azure_devops_says_what_is_missing(azure_devops: AzureDevOps, monkeypatch: pytest.MonkeyPatch):
    azure_devops.contributes = False
    status, said = comment()
    assert status == 3
    assert "TF401027" in said and "`Contribute to pull requests`" in said
    monkeypatch.setenv("SYSTEM_PULLREQUEST_ISFORK", "True")
    assert comment()[0] == 0
    monkeypatch.delenv("SYSTEM_ACCESSTOKEN")
    assert comment()[0] == 0, "nor does a fork get a token"
    monkeypatch.setenv("SYSTEM_PULLREQUEST_ISFORK", "False")
    status, said = comment()
    assert (status, "`env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)`" in said) == (2, True)
    monkeypatch.setenv("SYSTEM_ACCESSTOKEN", "expired")
    status, said = comment()
    assert (status, "no JSON, as when the token does not count" in said) == (3, True)


def test_azure_devops_outside_a_pull_request_is_wrong_use(azure_devops: AzureDevOps, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SYSTEM_PULLREQUEST_ISFORK")
    with pytest.raises(Misuse, match="for no pull request"):
        azure_api.fork()
