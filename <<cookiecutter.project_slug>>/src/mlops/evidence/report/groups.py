"""Which groups a model serves worst."""

from collections.abc import Mapping
from typing import Any

from mlops.gates.quality import Limits


def gaps(groups: Mapping[str, Any], limits: Limits) -> list[dict[str, Any]]:
    """Of each metric with a limit and each column: its worst and its best group among those that are large enough
    and in which the metric has an interval.

    `apart` says that their intervals do not overlap, `missed` that the worst is beyond the limit that holds for all
    rows together. Those that are apart come first, of these those that missed, of these the wide ones.
    """
    found = []
    for column, within in groups.items():
        sound = {name: group["metrics"] for name, group in within.items() if not group["too_small"]}
        for metric, limit in (limits.floors | limits.ceilings).items():
            known = {name: each[metric] for name, each in sound.items() if metric in each}
            ranked = sorted((each["value"], name) for name, each in known.items() if each["low"] is not None)
            if len(ranked) < 2:
                continue
            (low, lowest), (high, highest) = ranked[0], ranked[-1]
            floor = metric in limits.floors
            worst, best = (lowest, highest) if floor else (highest, lowest)
            apart = known[lowest]["high"] < known[highest]["low"]
            missed = low < limit if floor else high > limit
            gap = {"metric": metric, "column": column, "worst": worst, "best": best, "limit": limit}
            found.append(gap | {"size": high - low, "apart": apart, "missed": missed})
    return sorted(found, key=lambda gap: (not gap["apart"], not gap["missed"], -gap["size"]))
