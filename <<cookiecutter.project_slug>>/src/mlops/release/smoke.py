"""The first requests of a deployment: rows that its contract allows, asked past all shares."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import closing
from math import inf
from typing import Any

from mlops.connections import Connections
from mlops.contract.types import Column, Contract
from mlops.errors import Failure
from mlops.platform.endpoint import Door

ROWS, REQUESTS = 20, 5
PATIENCE_SECONDS = 30.0


def test(door: Door, request: Mapping[str, Mapping[str, Any]]) -> str:
    """What is wrong with its answers, in words; nothing if all is well. `request` is as `mlops.contract.request`.

    A server answers with finite numbers or with an error. Raises Failure when nobody answers at all.
    """
    try:
        return asyncio.run(_test(door, request))
    except (OSError, EOFError) as error:
        raise Failure(f"{door.url} does not answer: {error}. `mlops release status` says how it is.") from error


async def _test(door: Door, request: Mapping[str, Mapping[str, Any]]) -> str:
    with closing(Connections(door.url, door.headers)) as connections:
        for number in range(REQUESTS):
            async with asyncio.timeout(PATIENCE_SECONDS):
                answer = await connections.post(json.dumps({"rows": rows(request, number)}).encode())
            if answer.status != 200:
                told = answer.body[:500].decode(errors="replace")
                return f"answered {answer.status} to rows that its contract allows: {told}"
            if (found := len(json.loads(answer.body)["predictions"])) != ROWS:
                return f"gave {found} predictions for {ROWS} rows."
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
