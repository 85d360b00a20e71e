"""What a CI system's REST interface is asked: in a version that it has, at its own address only."""

import pytest

from mlops.ci import azure_devops as azure_api
from mlops.ci import github as github_api
from mlops.ci.comment import MARKER
from mlops.ci.rest import Api, Denied, Passing
from mlops.errors import Failure
from tests.emulator.ci.azure_devops import AzureDevOps
from tests.emulator.ci.github import REPOSITORY, GitHub
from tests.emulator.ci.server import Asked, Refusal

COMMENTS = f"/repos/{REPOSITORY}/issues/12/comments"


def test_another_version_of_the_api_would_be_refused(github: GitHub, azure_devops: AzureDevOps):
    headers = {"Authorization": f"Bearer {github.token}", "X-GitHub-Api-Version": "2019-01-01"}
    with pytest.raises(Failure, match="400: .*not a supported version"):
        Api(github.url, headers).ask("GET", COMMENTS)
    with pytest.raises(Failure, match="400: The requested REST API version is not there"):
        azure_api.api().ask("GET", "/_apis/connectionData?api-version=9.9")


def test_the_token_goes_to_no_other_address(github: GitHub, monkeypatch: pytest.MonkeyPatch):
    def elsewhere(asked: Asked) -> None:
        raise Refusal(302, {"message": "Moved"}, Location=f"{github.url}/stolen")

    monkeypatch.setattr(github, "answer", elsewhere)
    with pytest.raises(Denied, match="302"):
        github_api.publish("text", MARKER)
    assert not [each for each in github.journal if "stolen" in each]


def test_an_address_that_does_not_answer_is_said():
    with pytest.raises(Passing, match="had no answer: .*refused"):
        Api("http://127.0.0.1:9", {}).ask("GET", "/")
