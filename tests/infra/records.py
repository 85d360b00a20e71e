"""What GitHub knows of the runs of a project, and says of the job under way."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.emulator.ci.github import RUN, GitHub
from tests.emulator.ci.server import Asked
from tests.emulator.https.directory import EXCHANGE

VOUCHED = "/idtoken"


@dataclass
class Records(GitHub):
    """`approved` are the accounts that approved a run, by its id.

    `vouched` is what it says of the job under way, to whoever has that job's token.
    """

    token: str = "a-token"
    approved: dict[str, list[str]] = field(default_factory=dict)
    vouched: Callable[[], str] = str

    def answer(self, asked: Asked) -> Any:
        if asked.path == VOUCHED:
            assert asked.query["audience"] == EXCHANGE
            assert asked.headers["authorization"].lower() == f"bearer {self.token}"
            return {"value": self.vouched()}
        if found := re.search(r"/actions/runs/(\d+)/", asked.path):
            self.reviews.clear()
            for login in self.approved.get(found[1], ()):
                self.review(login)
            asked.path = asked.path.replace(f"/{found[1]}/", f"/{RUN}/")
        return super().answer(asked)
