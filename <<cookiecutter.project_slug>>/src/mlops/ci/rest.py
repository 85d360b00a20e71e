"""The REST API of a CI system: JSON there and back, and never on to another address, since the token goes along."""

import json
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from mlops.errors import Failure

TIMEOUT = 30.0
PAUSES = (2.0, 10.0)
"""Seconds before the second and the third try."""


class Denied(Failure):
    """The token does not count, or may not do it."""


class Passing(Failure):
    """It may go when it is done again."""


class Stays(HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: Any) -> None:
        return None


OPENER = build_opener(Stays)


class Api:
    """What lies below an address; `headers` go with each request."""

    def __init__(self, base: str, headers: Mapping[str, str]) -> None:
        self._base, self._headers = base.rstrip("/"), {**headers, "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What it answers. Raises Denied, Passing or Failure with what it says instead."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(url := self._base + path, data, {**self._headers, "User-Agent": "mlops"}, method=method)
        what = f"{method} {url.partition('?')[0]}"
        try:
            with OPENER.open(request, timeout=TIMEOUT) as answer:
                content = answer.read()
                return json.loads(content) if content else None
        except HTTPError as error:
            kind = Passing if error.code >= 500 or error.code == 429 else Failure
            kind = Denied if error.code in (301, 302, 401, 403) else kind
            raise kind(f"{what} was answered with {error.code}: {said(error.read())}") from error
        except ValueError as error:
            raise Denied(f"{what} was answered with no JSON, as when the token does not count.") from error
        except (OSError, HTTPException) as error:
            raise Passing(f"{what} had no answer: {error}. Is the address right, and is there a way to it?") from error


def said(content: bytes) -> str:
    """The sentence in the answer to what was refused."""
    try:
        return str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        return content[:200].decode(errors="replace").strip() or "nothing more is said."


def patient(act: Callable[..., Any], *arguments: Any) -> Any:
    """Do it, and all of it again when what went wrong may pass: so it has to look first what is there already."""
    for pause in PAUSES:
        try:
            return act(*arguments)
        except Passing:
            time.sleep(pause)
    return act(*arguments)
