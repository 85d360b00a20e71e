"""In a job of GitHub the login lasts as long as the job: each token is asked for with what GitHub says then."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.core.exceptions import ClientAuthenticationError

from mlops.errors import Failure
from mlops.platform.azure.client import Azure
from mlops.platform.azure.names import Names
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.directory import EXCHANGE

ARM, VAULT = "https://management.azure.com/.default", "https://vault.azure.net/.default"


@contextmanager
def github(*said: str) -> Iterator[tuple[str, list[str]]]:
    """Where a job asks who it is, and what was asked; refused is what lacks its bearer or the audience."""
    asked = list[str]()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            right = self.headers["Authorization"] == "bearer of-this-job"
            right = right and parse_qs(urlsplit(self.path).query)["audience"] == [EXCHANGE]
            asked.append(self.path)
            self.send_response(200 if right else 401)
            self.end_headers()
            self.wfile.write(json.dumps({"value": said[len(asked) - 1]}).encode())

        def log_message(self, format: str, *args: object) -> None:
            return None

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/token?api-version=2.0", asked
        server.shutdown()


def test_what_github_vouches_for_is_asked_for_with_each_token(
    cloud: Cloud, names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    job = cloud.directory.add("repo:agency/triage:environment:dev")
    for name, value in cloud.environ(job, tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AZURE_FEDERATED_TOKEN_FILE")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "of-this-job")
    fresh, old = (cloud.directory.assertion(job.subject, minutes=each) for each in (5, -5))
    with github(fresh, fresh, old, "") as (address, asked):
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", address)
        credential = Azure(names, "dev").credential
        assert credential.get_token(ARM).token == credential.get_token(ARM).token
        assert credential.get_token(VAULT).token and len(asked) == 2
        with pytest.raises(ClientAuthenticationError, match="AADSTS700024"):
            credential.get_token("https://storage.azure.com/.default")
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "of another job")
        with pytest.raises(Failure, match="GitHub does not vouch for this job: HTTP Error 401"):
            credential.get_token("https://storage.azure.com/.default")
