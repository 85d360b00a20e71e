"""What callers may send: the features of a contract, as JSON can hold them."""

from math import isinf
from typing import Any

from mlops.contract.types import Contract

SAID = ("dtype", "unit", "categories", "nullable", "unseen")


def schema(contract: Contract) -> dict[str, dict[str, Any]]:
    """By feature its dtype, unit, range (an open end is None), categories, and what may be unknown or unseen."""
    return {
        column.name: {name: getattr(column, name) for name in SAID}
        | {"range": [None if isinf(end) else end for end in column.range or (-float("inf"), float("inf"))]}
        for column in contract.features
    }
