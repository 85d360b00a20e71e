"""Where a model comes from, as a graph in rows: each box stands below all that it was made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, str]
"""Kind (data, step or model) and name."""


@dataclass
class Box:
    """`outputs` are digests by name, `reads` the boxes that it was made from."""

    outputs: Mapping[str, str]
    reads: list[Key] = field(default_factory=list)
    depth: int = 0


@dataclass(frozen=True)
class Graph:
    """`places` are (x in percent, row) of each box; `lines` go from place to place, around the boxes between them."""

    boxes: Mapping[Key, Box]
    places: Mapping[Key, tuple[float, int]]
    lines: list[tuple[float, int, float, int]]
    rows: int


def boxes(record: Mapping[str, Any]) -> dict[Key, Box]:
    """What a run read, did and made."""
    data = record.get("data", {})
    found: dict[Key, Box] = {("data", name): Box({"content": each["digest"]}) for name, each in data.items()}
    paths = {each["path"]: ("data", name) for name, each in data.items()}
    for name, node in record["nodes"].items():
        reads = [paths.get(each, ("step", each.partition(".")[0])) for each in node.get("inputs", {}).values()]
        written = {output: each["digest"] for output, each in node.get("outputs", {}).items()}
        found["step", name] = Box(written, list(dict.fromkeys(reads)))
    maker, _, output = record["outputs"].get("model", "").partition(".")
    if made := record["nodes"].get(maker, {}).get("outputs", {}).get(output):
        found["model", "model"] = Box({"artifact": made["digest"]}, [("step", maker)])
    return found


def graph(found: Mapping[Key, Box]) -> Graph:
    """Rows by depth. A line over several rows has a narrow place of its own in each of them."""
    for _ in found:
        for box in found.values():
            box.depth = max((found[read].depth + 1 for read in box.reads if read in found), default=0)
    used = {key: max((box.depth for box in found.values() if key in box.reads), default=0) for key in found}
    rows = 1 + max((box.depth for box in found.values()), default=-1)
    x: dict[tuple[Key, int], float] = {}
    lines = []
    for row in range(rows):
        above = {key: box.reads if box.depth == row else [key] for key, box in found.items()}
        here = [key for key, box in found.items() if box.depth == row or box.depth < row < used[key]]
        sources = {key: [x[read, row - 1] for read in above[key] if (read, row - 1) in x] for key in here}
        here.sort(key=lambda key: sum(sources[key]) / len(sources[key]) if sources[key] else 50)
        widths = [3 if found[key].depth == row else 1 for key in here]
        for place, key in enumerate(here):
            x[key, row] = 100 * (sum(widths[:place]) + widths[place] / 2) / sum(widths)
            lines += [(source, row - 1, x[key, row], row) for source in sources[key]]
    return Graph(found, {key: (x[key, box.depth], box.depth) for key, box in found.items()}, lines, rows)
