"""Data that is split by rows: which files it has, and how pandas reads them. Reads what an `MLTable` file says."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from mlops.errors import Failure
from mlops.platform.local.snapshot import walk

READERS = {"read_delimited": "read_csv", "read_parquet": "read_parquet"}
SUFFIXES = {".csv": "read_delimited", ".parquet": "read_parquet"}
NO_HEADER = ("no_header", "false")
"""`header:` of `read_delimited` where the first line is data; every other word says that it has the names."""


@dataclass(frozen=True)
class Table:
    """Files, each with its `path`, its `name` below the input, and `columns` read off its name.

    `reader` is the function of pandas that reads one, with `options`; empty where files stay files.
    """

    files: Sequence[Mapping[str, Any]]
    reader: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


def read(path: Path) -> Table:
    """What an input holds: a file, the files of a folder, or what its `MLTable` file says. Raises Failure."""
    if path.is_file():
        return Table([_file(path.name, path)])
    files = [_file(name, file) for name, file in walk(path)]
    return _mltable(path, files) if (path / "MLTable").is_file() else Table(files)


def of_suffix(files: Sequence[Mapping[str, Any]], why: str) -> Table:
    """Files as one table, read as their names end. Raises Failure for what is no table."""
    kind = Path(files[0]["path"]).suffix.lower()
    for file in files:
        if kind not in SUFFIXES or Path(file["path"]).suffix.lower() != kind:
            raise Failure(
                f"{why} needs tables of one kind ({', '.join(SUFFIXES)}), and '{file['name']}' is none of it."
            )
    return _of_kind(Table(files), SUFFIXES[kind], {})


def keys(file: Mapping[str, Any], names: Sequence[str]) -> Mapping[str, str] | None:
    """Values of partition keys by the name of a file: `key=value` folders, or one folder level for each key."""
    folders = file["name"].split("/")[:-1]
    said = dict(folder.split("=", 1) for folder in folders if "=" in folder) | file["columns"]
    if all(name in said for name in names):
        return {name: said[name] for name in names}
    return dict(zip(names, folders, strict=False)) if len(folders) >= len(names) else None


def _file(name: str, path: Path) -> Mapping[str, Any]:
    return {"name": name, "path": str(path), "columns": {}}


def _mltable(folder: Path, files: Sequence[Mapping[str, Any]]) -> Table:
    place = folder / "MLTable"
    try:
        said = yaml.safe_load(place.read_text(encoding="utf-8"))
        paths = [str([*entry.values()][0]).lstrip("./").rstrip("/") for entry in said["paths"]]
        steps = [each if isinstance(each, dict) else {each: {}} for each in said.get("transformations") or ()]
        return _transformed(Table([file for file in files if _named(file["name"], paths)]), steps)
    except (yaml.YAMLError, LookupError, TypeError, AttributeError, re.error) as error:
        raise Failure(f"{place} is no MLTable file that can be read ({error}). Mend it.") from error


def _named(name: str, paths: Sequence[str]) -> bool:
    forms = [re.escape(path).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*") + "(/.*)?" for path in paths]
    return name != "MLTable" and any(re.fullmatch(form, f"/{name}" if form == "(/.*)?" else name) for form in forms)


def _transformed(table: Table, steps: Sequence[Mapping[str, Any]]) -> Table:
    for step in steps:
        ((name, said),) = step.items()
        if name in READERS:
            table = _of_kind(table, name, said or {})
        elif name == "extract_columns_from_partition_format":
            form = said["partition_format"] if isinstance(said, dict) else said
            files = [dict(file) | {"columns": _columns(form, file["name"])} for file in table.files]
            table = replace(table, files=files)
        elif name != "convert_column_types":
            raise Failure(f"its MLTable says `{name}`, which does not run locally. Do that in a node before it.")
    return table


def _of_kind(table: Table, kind: str, said: Mapping[str, Any]) -> Table:
    header = None if str(said.get("header")).lower() in NO_HEADER else "infer"
    options = {"sep": said.get("delimiter", ","), "header": header} if kind == "read_delimited" else {}
    return replace(table, reader=READERS[kind], options=options)


def _columns(form: str, name: str) -> Mapping[str, str]:
    """Columns that a partition format such as `/{store}/{*}.csv` reads off the name of a file."""
    pattern = re.sub(r"\\\{(\w+)[^{}]*\\\}", r"(?P<\1>[^/]+?)", re.escape(form).replace(r"\{\*\}", "[^/]*?"))
    found = re.search(f"{pattern}$", f"/{name}") or re.search(pattern, f"/{name}")
    return found.groupdict() if found else {}
