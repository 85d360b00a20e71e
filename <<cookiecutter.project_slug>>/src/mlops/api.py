"""All that a model package may import from the machinery. It loads only numpy, so that serving starts fast."""

from typing import TYPE_CHECKING, Any

from mlops.contract.types import NULL, UNSEEN, Column, Columns, Contract
from mlops.gates.base import Context, Verdict
from mlops.stats import Interval, Metric

if TYPE_CHECKING:
    from mlops.gates.limits import Limits

__all__ = ["NULL", "UNSEEN", "Column", "Columns", "Context", "Contract", "Interval", "Limits", "Metric", "Verdict"]


def __getattr__(name: str) -> Any:
    if name == "Limits":
        from mlops.gates.limits import Limits

        return Limits
    raise AttributeError(f"mlops.api has no '{name}'")
