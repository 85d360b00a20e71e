"""Azure as its clients see it over HTTPS: one subscription, its directory and its data, behind one loopback proxy."""

import json
import os
import re
import threading
import traceback
from collections.abc import Callable, Collection
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from random import Random
from typing import NamedTuple, Self
from urllib.parse import quote, urlencode

from tests.emulator.arm import Arm
from tests.emulator.https.blobs import Blobs
from tests.emulator.https.directory import Directory, Principal
from tests.emulator.https.images import Images
from tests.emulator.https.operations import Operations
from tests.emulator.https.routing import ANY, ROUTES, Asked, json_of, refused, shape
from tests.emulator.https.runs import Runs
from tests.emulator.https.servers import Servers
from tests.emulator.https.wire import Lost, Proxy, Request, Response
from tests.emulator.rules.refusal import Refusal
from tests.emulator.store import SUBSCRIPTION, TENANT, Document

ZONES = "core.windows.net|azureml.ms|vault.azure.net|azurecr.io|inference.ml.azure.com".replace(".", r"\.")
SERVED = re.compile(rf"management\.azure\.com|login\.microsoftonline\.com|api\.loganalytics\.io|[\w.-]+\.({ZONES})")
MADE_BY = "x-made-by"
for _name in sorted(file.stem for file in Path(__file__).with_name("routes").glob("*.py")):
    import_module(f"tests.emulator.https.routes.{_name}")
ROUTES.sort(key=lambda route: route.template == ANY)


class Call(NamedTuple):
    """One request, its names and ids replaced by the placeholders of the route; who made it where a test marks that."""

    method: str
    route: str
    version: str
    by: str = ""


class Cloud:
    """Answers one request at a time. What it does not know is a 400, which no client retries.

    `inside` says whether callers are inside the private networks, `faults` is what the emulator itself did wrong,
    `lines` are those of the traffic log: when on the clock of Arm, for which log workspace, and what it says.
    `page` is how much of a list one answer holds (assumed: the number), `done` is told of each request that is over,
    before it is answered.
    """

    def __init__(self, folder: Path, arm: Arm | None = None) -> None:
        self.arm = arm or Arm()
        self.folder, self.inside, self.page = folder, False, 5
        self.done: Callable[[Call], None] = lambda call: None
        self.journal: list[Call] = []
        self.faults: list[str] = []
        self.directory = Directory(self.arm)
        self.proxy = Proxy(folder, lambda host: bool(SERVED.fullmatch(host)), self.answer)
        self.ends = ExitStack()
        self.ends.callback(self.proxy.close)
        self.blobs = Blobs(self, folder)
        self.arm.holds = self.blobs.holds
        self.operations = Operations(self.arm.find)
        self.runs, self.images = Runs(self), Images(self)
        self.servers, self.draw = Servers(self, folder / "servers"), Random(0)
        self.lines: list[tuple[str, str, Document]] = []
        self._lock = threading.RLock()
        self._lost: dict[tuple[str, str], int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.runs.close()
        self.servers.close()
        self.ends.close()

    def environ(self, principal: Principal, home: Path) -> dict[str, str]:
        """What a process that acts as `principal` finds in its environment: signed in as a job of CI is."""
        file = home / f"{principal.client}.jwt"
        file.write_text(self.directory.assertion(principal.subject))
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            **self.proxy.environ(),
            "AZURE_TENANT_ID": TENANT,
            "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
            "AZURE_CLIENT_ID": principal.client,
            "AZURE_FEDERATED_TOKEN_FILE": str(file),
            "AZURE_TOKEN_CREDENTIALS": "WorkloadIdentityCredential",
            "AZUREML_RUN_POLLING_INTERVAL_MIN": "0",
            "AZUREML_RUN_POLLING_INTERVAL_MAX": "1",
        }

    def lose(self, method: str, route: str, after: int = 0) -> None:
        """From so many requests to a route on, connections end without an answer."""
        self._lost[method, route] = after

    def mend(self) -> None:
        """No connection is lost any more."""
        self._lost.clear()

    def answer(self, request: Request) -> Response:
        try:
            return self._answer(request)
        except Refusal as refusal:
            return refused(refusal)
        except Lost:
            raise
        except Exception as fault:
            self.faults.append("".join(traceback.format_exception(fault)))
            return refused(Refusal(400, "EmulatorFault", repr(fault)))

    def calls(self, since: int = 0, *, without: Collection[str] = ()) -> list[Call]:
        """The journal from a place on."""
        return [call for call in self.journal[since:] if call.route not in without]

    def _answer(self, request: Request) -> Response:
        comp = f"?comp={request.query['comp']}" if "comp" in request.query else ""
        for method, template, pattern, audience, answer in ROUTES:
            match = pattern.fullmatch(request.host + request.path + comp)
            if match and method == request.method:
                self._keep(method, template)
                version = request.query.get("api-version") or request.headers.get("x-ms-version", "")
                shown, by = shape(request.path) if template == ANY else template, request.headers.get(MADE_BY, "")
                self.journal.append(call := Call(method, shown, version, by))
                caller = ""
                if audience != "-":
                    caller = self.directory.caller(request.headers.get("Authorization"), audience)
                try:
                    with self._lock:
                        answered = answer(Asked(self, request, caller, match.groupdict()))
                finally:
                    self.done(call)
                return self._page(request, answered) if audience != "-" else answered
        message = f"No emulated route for {request.method} https://{request.host}{request.path}{comp}."
        raise Refusal(400, "NotEmulated", message)

    def _page(self, request: Request, answered: Response) -> Response:
        """The part of a list that is asked for, and where the next one is.

        Source: `nextLink` in the REST API guidelines of Azure (Microsoft, from memory).
        """
        if request.method != "GET" or not answered.body.startswith(b'{"value": ['):
            return answered
        whole, start = json.loads(answered.body), int(request.query.get("$skipToken", 0))
        page = {"value": whole["value"][start : start + self.page]}
        if start + self.page < len(whole["value"]):
            query = urlencode({**request.query, "$skipToken": start + self.page})
            page["nextLink"] = f"https://{request.host}{quote(request.path)}?{query}"
        return json_of(page, answered.status)

    def _keep(self, method: str, route: str) -> None:
        """Raises Lost when it is time to."""
        with self._lock:
            if (left := self._lost.get((method, route))) == 0:
                raise Lost
            if left:
                self._lost[method, route] = left - 1
