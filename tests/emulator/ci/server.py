"""A CI system's REST API on the loopback interface: what the doubles of GitHub and Azure DevOps share."""

import json
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit


class Refusal(Exception):
    """An answer that is none: status, what it says, and more headers."""

    def __init__(self, status: int, said: Any, **headers: str) -> None:
        super().__init__(status)
        self.status, self.said, self.headers = status, said, headers


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Service(ABC):
    """`failing` are statuses of the next answers, `journal` is what was asked, `url` where it listens."""

    failing: list[int] = field(default_factory=list)
    journal: list[str] = field(default_factory=list)
    url: str = ""

    @abstractmethod
    def answer(self, asked: Asked) -> Any:
        """What is sent back as JSON, None as no content. Raises Refusal."""

    def failed(self) -> Any:
        """The body of a fault of the service itself."""
        return {"message": "Server Error"}


def route(asked: Asked, places: Mapping[str, Callable[..., Any]], nowhere: Any) -> Any:
    """The answer of the place whose pattern the path has, given its groups. Raises Refusal, which says `nowhere`."""
    for pattern, act in places.items():
        if found := re.fullmatch(pattern, asked.path):
            return act(asked, *found.groups())
    raise Refusal(404, nowhere)


Kind = TypeVar("Kind", bound=Service)


@contextmanager
def served(service: Kind) -> Iterator[Kind]:
    """Let it answer, one request at a time."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            place = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(place.query).items()}
            headers = {name.lower(): text for name, text in self.headers.items()}
            with lock:
                service.journal.append(f"{self.command} {unquote(place.path)}")
                try:
                    if service.failing:
                        raise Refusal(service.failing.pop(0), service.failed())
                    asked = Asked(self.command, unquote(place.path), query, headers, json.loads(body) if body else None)
                    self.give(200 if self.command != "POST" else 201, service.answer(asked), {})
                except Refusal as refusal:
                    self.give(refusal.status, refusal.said, refusal.headers)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def give(self, status: int, said: Any, headers: dict[str, str]) -> None:
            page = isinstance(said, str)
            content = said.encode() if page else b"" if said is None else json.dumps(said).encode()
            self.send_response(204 if said is None else status)
            self.send_header("content-type", "text/html" if page else "application/json")
            if said is not None:
                self.send_header("content-length", str(len(content)))
            for name, text in headers.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        service.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
