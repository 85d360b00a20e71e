"""What the HTTPS front must refuse, so that a green submit means something."""

import http.client
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.emulator.https.cloud import Cloud
from tests.emulator.https.directory import Principal
from tests.emulator.https.routing import ARM
from tests.emulator.store import TENANT
from tests.emulator.world import CLUSTER, CONTAINER, GROUP, STORAGE, VAULT, WORKSPACE, World

LOGIN, BLOBS = "login.microsoftonline.com", "stlend.blob.core.windows.net"
Ask = Callable[..., tuple[int, str]]
VERSION = {"x-ms-version": "2025-11-05", "x-ms-blob-type": "BlockBlob"}


@pytest.fixture
def cloud(world: World, tmp_path: Path) -> Iterator[Cloud]:
    world.make(CLUSTER)
    with Cloud(tmp_path, world.arm) as cloud:
        yield cloud
        assert cloud.faults == []


@pytest.fixture
def ana(cloud: Cloud) -> Principal:
    ana = cloud.directory.add("ana")
    cloud.arm.assign(ana.id, "Reader", GROUP)
    return ana


@pytest.fixture
def ask(cloud: Cloud) -> Ask:
    """Status and body of one request through the proxy."""

    def ask(method: str, host: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
        address = cloud.proxy.environ()["HTTPS_PROXY"].removeprefix("http://")
        trust = ssl.create_default_context(cafile=cloud.proxy.environ()["REQUESTS_CA_BUNDLE"])
        trust.verify_flags |= ssl.VERIFY_X509_STRICT
        connection = http.client.HTTPSConnection(address, context=trust)
        connection.set_tunnel(host, 443)
        connection.request(method, path, body, headers)
        if int(headers.get("Content-Length", len(body))) > len(body):
            socket.socket.shutdown(connection.sock, socket.SHUT_WR)
        response = connection.getresponse()
        answer = response.status, response.read().decode()
        connection.close()
        return answer

    return ask


def token(cloud: Cloud, who: Principal, scope: str = f"https://{ARM}", minutes: float = 60) -> dict[str, str]:
    return {"Authorization": f"Bearer {cloud.directory.token(who.client, scope, minutes)}"}


def code(answer: tuple[int, str]) -> tuple[int, str]:
    return answer[0], json.loads(answer[1])["error"]["code"]


def test_both_fronts_stand_on_one_store(cloud: Cloud, ask: Ask, ana: Principal) -> None:
    status, body = ask("GET", ARM, f"{WORKSPACE}?api-version=2024-10-01", **token(cloud, ana))
    assert (status, json.loads(body)["properties"]["keyVault"]) == (200, VAULT)


def test_a_host_that_is_not_emulated_is_refused_and_named(cloud: Cloud, ask: Ask) -> None:
    with pytest.raises(OSError, match="403"):
        ask("GET", "dc.services.visualstudio.com", "/")
    assert cloud.proxy.strangers == ["dc.services.visualstudio.com:443"]


def test_an_unknown_route_is_a_400_that_names_it(ask: Ask) -> None:
    status, body = ask("GET", "westeurope.api.azureml.ms", "/nothing?api-version=1")
    assert status == 400
    assert "No emulated route for GET https://westeurope.api.azureml.ms/nothing" in body


def test_a_fault_of_the_emulator_is_a_400_and_is_kept(cloud: Cloud, ask: Ask, ana: Principal) -> None:
    broken = ask("PUT", ARM, f"{WORKSPACE}/jobs/j", b"{", **token(cloud, ana), **{"x-azureml-token": ml(cloud, ana)})
    assert code(broken) == (400, "EmulatorFault")
    assert "JSONDecodeError" in cloud.faults.pop()


def ml(cloud: Cloud, who: Principal) -> str:
    return cloud.directory.token(who.client, "https://ml.azure.com")


def test_a_job_is_not_submitted_without_a_second_token_for_the_service(cloud: Cloud, ask: Ask, ana: Principal) -> None:
    answer = ask("PUT", ARM, f"{WORKSPACE}/jobs/j", b'{"properties": {}}', **token(cloud, ana))
    assert code(answer) == (401, "InvalidAuthenticationToken")


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        (lambda cloud, ana: {}, "InvalidAuthenticationToken"),
        (lambda cloud, ana: {"Authorization": "Bearer opaque"}, "InvalidAuthenticationToken"),
        (lambda cloud, ana: token(cloud, ana, "https://storage.azure.com"), "InvalidAuthenticationTokenAudience"),
        (lambda cloud, ana: token(cloud, ana, minutes=-1), "ExpiredAuthenticationToken"),
    ],
)
def test_nothing_is_read_without_a_token_for_it(cloud: Cloud, ask: Ask, ana: Principal, headers, wanted: str) -> None:
    assert code(ask("GET", ARM, WORKSPACE, **headers(cloud, ana))) == (401, wanted)


