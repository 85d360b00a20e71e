"""Blob storage: azurite keeps the blobs, and this front lets in who holds a role, or a signature that was given out."""

import hashlib
import threading
import time
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

import jwt
from urllib3 import HTTPSConnectionPool

from tests.emulator import access
from tests.emulator.https.wire import Request, Response
from tests.emulator.ids import Id
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.rule import dig
from tests.support.azurite import ACCOUNT, azurite

if TYPE_CHECKING:
    from tests.emulator.https.cloud import Cloud

AUDIENCE, SUFFIX = "https://storage.azure.com", ".blob.core.windows.net"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
MADE_BY_WORKSPACE = ("azureml", "azureml-blobstore-")
KEPT = {"content-length", "content-type", "etag", "last-modified", "content-range", "accept-ranges", "content-md5"}


class Blobs:
    """All accounts of the subscription. Azurite runs from the first request on."""

    def __init__(self, cloud: "Cloud", folder: Path) -> None:
        self._cloud, self._folder = cloud, folder
        self._azurite: HTTPSConnectionPool | None = None
        self._made: dict[str, tuple[str, str]] = {}
        self._signatures: dict[str, tuple[str, str]] = {}
        self._lock, self._life = threading.Lock(), 0

    def signed(self, account: str, container: str) -> str:
        """An address of a container that whoever has it may read and write."""
        signature = uuid.uuid4().hex
        self._signatures[signature] = account, container
        return f"https://{account}{SUFFIX}/{container}?sig={signature}"

    def answer(self, request: Request) -> Response:
        account = request.host.removesuffix(SUFFIX)
        container, _, name = request.path.strip("/").partition("/")
        try:
            id = self._exists(account, container)
            self._admit(request, account, container, id)
        except Refusal as refusal:
            text = f"<Error><Code>{refusal.code}</Code><Message>{refusal.message}</Message></Error>"
            said = {"x-ms-error-code": refusal.code, "Content-Type": "application/xml"}
            return Response(refusal.status, text.encode(), said)
        query = {key: value for key, value in request.query.items() if key != "sig"}
        headers = {key: value for key, value in request.headers.items() if _is_sent_on(key)}
        return self._send(request.method, account, container, name, query, headers, request.body)

    def names(self, account: str, container: str, prefix: str = "") -> list[str]:
        """The blobs of a container, past every rule."""
        query = {"restype": "container", "comp": "list", "prefix": prefix}
        found = ElementTree.fromstring(self._send("GET", account, container, "", query).body)
        return sorted(str(each.text) for each in found.iter("Name"))

    def read(self, account: str, container: str, name: str) -> bytes:
        return self._send("GET", account, container, name).body

    def write(self, account: str, container: str, name: str, content: bytes) -> None:
        """Put a blob there, past every rule."""
        answer = self._send("PUT", account, container, name, headers={"x-ms-blob-type": "BlockBlob"}, body=content)
        assert answer.status == 201, answer

    def remove(self, account: str, container: str, name: str) -> None:
        """Past every rule."""
        assert self._send("DELETE", account, container, name).status == 202

    def let_go(self, account: str, container: str, name: str) -> None:
        """Nobody holds the lease of a blob any more, as when its time is over."""
        headers = {"x-ms-lease-action": "break", "x-ms-lease-break-period": "0"}
        answer = self._send("PUT", account, container, name, {"comp": "lease"}, headers)
        assert answer.status in (202, 404, 409), answer

    @property
    def places(self) -> tuple[tuple[str, str], ...]:
        """Account and container of all that was ever asked for, or written."""
        return tuple(self._made.values())

    def is_given(self, account: str, container: str) -> bool:
        """Whether a signature for the container was given out."""
        return (account, container) in self._signatures.values()

    def all(self, account: str, container: str, prefix: str = "") -> dict[str, bytes]:
        return {name: self.read(account, container, name) for name in self.names(account, container, prefix)}

    def holds(self, account: str, container: str, path: str) -> bool:
        """Whether there is a blob, or a folder of blobs."""
        found = self.names(account, container, path)
        return any(name == path or name.startswith(f"{path}/") for name in found)

    def forget(self) -> None:
        """All containers are empty again."""
        self._made.clear()
        self._life += 1

    def account(self, account: str) -> Id | None:
        """The account's id."""
        ids = (Id(document["id"]) for document in self._cloud.arm.store.documents.values())
        return next((id for id in ids if id.kind == "microsoft.storage/storageaccounts" and id.name == account), None)

    def _exists(self, account: str, container: str) -> Id:
        """The container's id. Those of a workspace's default datastores need no document."""
        id = self.account(account)
        if id is None:
            raise Refusal(404, "ResourceNotFound", f"There is no storage account '{account}'.")
        found = Id(f"{id}/blobServices/default/containers/{container}")
        given = container in {container for _, container in self._signatures.values()}
        if not (given or container.startswith(MADE_BY_WORKSPACE) or self._cloud.arm.find(found.text)):
            raise Refusal(404, "ContainerNotFound", "The specified container does not exist.")
        return found

    def _admit(self, request: Request, account: str, container: str, id: Id) -> None:
        """Callers are at one of the listed addresses, if there are any.

        Source: "Authorize access to blobs with Microsoft Entra ID", "Storage firewall" (Microsoft, from memory).
        """
        document = self._cloud.arm.find(str(self.account(account))) or {}
        shut = dig(document, "properties.publicNetworkAccess") == "Disabled"
        listed = dig(document, "properties.networkAcls.ipRules", [])
        shut |= dig(document, "properties.networkAcls.defaultAction") == "Deny" and not listed
        if shut and not self._cloud.inside:
            raise Refusal(403, "AuthorizationFailure", "This request is not authorized to perform this operation.")
        if self._signatures.get(request.query.get("sig", "")) == (account, container):
            return
        by_key = request.headers.get("Authorization", "").startswith("SharedKey")
        if by_key and dig(document, "properties.allowSharedKeyAccess") is False:
            message = "Key based authentication is not permitted on this storage account."
            raise Refusal(403, "KeyBasedAuthenticationNotPermitted", message)
        caller = self._cloud.directory.caller(request.headers.get("Authorization"), AUDIENCE)
        name = request.path.strip("/").partition("/")[2]
        for action in _actions(request):
            if action == f"{BLOBS}/write" and not request.query and self._may(caller, f"{BLOBS}/add/action", id, name):
                self._refuse_overwrite(account, caller, id, name)
            elif not self._may(caller, action, id, name):
                message = "This request is not authorized to perform this operation using this permission."
                raise Refusal(403, "AuthorizationPermissionMismatch", message)

    def _may(self, caller: str, action: str, container: Id, path: str) -> bool:
        about = {"name": container.name, "path": path}
        return access.allows(self._cloud.arm, caller, action, container, data=True, resource=about)

    def _refuse_overwrite(self, account: str, caller: str, id: Id, name: str) -> None:
        """Who may only add puts new blobs.

        Source: "Put Blob" and "Blob Storage error codes" (Microsoft Learn, from memory).
        """
        if not self._may(caller, f"{BLOBS}/write", id, name) and name in self.names(account, id.name, name):
            message = "This request is not authorized to perform blob overwrites."
            raise Refusal(403, "UnauthorizedBlobOverwrite", message)

    def _send(
        self,
        method: str,
        account: str,
        container: str,
        name: str,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
    ) -> Response:
        """To azurite, where containers of all accounts lie side by side in one account."""
        place = hashlib.sha256(f"{self._life}/{account}/{container}".encode()).hexdigest()[:32]
        if place not in self._made:
            self._exchange("PUT", f"/{ACCOUNT}/{place}?restype=container", {}, b"")
            self._made[place] = account, container
        path = f"/{ACCOUNT}/{place}" + (f"/{quote(name)}" if name else "") + (f"?{urlencode(query)}" if query else "")
        return self._exchange(method, path, headers or {}, body)

    def _exchange(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Response:
        own = {"Authorization": f"Bearer {_token()}", "Content-Length": str(len(body))}
        own |= {} if any(key.lower() == "x-ms-version" for key in headers) else {"x-ms-version": "2021-12-02"}
        with self._lock:
            if self._azurite is None:
                authority = self._cloud.proxy.authority
                port = self._cloud.ends.enter_context(azurite(*authority.leaf("127.0.0.1"), self._folder))
                self._azurite = HTTPSConnectionPool("127.0.0.1", port, ca_certs=str(authority.file), retries=3)
        answer = self._azurite.request(method, path, body=body, headers=headers | own, preload_content=True)
        told = {key: value for key, value in answer.headers.items() if _is_sent_back(key)}
        return Response(answer.status, answer.data, told)


def _is_sent_back(header: str) -> bool:
    name = header.lower()
    return name in KEPT or name.startswith("x-ms-")


def _is_sent_on(header: str) -> bool:
    name = header.lower()
    own = ("x-ms-date", "x-ms-client-request-id")
    return (name.startswith(("x-ms-", "if-", "range", "content-")) and name not in own) and name != "content-length"


def _actions(request: Request) -> Iterable[str]:
    """The data actions that a request needs, most of them one.

    Source: "Permissions for calling data operations" (Microsoft Learn, from memory).
    """
    if request.query.get("restype") == "container" and request.query.get("comp") != "list":
        return (f"{BLOBS.removesuffix('/blobs')}/read",)
    if request.method in ("GET", "HEAD"):
        return (f"{BLOBS}/read",)
    if request.method == "DELETE":
        return (f"{BLOBS}/delete",)
    return (f"{BLOBS}/write",)


def _token() -> str:
    """What azurite wants of a token: a form, an audience, a time; it checks no signature."""
    now = int(time.time())
    claims = {"aud": AUDIENCE, "iss": "https://sts.windows.net/0/", "iat": now, "nbf": now - 9, "exp": now + 3600}
    return jwt.encode(claims, "k" * 32, "HS256")
