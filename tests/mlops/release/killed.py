"""A controller that kills itself right after its first act, or while it waits for a deployment. As a program."""

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from mlops import platform, settings
from mlops.platform.base import Ledger
from mlops.platform.endpoint import Endpoint
from mlops.release import start
from mlops.release.tick import Controller

ACTS = ("append", "deploy", "traffic", "remove")


def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Deadly:
    """Something whose acts are the last ones of this process."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        def act(*given: Any) -> None:
            getattr(self._real, name)(*given)
            die()

        return act if name in ACTS else getattr(self._real, name)


def main(project: Path, what: str, *reference: str) -> None:
    """`start MODEL`, `tick` or `deploy`, which is a tick that does not live to see what it deploys."""
    real = platform.open("local", project)
    ledger, endpoint = cast(Ledger, Deadly(real.ledger)), cast(Endpoint, Deadly(real.endpoint))
    deadly = replace(real, ledger=ledger, endpoint=endpoint)
    controller = Controller(deadly, project, settings.load(project / "mlops.yaml"), "local")
    if what == "start":
        start.start(controller, *reference)
    pause = time.sleep
    if what == "deploy":
        time.sleep = die
    while controller.tick().act != "nothing":
        pause(0.2)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
