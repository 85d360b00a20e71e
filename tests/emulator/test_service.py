"""What the emulator must refuse, so that a green submit means something."""

import base64
import http.client
import json
import ssl
from collections.abc import Callable, Iterator
from email.message import Message
from pathlib import Path

import pytest

from tests.emulator.service import ARM, HOSTS, Service
from tests.emulator.store import ACCOUNT, Store
from tests.emulator.wire import Proxy, Request
from tests.emulator.world import VAULT, World
from tests.emulator.world import WORKSPACE as REAL

WORKSPACE = Store().add_workspace("here")
Ask = Callable[..., tuple[int, str]]


def token(audience: str) -> dict[str, str]:
    claims = base64.urlsafe_b64encode(json.dumps({"aud": audience}).encode()).decode().rstrip("=")
    return {"Authorization": f"Bearer e30.{claims}.e30"}


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    store = Store()
    store.add_workspace("here")
    proxy = Proxy(tmp_path, HOSTS, Service(store))
    yield proxy
    proxy.close()


@pytest.fixture
def ask(proxy: Proxy) -> Ask:
    """Status and body of one request through the proxy."""

    def ask(method: str, host: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
        address = proxy.environ()["HTTPS_PROXY"].removeprefix("http://")
        trust = ssl.create_default_context(cafile=proxy.environ()["REQUESTS_CA_BUNDLE"])
        trust.verify_flags |= ssl.VERIFY_X509_STRICT
        connection = http.client.HTTPSConnection(address, context=trust)
        connection.set_tunnel(host, 443)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        answer = response.status, response.read().decode()
        connection.close()
        return answer

    return ask


def test_both_fronts_stand_on_one_store(world: World) -> None:
    world.make(REAL)
    headers = Message()
    headers["Authorization"] = token(f"https://{ARM}")["Authorization"]
    answer = Service(world.arm.store)(Request("GET", ARM, REAL, {}, headers, b""))
    assert json.loads(answer.body)["properties"]["keyVault"] == VAULT


def test_a_host_that_is_not_emulated_is_refused_and_named(proxy: Proxy, ask: Ask) -> None:
    with pytest.raises(OSError, match="403"):
        ask("GET", "dc.services.visualstudio.com", "/")
    assert proxy.strangers == ["dc.services.visualstudio.com:443"]


def test_an_unknown_route_is_a_400_that_names_it(ask: Ask) -> None:
    status, body = ask("GET", ARM, "/subscriptions/x/providers?api-version=2024-01-01")
    assert status == 400
    assert "No emulated route for GET https://management.azure.com/subscriptions/x/providers" in body


def test_a_malformed_body_is_a_400_and_never_a_lost_connection(ask: Ask) -> None:
    status, body = ask("PUT", ARM, f"{WORKSPACE}/data/applications/versions/1", b"{}", **token(f"https://{ARM}"))
    assert (status, json.loads(body)["error"]["code"]) == (400, "EmulatorFault")


def test_a_component_whose_code_is_unknown_is_refused(ask: Ask) -> None:
    spec = {"code": f"azureml:{WORKSPACE}/codes/nothing/versions/1", "environment": "azureml:nothing"}
    body = json.dumps({"properties": {"componentSpec": spec}}).encode()
    status, body = ask("PUT", ARM, f"{WORKSPACE}/components/c/versions/1", body, **token(f"https://{ARM}"))
    assert status == 404
    assert "/codes/nothing/versions/1" in body


def test_a_job_is_not_submitted_without_a_second_token_for_the_service(ask: Ask) -> None:
    status, body = ask("PUT", ARM, f"{WORKSPACE}/jobs/j", b'{"properties": {}}', **token(f"https://{ARM}"))
    assert (status, json.loads(body)["error"]["code"]) == (401, "InvalidAuthenticationToken")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "InvalidAuthenticationToken"),
        ({"Authorization": "Bearer opaque"}, "InvalidAuthenticationToken"),
        (token("https://management.azure.com"), "InvalidAuthenticationTokenAudience"),
    ],
)
def test_a_blob_is_not_written_without_a_token_for_storage(ask: Ask, headers: dict[str, str], code: str) -> None:
    status, body = ask("PUT", ACCOUNT, "/here/file", b"content", **headers)
    assert (status, json.loads(body)["error"]["code"]) == (401, code)


def test_a_blob_in_no_container_is_refused(ask: Ask) -> None:
    status, body = ask("PUT", ACCOUNT, "/elsewhere/file", b"content", **token("https://storage.azure.com"))
    assert (status, json.loads(body)["error"]["code"]) == (404, "ContainerNotFound")
