"""Work that takes Azure a while: begun by a request, asked for until it ends."""

import threading
import uuid
from collections.abc import Callable, Mapping

from tests.emulator.rules.refusal import Refusal
from tests.emulator.store import SUBSCRIPTION, Document

PLACE = (
    f"https://management.azure.com/subscriptions/{SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/operations"
)


class Operations:
    """Each is a thread; the resource that it works on is `Updating` until it ends."""

    def __init__(self, find: Callable[[str], Document | None]) -> None:
        self._find = find
        self._threads: dict[str, threading.Thread] = {}
        self._errors: dict[str, Document] = {}

    def begin(self, id: str, work: Callable[[], None] | None = None) -> Mapping[str, str]:
        """The headers that say where to ask. `work` raises Refusal when it fails."""
        operation = uuid.uuid4().hex

        def run() -> None:
            state = "Succeeded"
            try:
                if work:
                    work()
            except Refusal as refusal:
                state = "Failed"
                self._errors[operation] = {"code": refusal.code, "message": refusal.message}
            if document := self._find(id):
                document["properties"]["provisioningState"] = state

        if document := self._find(id):
            document["properties"]["provisioningState"] = "Updating"
        self._threads[operation] = threading.Thread(target=run, daemon=True)
        self._threads[operation].start()
        where = f"{PLACE}/{operation}?api-version=2024-01-01"
        return {"Azure-AsyncOperation": where, "retry-after-ms": "20"}

    def status(self, operation: str) -> Document:
        if operation not in self._threads:
            raise Refusal(404, "NotFound", f"There is no operation '{operation}'.")
        if self._threads[operation].is_alive():
            return {"status": "InProgress"}
        if error := self._errors.get(operation):
            return {"status": "Failed", "error": error}
        return {"status": "Succeeded"}
