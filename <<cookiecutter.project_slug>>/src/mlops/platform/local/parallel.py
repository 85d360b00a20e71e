"""A parallel node: which files or rows make its mini batches, and the command that goes through them.

Reads `MLTable` files, as far as they say which files there are and how pandas reads them.
"""

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from mlops.errors import Failure
from mlops.platform.local import mini_batches
from mlops.specs.expressions import render
from mlops.specs.types import Parallel
from mlops.uploads import walk

SUFFIXES = {".csv": "read_csv", ".parquet": "read_parquet"}
NO_HEADER = ("no_header", "false")
"""`header:` of `read_delimited` where the first line is data; every other word says that it has the names."""
HIVE = re.compile(r"([^/=]+)=([^/]*)/")


@dataclass(frozen=True)
class Table:
    """Files, each with its `path` and the `columns` that its name says.

    `reader` is the function of pandas that reads one, with `options`; empty where files stay files. `path_column` is
    where rows say the path of their file. Of all columns only `kept` go on, unless it is None, and none of `dropped`.
    """

    files: Sequence[Mapping[str, Any]]
    reader: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    path_column: str = ""
    kept: Sequence[str] | None = None
    dropped: Sequence[str] = ()


def command(parallel: Parallel, inputs: Mapping[str, str], outputs: Mapping[str, str], place: Path) -> str:
    """Write the plan of a parallel node into a folder, its scratch; returns the bash command that carries it out.

    Raises Failure when there is nothing to split, or when it cannot be split as the node says.
    """
    found = [_read(Path(inputs[name])) for name in parallel.data]
    table = replace(found[0], files=[file for each in found for file in each.files])
    if not table.files:
        raise Failure(f"there is no mini batch: no file in its input '{parallel.data[0]}'. Check what it should hold.")
    if table.reader and len(found) > 1:
        raise Failure("splits more than one table. Join them in a node before it.")
    keyed = all(file["columns"].keys() >= set(parallel.partition_keys) for file in table.files)
    if not table.reader and (parallel.batch_bytes or not keyed):
        table = _as_rows(table)
    plan = asdict(parallel) | {
        "arguments": shlex.split(render(parallel.arguments, inputs, outputs)),
        "append_row_to": parallel.append_row_to and render(parallel.append_row_to, inputs, outputs),
        "table": asdict(table) if table.reader else None,
        "tasks": [] if table.reader else list(_of_files(parallel, table.files)),
    }
    place.mkdir(parents=True)
    (place / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    return f"exec python -P {shlex.quote(mini_batches.__file__)} {shlex.quote(str(place / 'plan.json'))}"


def _of_files(parallel: Parallel, files: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Mini batches of files with the same keys in their names, or of so many files."""
    keys, groups = parallel.partition_keys, dict[tuple[Any, ...], list[str]]()
    for number, file in enumerate(files):
        by = tuple(file["columns"][key] for key in keys) or (number // (parallel.batch_files or 1),)
        groups.setdefault(by, []).append(file["path"])
    for index, (by, paths) in enumerate(groups.items()):
        own = dict(zip(keys, by, strict=False))
        yield {"index": index, "paths": paths, "keys": own, "items": 1 if keys else len(paths)}


def _read(path: Path) -> Table:
    """What an input holds: a file, the files of a folder, or what its `MLTable` file says. Raises Failure."""
    place = path / "MLTable"
    if not place.is_file():
        found = [(path.name, path)] if path.is_file() else walk(path)
        return Table([{"path": str(file), "columns": dict(HIVE.findall(name))} for name, file in found])
    try:
        said = yaml.safe_load(place.read_text(encoding="utf-8"))
        files = sorted({file for entry in said["paths"] for file in _entry(path, entry)} - {place})
        table = Table([{"path": str(file), "columns": {}} for file in files])
        return _transformed(table, path, said.get("transformations") or ())
    except (yaml.YAMLError, LookupError, TypeError, ValueError, AttributeError, re.error) as error:
        raise Failure(f"{place} is no MLTable file that can be read ({error}). Mend it.") from error


def _as_rows(table: Table) -> Table:
    """Files without an `MLTable`, read as their names end. Raises Failure for what is no table."""
    kinds = {Path(file["path"]).suffix.lower() for file in table.files}
    if len(kinds) > 1 or not kinds <= SUFFIXES.keys():
        raise Failure(
            f"its data cannot be split into rows: all files must be tables of one kind ({', '.join(SUFFIXES)}), "
            f"and these end in {', '.join(sorted(kinds))}. Add an MLTable file that names those to read."
        )
    return replace(table, reader=SUFFIXES[kinds.pop()])


def _entry(folder: Path, entry: Mapping[str, str]) -> Iterator[Path]:
    """Files that an item of `paths` names: `file: x.csv`, `folder: x` or `pattern: ./**/*.csv`."""
    ((kind, said),) = entry.items()
    for place in folder.glob(said.lstrip("./")) if kind == "pattern" else [folder / said]:
        if ".." in Path(said).parts or Path(said).is_absolute():
            raise Failure(f"its MLTable names {said}, which is outside {folder}. Put the data below it.")
        if not place.exists():
            raise Failure(f"its MLTable names {said}, which is not in {folder}. Put it there, or correct the path.")
        yield from (file for _, file in walk(place)) if place.is_dir() else [place]


def _transformed(table: Table, folder: Path, steps: Iterable[Any]) -> Table:
    for step in steps:
        ((name, said),) = step.items() if isinstance(step, Mapping) else ((step, {}),)
        match name:
            case "read_delimited" | "read_parquet":
                said, column = said or {}, "Path" if said and said.get("include_path_column") else ""
                header = None if str(said.get("header")).lower() in NO_HEADER else "infer"
                options = {"sep": said.get("delimiter", ","), "header": header} if name == "read_delimited" else {}
                reader = "read_csv" if name == "read_delimited" else name
                table = replace(table, reader=reader, options=options, path_column=column)
            case "extract_columns_from_partition_format":
                form = said["partition_format"] if isinstance(said, Mapping) else said
                table = replace(table, files=[_partitioned(form, folder, file) for file in table.files])
            case "drop_columns":
                table = replace(table, dropped=[*table.dropped, *_names(said)])
            case "keep_columns":
                table = replace(table, kept=_names(said))
            case "convert_column_types":
                pass
            case _:
                raise Failure(f"its MLTable says `{name}`, which does not run locally. Do that in a node before it.")
    return table


def _names(said: Any) -> Sequence[str]:
    """The columns that a step names: one, a list, or either under `columns`."""
    columns = said["columns"] if isinstance(said, Mapping) else said
    return [columns] if isinstance(columns, str) else columns


def _partitioned(form: str, folder: Path, file: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add the columns that a partition format such as `/{store}/{*}.csv` reads off the name of a file."""
    pattern = re.sub(r"\\\{(\w+)[^{}]*\\\}", r"(?P<\1>[^/]+?)", re.escape(form).replace(r"\{\*\}", "[^/]*?"))
    name = f"/{Path(file['path']).relative_to(folder).as_posix()}"
    found = re.search(f"{pattern}$", name) or re.search(pattern, name)
    return dict(file) | {"columns": found.groupdict() if found else {}}
