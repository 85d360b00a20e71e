"""What the description of the server promises, asked of the server: schemathesis makes up requests, right and wrong."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from tests.mlops.serving.servers import Server


@pytest.mark.parametrize("mode", schemathesis.GenerationMode, ids=str)
def test_the_server_does_as_it_describes(server: Server, mode: schemathesis.GenerationMode):
    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{server.port}/openapi.json")

    @settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=schema["/score"]["POST"].as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate()

    ask()
