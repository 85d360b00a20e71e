"""A parallel node: which files or rows make its mini batches, and the command that goes through them.

Reads `MLTable` files, as far as they say which files there are and how pandas reads them.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from mlops.errors import Failure
from mlops.platform.local import mini_batches
from mlops.specs.expressions import render
from mlops.specs.types import Parallel
from mlops.uploads import walk

Files = Mapping[Path, Mapping[str, str]]
"""Files, each with the columns that its name says."""
Steps = Sequence[tuple[str, Mapping[str, Any]]]
"""How files become rows, in the words of an `MLTable`, each with its arguments."""
READ = {".csv": "read_delimited", ".parquet": "read_parquet"}
PARTITIONED = "extract_columns_from_partition_format"
STEPS = {*READ.values(), PARTITIONED, "drop_columns", "keep_columns", "convert_column_types"}
HIVE = re.compile(r"([^/=]+)=([^/]*)/")


def command(parallel: Parallel, inputs: Mapping[str, str], outputs: Mapping[str, str], place: Path) -> str:
    """Write the plan of a parallel node into a folder, its scratch; returns the bash command that carries it out.

    Raises Failure when there is nothing to split, or when it cannot be split as the node says.
    """
    read, keys = [_read(Path(inputs[name])) for name in parallel.data], parallel.partition_keys
    files, steps = {file: columns for found, _ in read for file, columns in found.items()}, read[0][1]
    if not files:
        raise Failure(f"there is no mini batch: no file in its input '{parallel.data[0]}'. Check what it should hold.")
    if by_rows := any(name in READ.values() for name, _ in steps):
        if len(read) > 1:
            raise Failure("splits more than one table. Join them in a node before it.")
    elif parallel.batch_bytes or any(not columns.keys() >= set(keys) for columns in files.values()):
        by_rows, steps = True, _by_suffix(files)
    plan = asdict(parallel) | {
        "arguments": shlex.split(render(parallel.arguments, inputs, outputs)),
        "append_row_to": parallel.append_row_to and render(parallel.append_row_to, inputs, outputs),
        "files": {str(file): columns for file, columns in files.items()},
        "steps": steps,
        "tasks": None if by_rows else list(_of_files(parallel, files)),
    }
    place.mkdir(parents=True)
    (place / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    return f"exec python -P {shlex.quote(mini_batches.__file__)} {shlex.quote(str(place / 'plan.json'))}"


def _of_files(parallel: Parallel, files: Files) -> Iterator[dict[str, Any]]:
    """Mini batches of files with the same keys in their names, or of so many files."""
    keys, groups = parallel.partition_keys, dict[tuple[Any, ...], list[str]]()
    for number, (file, columns) in enumerate(files.items()):
        by = tuple(columns[key] for key in keys) or (number // (parallel.batch_files or 1),)
        groups.setdefault(by, []).append(str(file))
    for index, (by, paths) in enumerate(groups.items()):
        own = dict(zip(keys, by, strict=False))
        yield {"index": index, "paths": paths, "keys": own, "items": 1 if keys else len(paths)}


def _read(path: Path) -> tuple[Files, Steps]:
    """What an input holds: a file, the files of a folder, or what its `MLTable` file says. Raises Failure."""
    place = path / "MLTable"
    if not place.is_file():
        found = [(path.name, path)] if path.is_file() else walk(path)
        return {file: dict(HIVE.findall(name)) for name, file in found}, ()
    try:
        listed = yaml.safe_load(place.read_text(encoding="utf-8"))
        steps = [_step(each) for each in listed.get("transformations") or ()]
        files = sorted({file for entry in listed["paths"] for file in _entry(path, entry)} - {place})
        return {file: _partitioned(steps, f"/{file.relative_to(path).as_posix()}") for file in files}, steps
    except (yaml.YAMLError, LookupError, TypeError, ValueError, AttributeError, re.error) as error:
        raise Failure(f"{place} is no MLTable file that can be read ({error}). Mend it.") from error


def _by_suffix(files: Files) -> Steps:
    """How files without an `MLTable` are read, as their names end. Raises Failure for what is no table."""
    kinds = {file.suffix.lower() for file in files}
    if len(kinds) > 1 or not kinds <= READ.keys():
        raise Failure(
            f"its data cannot be split into rows: all files must be tables of one kind ({', '.join(READ)}), "
            f"and these end in {', '.join(sorted(kinds))}. Add an MLTable file that names those to read."
        )
    return [(READ[kind], {}) for kind in kinds]


def _entry(folder: Path, entry: Mapping[str, str]) -> Iterator[Path]:
    """Files that an item of `paths` names: `file: x.csv`, `folder: x` or `pattern: ./**/*.csv`."""
    ((kind, said),) = entry.items()
    for place in folder.glob(said.lstrip("./")) if kind == "pattern" else [folder / said]:
        if ".." in Path(said).parts or Path(said).is_absolute():
            raise Failure(f"its MLTable names {said}, which is outside {folder}. Put the data below it.")
        if not place.exists():
            raise Failure(f"its MLTable names {said}, which is not in {folder}. Put it there, or correct the path.")
        yield from (file for _, file in walk(place)) if place.is_dir() else [place]


def _step(step: Any) -> tuple[str, Mapping[str, Any]]:
    """A transformation and its arguments; one without a name is `columns`."""
    ((name, said),) = step.items() if isinstance(step, Mapping) else ((step, None),)
    if name not in STEPS:
        raise Failure(f"its MLTable says `{name}`, which does not run locally. Do that in a node before it.")
    given = dict(said) if isinstance(said, Mapping) else {"columns": said}
    columns = given.get("columns")
    return name, given | {"columns": [columns] if isinstance(columns, str) else columns}


def _partitioned(steps: Steps, file: str) -> dict[str, str]:
    """The columns that partition formats such as `/{store}/{*}.csv` read off the name of a file."""
    found: dict[str, str] = {}
    for form in (said.get("partition_format") or said["columns"][0] for name, said in steps if name == PARTITIONED):
        pattern = re.sub(r"\\\{(\w+)[^{}]*\\\}", r"(?P<\1>[^/]+?)", re.escape(form).replace(r"\{\*\}", "[^/]*?"))
        match = re.search(f"{pattern}$", file) or re.search(pattern, file)
        found |= match.groupdict() if match else {}
    return found
