"""Trying again, and saying so: what is busy or cannot be reached, and roles that do not work yet."""

import sys
from collections.abc import Callable
from typing import Any

from mlops.platform.azure.sentences import sentence

PAUSE_SECONDS = 15.0
NEW_SECONDS = 600.0
"""Roles that were just given work after this time at most ("Troubleshoot Azure RBAC", Microsoft, 2023-09-20)."""
CLOSED = "reached only from inside its network"
"""What is said of a door that no role opens."""


def patient(policy: type[Any], age: Callable[[], float], **tries: float) -> Any:
    """A retry policy of the official client that is like `policy`, and waits for roles while `age()` is small.

    `age` is how many seconds ago the names of the environment were written. Who is not signed in is asked once.
    """
    from azure.core.exceptions import ClientAuthenticationError

    class Patient(policy):
        def increment(self, *given: Any, error: Any = None, **named: Any) -> bool:
            return not isinstance(error, ClientAuthenticationError) and super().increment(*given, error=error, **named)

        def sleep(self, *given: Any, **named: Any) -> None:
            _say("Azure is busy, or cannot be reached")
            super().sleep(*given, **named)

        def send(self, request: Any) -> Any:
            answer = super().send(request)
            while _refused(answer.http_response) and age() < NEW_SECONDS:
                _say("this login's roles do not work yet, as they may for ten minutes after they were given")
                request.context.transport.sleep(PAUSE_SECONDS)
                answer = super().send(request)
            return answer

    return Patient(**tries)


def _refused(response: Any) -> bool:
    code = response.headers.get("x-ms-error-code")
    return response.status_code == 403 and CLOSED not in sentence(f"{code}: {response.body()}", "")


def _say(what: str) -> None:
    print(f"{what}. Trying again.", file=sys.stderr)
