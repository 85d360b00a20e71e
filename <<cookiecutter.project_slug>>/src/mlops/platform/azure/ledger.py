"""The ledger in Azure: a blob for each entry in the organisation's storage, numbered, and written once."""

import json
import os
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from mlops.errors import Busy, Failure
from mlops.platform.azure.blobs import Blobs
from mlops.platform.azure.client import Azure
from mlops.platform.azure.sentences import said, sentence
from mlops.platform.base import Entry

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, BlobLeaseClient, ContainerClient

ENTRY = re.compile(r"(\w+)/(\d{6,})\.json")
TAKEN = ("BlobAlreadyExists", "UnauthorizedBlobOverwrite")
"""How storage refuses a second blob of a name: to who may write, and to who may only add."""
LEASE, HELD, ABSENT = "leases/{}", "LeaseAlreadyPresent", "BlobNotFound"
LEASE_SECONDS, RENEW_SECONDS = 60, 20.0


class AzureLedger:
    """Entries of all environments of the project in blobs `ENVIRONMENT/000001.json` and so on.

    Each environment's lease is a blob, in which its holder may note something for the next one.
    """

    def __init__(self, azure: Azure) -> None:
        self._azure, self._until = azure, 0.0
        self._held: BlobLeaseClient | None = None

    @cached_property
    def _container(self) -> "ContainerClient":
        return self._azure.container(self._azure.names.ledger_url)

    def append(self, environment: str, content: bytes) -> None:
        """Raises Failure when the lease that this process held is lost."""
        if self._held and time.time() > self._until:
            raise Failure(sentence("LeaseLost", environment))
        with said(environment):
            number = max((number for _, number, _ in self._pages(f"{environment}/")), default=0) + 1
            while not self._added(f"{environment}/{number:06}.json", content):
                number += 1

    def read(self) -> tuple[Entry, ...]:
        def entry(page: tuple[str, int, str]) -> Entry:
            environment, number, name = page
            return Entry(environment, number, self._container.download_blob(name).readall())

        with said(self._azure.environment), ThreadPoolExecutor(8) as pool:
            return tuple(pool.map(entry, sorted(self._pages())))

    @contextmanager
    def lease(self, environment: str) -> Iterator[None]:
        """Renewed while the block runs. A process that is killed lets go of it after a minute.

        Where the block fails, and letting go of it too, the first is raised, and has a note of the second.
        """
        with said(environment):
            self._held = held = self._acquired(environment)
        self._until = time.time() + LEASE_SECONDS
        done = Event()
        renewing = Thread(target=self._renew, args=(held, done), daemon=True)
        renewing.start()

        def let_go() -> None:
            self._held = None
            done.set()
            renewing.join()
            with said(environment):
                held.release()

        try:
            yield
        except BaseException as error:
            try:
                let_go()
            except Failure as other:
                error.add_note(str(other))
            raise
        let_go()

    def noted(self) -> Any:
        """What a holder of the lease has noted; None where that is nothing, or damaged."""
        return Blobs(self._container, self._azure.environment).read_json(self._lease.blob_name)

    def note(self, what: Any) -> None:
        """Does nothing where this process does not hold the lease."""
        if self._held:
            with said(self._azure.environment):
                self._lease.upload_blob(json.dumps(what), overwrite=True, lease=self._held, metadata=_holder())

    @property
    def _lease(self) -> "BlobClient":
        return self._container.get_blob_client(LEASE.format(self._azure.environment))

    def _pages(self, prefix: str = "") -> Iterator[tuple[str, int, str]]:
        """Environment, number and name of each entry."""
        found = map(ENTRY.fullmatch, self._container.list_blob_names(name_starts_with=prefix))
        return ((each[1], int(each[2]), each[0]) for each in found if each)

    def _added(self, name: str, content: bytes) -> bool:
        """Whether the blob holds the content now: a try whose answer was lost has written it."""
        from azure.core.exceptions import HttpResponseError

        try:
            self._container.upload_blob(name, content)
        except HttpResponseError as error:
            if getattr(error, "error_code", None) not in TAKEN:
                raise
            return self._container.download_blob(name).readall() == content
        return True

    def _acquired(self, environment: str) -> "BlobLeaseClient":
        from azure.core.exceptions import HttpResponseError

        blob = self._container.get_blob_client(LEASE.format(environment))
        try:
            held = blob.acquire_lease(LEASE_SECONDS)
        except HttpResponseError as error:
            code = getattr(error, "error_code", None)
            if code == ABSENT:
                self._added(blob.blob_name, b"")
                return self._acquired(environment)
            if code != HELD:
                raise
            holder = blob.get_blob_properties().metadata.get("holder", "unknown")
            what = f"another release command on {environment} is under way ({holder}). Wait until it ends"
            raise Busy(f"{what}; a killed one lets go after {LEASE_SECONDS} seconds.") from error
        blob.set_blob_metadata(_holder(), lease=held)
        return held

    def _renew(self, held: "BlobLeaseClient", done: Event) -> None:
        from azure.core.exceptions import AzureError

        while not done.wait(RENEW_SECONDS):
            asked = time.time()
            try:
                held.renew()
                self._until = asked + LEASE_SECONDS
            except AzureError as error:
                if getattr(error, "status_code", None) == 409:  # another has it
                    self._until = 0.0


def _holder() -> dict[str, str]:
    return {"holder": f"{socket.gethostname()}, process {os.getpid()}"}
