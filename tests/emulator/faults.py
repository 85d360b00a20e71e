"""Faults that a test plans: a failing call, throttling, slowness. Each is used up by the calls that it meets."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.emulator.ids import Id
from tests.emulator.rules.refusal import Refusal

# Azure takes its time with these, so that two at once do meet.
ALWAYS_SLOW = {"microsoft.managedidentity/userassignedidentities/federatedidentitycredentials": 0.1}


@dataclass
class _Fault:
    type: str | None
    verb: str | None
    after: int
    times: int
    refusal: Refusal

    def meets(self, verb: str, id: Id) -> bool:
        return self.times > 0 and _matches(self.type, self.verb, verb, id)


class Faults:
    """`type` is an ARM type, `verb` one of put, get, delete, post; without them every call counts."""

    def __init__(self) -> None:
        self.sleep: Callable[[float], None] = time.sleep
        self._planned: list[_Fault] = []
        self._slow: list[tuple[str | None, str | None, float]] = []

    def fail(
        self,
        nth: int = 1,
        code: str = "InternalServerError",
        status: int = 500,
        *,
        type: str | None = None,
        verb: str | None = None,
    ) -> None:
        """The `nth` matching call from now on is refused, once."""
        refusal = Refusal(status, code, "The server encountered an internal error, please retry.")
        self._planned.append(_Fault(type, verb, nth - 1, 1, refusal))

    def throttle(self, times: int, *, type: str | None = None, verb: str | None = None, retry_after: int = 1) -> None:
        """The next matching calls are 429, with Retry-After in seconds.

        Source: "Understand how Azure Resource Manager throttles requests" (Microsoft Learn): 429 and Retry-After.
        """
        message = "The number of requests for the subscription has exceeded the limit. Please try again later."
        refusal = Refusal(429, "TooManyRequests", message, retry_after)
        self._planned.append(_Fault(type, verb, 0, times, refusal))

    def slow(self, seconds: float, *, type: str | None = None, verb: str | None = None) -> None:
        """Matching writes take that long, from now on."""
        self._slow.append((type, verb, seconds))

    def strike(self, verb: str, id: Id) -> None:
        """Raise the planned fault that this call meets."""
        for fault in [fault for fault in self._planned if fault.meets(verb, id)]:
            if fault.after:
                fault.after -= 1
                continue
            fault.times -= 1
            raise fault.refusal

    def wait(self, verb: str, id: Id) -> None:
        """Take the time that this call takes."""
        seconds = ALWAYS_SLOW.get(id.kind, 0.0) if verb == "put" else 0.0
        seconds += sum(pause for type, given, pause in self._slow if _matches(type, given, verb, id))
        if seconds:
            self.sleep(seconds)


def _matches(type: str | None, wanted: str | None, verb: str, id: Id) -> bool:
    return (type is None or type.lower() == id.kind) and (wanted is None or wanted == verb)
