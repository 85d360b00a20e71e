"""The first requests of a deployment; what bad answers lead to is in test_commands."""

import socket

import pytest

from mlops.errors import Failure
from mlops.platform.endpoint import Door
from mlops.release import smoke


def test_that_nobody_answers_is_said_and_is_no_verdict():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/score"
        with pytest.raises(Failure, match=f"{url} does not answer: .*. `mlops release status` says how it is."):
            smoke.test(Door(url, {}), {})