def test_a_blob_needs_a_role_for_what_is_done_with_it(cloud: Cloud, ask: Ask, ana: Principal) -> None:
    cloud.arm.put("00000000-0000-0000-0000-0000000000ff", CONTAINER, {"properties": {}})
    own = token(cloud, ana, "https://storage.azure.com") | VERSION
    status, body = ask("PUT", BLOBS, "/ledger/dev/1.json", b"content", **own)
    assert (status, "AuthorizationPermissionMismatch" in body) == (403, True)
    cloud.arm.assign(ana.id, "Storage Blob Data Reader", STORAGE)
    assert ask("PUT", BLOBS, "/ledger/dev/1.json", b"content", **own)[0] == 403
    cloud.arm.assign(ana.id, "Storage Blob Data Contributor", STORAGE)
    assert ask("PUT", BLOBS, "/ledger/dev/1.json", b"content", **own)[0] == 201
    assert ask("GET", BLOBS, "/ledger/dev/1.json", **own) == (200, "content")
    assert ask("PUT", BLOBS, "/ledger/dev/1.json", b"other", **own, **{"If-None-Match": "*"})[0] == 409


def test_a_request_that_is_cut_off_changes_nothing(cloud: Cloud, ask: Ask, ana: Principal) -> None:
    cloud.arm.assign(ana.id, "Storage Blob Data Contributor", STORAGE)
    own = token(cloud, ana, "https://storage.azure.com") | VERSION
    with pytest.raises(OSError):
        ask("PUT", BLOBS, "/azureml/file", b"cont", **own, **{"Content-Length": "7", "Connection": "close"})
    assert "BlobNotFound" in ask("GET", BLOBS, "/azureml/file", **own)[1]


def test_a_blob_in_no_container_and_no_account_is_refused(cloud: Cloud, ask: Ask, ana: Principal) -> None:
    own = token(cloud, ana, "https://storage.azure.com") | VERSION
    for host, wanted in ((BLOBS, "ContainerNotFound"), ("stother.blob.core.windows.net", "ResourceNotFound")):
        status, body = ask("PUT", host, "/elsewhere/file", b"content", **own)
        assert (status, wanted in body) == (404, True)


def test_from_outside_a_private_account_is_closed_to_everybody(cloud: Cloud, ask: Ask, ana: Principal) -> None:
    cloud.arm.change_behind(STORAGE, "properties.publicNetworkAccess", "Disabled")
    cloud.arm.assign(ana.id, "Storage Blob Data Contributor", STORAGE)
    own = token(cloud, ana, "https://storage.azure.com") | VERSION
    status, body = ask("PUT", BLOBS, "/azureml/file", b"content", **own)
    assert (status, "AuthorizationFailure" in body) == (403, True)
    cloud.inside = True
    assert ask("PUT", BLOBS, "/azureml/file", b"content", **own)[0] == 201


def test_keys_open_nothing(ask: Ask) -> None:
    status, body = ask("GET", BLOBS, "/azureml/file", Authorization="SharedKey stlend:signature")
    assert (status, "KeyBasedAuthenticationNotPermitted" in body) == (403, True)


def sign_in(cloud: Cloud, ask: Ask, who: Principal, assertion: str, tenant: str = TENANT) -> tuple[int, str]:
    form = {"client_id": who.client, "scope": f"https://{ARM}/.default", "client_assertion": assertion}
    return ask("POST", LOGIN, f"/{tenant}/oauth2/v2.0/token", urlencode(form).encode())


def test_who_signs_in_is_known_and_brings_an_assertion_that_is_trusted(cloud: Cloud, ask: Ask, ana: Principal) -> None:
    said = cloud.directory.assertion
    assert sign_in(cloud, ask, ana, said("ana"))[0] == 200
    stranger = Principal("x", "11111111-1111-1111-1111-111111111111")
    for answer, wanted in (
        (sign_in(cloud, ask, ana, said("ana", minutes=-1)), "AADSTS700024"),
        (sign_in(cloud, ask, ana, said("bob")), "AADSTS700213"),
        (sign_in(cloud, ask, ana, said("ana", issuer="https://issuer.example")), "AADSTS700213"),
        (sign_in(cloud, ask, ana, "opaque"), "AADSTS50027"),
        (sign_in(cloud, ask, stranger, said("ana")), "AADSTS700016"),
        (sign_in(cloud, ask, ana, said("ana"), "elsewhere"), "AADSTS90002"),
    ):
        assert answer[0] >= 400 and wanted in answer[1], answer
