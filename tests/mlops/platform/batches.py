"""A node that splits its data."""

from pathlib import Path
from typing import Any

from mlops.specs.types import Node, Parallel
from tests.mlops.platform.lab import Done, Lab, asset, node, text


def splits(lab: Lab, script: str, data: Path, **more: Any) -> Node:
    code = lab.write("src/score.py", script).parent
    arguments = "--word ${{inputs.word}} --allowed_failed_percent 30"
    parallel = Parallel(("data",), "score.py", arguments, append_row_to="${{outputs.rows}}", **more)
    inputs = {"data": asset(data), "word": text("read")}
    return node("splits", "", code, inputs, {"rows": "uri_file"}, parallel=parallel)


def rows(lab: Lab, done: Done) -> list[str]:
    assert done.status == 0, done.event("splits").detail
    return lab.output(done, "splits", "rows").read_text().splitlines()
