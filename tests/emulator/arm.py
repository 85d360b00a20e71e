"""Azure Resource Manager in memory: documents by ARM id, refused where Azure refuses. No Pulumi type, no HTTP."""

import copy
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tests.emulator import access, after, fill
from tests.emulator.clock import Clock
from tests.emulator.faults import Faults
from tests.emulator.ids import Id
from tests.emulator.rules import Ask, Refusal, judge
from tests.emulator.store import SUBSCRIPTION, Document, Store

OWNER = "00000000-0000-0000-0000-0000000000ff"


class Call(NamedTuple):
    """One request: `refused` holds Azure's code, or nothing."""

    verb: str
    id: str
    caller: str
    refused: str = ""


class Arm:
    """One subscription. `caller` is the object id of a principal; OWNER owns the subscription.

    Settings that a test may change: `propagation` (minutes until a role works), `replication` (minutes until a new
    identity is found in the directory), `unregistered` (namespaces), `policies`, `taken` (global names), `cores`.
    `holds` says whether there is a blob or folder in a container of an account; without blobs, there is.
    """

    def __init__(self, store: Store | None = None, clock: Clock | None = None) -> None:
        self.store = store or Store()
        self.clock = clock or Clock()
        self.faults = Faults()
        self.propagation = self.replication = 0.0
        self.unregistered: set[str] = set()
        self.policies: list[access.Policy] = []
        self.taken: set[str] = set()
        self.cores = 100
        self.holds: Callable[[str, str, str], bool] = lambda account, container, path: True
        self.calls: list[Call] = []
        self.deletions: list[str] = []
        self.graves: dict[str, Document] = {}
        self.births: dict[str, int] = {}
        self.networks: dict[str, str] = {}
        self.under_way: list[Id] = []
        self._lock = threading.RLock()
        self.store.documents[f"/subscriptions/{SUBSCRIPTION}"] = {"id": f"/subscriptions/{SUBSCRIPTION}"}
        self.assign(OWNER, "Owner", f"/subscriptions/{SUBSCRIPTION}")

    def put(self, caller: str, id: str, body: Document) -> Document:
        """Create or replace; the resource as Azure would return it. Raises Refusal."""
        target = Id(id)
        ask = self._admit(Ask(self, caller, "put", target, copy.deepcopy(body), self.find(id)))
        try:
            self.faults.wait("put", target)
            with self._lock:
                return after.seen(self, self._write(ask))
        finally:
            self.under_way.remove(target)

    def get(self, caller: str, id: str) -> Document:
        """Raises Refusal 404 where there is nothing."""
        with self._lock:
            ask = self._admit(Ask(self, caller, "get", Id(id), {}, self.find(id)), lasts=False)
            assert ask.before is not None
            return after.seen(self, ask.before)

    def list(self, caller: str, prefix: str) -> Sequence[Document]:
        """Everything below `prefix` that the caller may read, oldest first."""
        with self._lock:
            found = [Id(document["id"]) for document in self.below(prefix)]
            seen = [id for id in found if access.allows(self, caller, id.action("read"), id)]
            return [after.seen(self, self.store.documents[id.text]) for id in seen]

    def delete(self, caller: str, id: str) -> None:
        """With everything below it. What is not there is deleted already."""
        target = Id(id)
        ask = self._admit(Ask(self, caller, "delete", target, {}, self.find(id)))
        try:
            self.faults.wait("delete", target)
            with self._lock:
                if ask.before is not None:
                    self._remove(target)
        finally:
            self.under_way.remove(target)

    def post(self, caller: str, id: str, action: str, body: Document | None = None) -> Document:
        """An action such as listKeys or provisionManagedNetwork; what it returns."""
        with self._lock:
            ask = self._admit(Ask(self, caller, "post", Id(id), body or {}, self.find(id), action), lasts=False)
            return copy.deepcopy(after.answer(ask))

    def change_behind(self, id: str, path: str, value: object) -> None:
        """Drift: somebody changes the resource past every rule. `path` is dotted, from the document's root."""
        *way, last = path.split(".")
        document = self.store.documents[id]
        for key in way:
            document = document.setdefault(key, {})
        document[last] = value

    def assign(self, principal: str, role: str, scope: str, condition: str | None = None) -> str:
        """Give a role from outside, as a person of the platform team would; the assignment's id."""
        return access.assign(self, principal, role, scope, condition)

    def find(self, id: str) -> Document | None:
        """The live document, past every rule; shared, do not change it."""
        return self.store.documents.get(id)

    def below(self, scope: str) -> Sequence[Document]:
        """Live documents at or below `scope`."""
        return [document for document in self.store.documents.values() if Id(document["id"]).within(scope)]

    def _admit(self, ask: Ask, *, lasts: bool = True) -> Ask:
        with self._lock:
            try:
                self.faults.strike(ask.verb, ask.id)
                judge(ask)
            except Refusal as refusal:
                self.calls.append(Call(ask.verb, ask.id.text, ask.caller, refusal.code))
                raise
            self.calls.append(Call(ask.verb, ask.id.text, ask.caller))
            if lasts:
                self.under_way.append(ask.id)
            return ask

    def _write(self, ask: Ask) -> Document:
        if ask.before is None and not after.revive(ask):
            self.births[ask.id.key] = self.births.get(ask.id.key, 0) + 1
        document = fill.complete(ask)
        self.store.documents[ask.id.text] = document
        return document

    def _remove(self, target: Id) -> None:
        """Children first. Role assignments on what is gone are gone with it."""
        for document in reversed(self.below(target.text)):
            id = Id(document["id"])
            after.bury(self, id, document)
            del self.store.documents[id.text]
            self.networks.pop(id.key, None)
            self.deletions.append(id.text)
