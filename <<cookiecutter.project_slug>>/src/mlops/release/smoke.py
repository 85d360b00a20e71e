"""The first requests of a deployment: rows that its contract allows, asked past all shares."""

import json
from collections.abc import Mapping
from math import inf
from typing import Any

from mlops.contract.types import Column, Contract
from mlops.platform.base import Endpoint

ROWS, REQUESTS = 20, 5


def test(endpoint: Endpoint, deployment: str, request: Mapping[str, Mapping[str, Any]]) -> str:
    """What is wrong with its answers, in words; nothing if all is well. `request` is as `mlops.contract.request`.

    A server answers with finite numbers or with an error.
    """
    for number in range(REQUESTS):
        status, answer = endpoint.ask(deployment, json.dumps({"rows": rows(request, number)}).encode())
        if status != 200:
            return f"answered {status} to rows that its contract allows: {answer[:500].decode(errors='replace')}"
        found = json.loads(answer)["predictions"]
        if len(found) != ROWS:
            return f"gave {len(found)} predictions for {ROWS} rows."
    return ""


def rows(request: Mapping[str, Mapping[str, Any]], seed: int) -> list[dict[str, Any]]:
    """Rows as JSON holds them."""
    from mlops.contract import synthetic

    contract = Contract(Column("#", "number", "id"), *(_column(name, **said) for name, said in request.items()))
    drawn = synthetic.rows(contract, ROWS, seed).drop("#").to_dicts()
    return [json.loads(json.dumps(row, default=lambda time: time.isoformat())) for row in drawn]


def _column(name: str, dtype: Any, unit: str, range: list[float | None], categories: list[str], **said: Any) -> Column:
    low, high = range
    ends = (-inf if low is None else low, inf if high is None else high)
    return Column(name, dtype, unit=unit, range=ends if dtype == "number" else None, categories=(*categories,), **said)
