"""A parallel node: which files or rows make its mini batches, and the command that goes through them."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mlops.errors import Failure
from mlops.platform.local import mini_batches, tables
from mlops.specs.expressions import render
from mlops.specs.types import Parallel


def command(parallel: Parallel, inputs: Mapping[str, str], outputs: Mapping[str, str], place: Path) -> str:
    """Write the plan of a parallel node into a folder, its scratch; returns the bash command that carries it out.

    Raises Failure when there is nothing to split, or when it cannot be split as the node says.
    """
    found = [tables.read(Path(inputs[name])) for name in parallel.data]
    files = [file for table in found for file in table.files]
    if not files:
        raise Failure(f"there is no mini batch: no file in its input '{parallel.data[0]}'. Check what it should hold.")
    if found[0].reader and len(found) > 1:
        raise Failure("splits more than one table. Join them in a node before it.")
    by_name = [tables.keys(file, parallel.partition_keys) for file in files]
    table = None
    if found[0].reader:
        table = found[0]
    elif parallel.batch_bytes or None in by_name:
        table = tables.of_suffix(files, "`partition_keys`" if None in by_name else "`mini_batch_size` in bytes")
    rows = table and asdict(table) | {"keys": list(parallel.partition_keys), "bytes": parallel.batch_bytes}
    plan = {
        name: getattr(parallel, name)
        for name in ("entry_script", "workers", "retries", "timeout", "error_threshold", "mini_batch_error_threshold")
    } | {
        "arguments": shlex.split(render(parallel.arguments, inputs, outputs)),
        "append_row_to": parallel.append_row_to and render(parallel.append_row_to, inputs, outputs),
        "table": rows,
        "tasks": [] if table else list(_of_files(parallel, [file["path"] for file in files], by_name)),
    }
    place.mkdir(parents=True)
    (place / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    return f"exec python -P {shlex.quote(mini_batches.__file__)} {shlex.quote(str(place / 'plan.json'))}"


def _of_files(
    parallel: Parallel, paths: Sequence[str], by_name: Sequence[Mapping[str, str] | None]
) -> Iterator[dict[str, Any]]:
    if parallel.partition_keys:
        groups: dict[str, tuple[Mapping[str, str], list[str]]] = {}
        for path, keys in zip(paths, by_name, strict=True):
            groups.setdefault(json.dumps(keys), (keys or {}, []))[1].append(path)
        for index, (keys, own) in enumerate(groups.values()):
            yield {"index": index, "paths": own, "keys": keys, "items": 1}
        return
    for index in range(0, len(paths), size := parallel.batch_files or 1):
        own = paths[index : index + size]
        yield {"index": index // size, "paths": own, "keys": {}, "items": len(own)}
