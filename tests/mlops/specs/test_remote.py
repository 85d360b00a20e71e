"""Data that lies elsewhere: named before anything starts, or found in a folder of this machine."""

from pathlib import Path

import pytest

from mlops.errors import Misuse
from mlops.specs.types import Asset, Job
from tests.mlops.specs.jobs import DATA, EXAMPLES, example
from tests.support.project import Project

MAPPED = {
    "azureml://datastores/lake/paths": EXAMPLES,
    "azureml://datastores/lake/paths/raw/": DATA,
    "wasbs://data@account.blob.core.windows.net": DATA,
    "https://example.org/data": DATA,
    "abfss://data@account.dfs.core.windows.net/folder": DATA / "folder",
}


def paths(job: Job) -> dict[str, Path]:
    return {name: value.path for name, value in job.nodes[0].inputs.items() if isinstance(value, Asset)}


def test_all_that_is_elsewhere_is_named_in_one_sentence() -> None:
    with pytest.raises(Misuse) as caught:
        example("remote")
    assert caught.value.line == 6
    assert caught.value.what == (
        "input `lake` is `azureml://datastores/lake/paths/raw/rows.csv`, "
        "input `blob` is `wasbs://data@account.blob.core.windows.net/folder/**`, "
        "input `reads.web` is `https://example.org/data/rows.csv`, "
        "input `reads.files` is `abfss://data@account.dfs.core.windows.net/folder`, not on this machine. "
        "Name a local copy with `--input lake=PATH --input blob=PATH --input reads.web=PATH --input reads.files=PATH`, "
        "or map URIs to folders in `environments.local.paths`."
    )


def test_the_longest_start_of_a_uri_that_is_mapped_says_where_it_is() -> None:
    expected = {"lake": DATA / "rows.csv", "blob": DATA / "folder", "web": DATA / "rows.csv", "files": DATA / "folder"}
    assert paths(example("remote", mapped=MAPPED)) == expected


def test_a_file_named_by_hand_comes_before_the_map() -> None:
    file = EXAMPLES / "data" / "rows.yml"
    found = paths(example("remote", mapped=MAPPED, inputs={"reads.web": file, "lake": file}))
    assert (found["web"], found["lake"]) == (file, file)


def test_a_part_of_a_name_is_no_start_of_a_uri() -> None:
    others = {start: folder for start, folder in MAPPED.items() if "example.org" not in start}
    with pytest.raises(Misuse, match="input `reads.web` is `https://example.org/data/rows.csv`, not on this machine"):
        example("remote", mapped=others | {"https://example.org/dat": DATA})


def test_a_mapped_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misuse) as caught:
        example("remote", mapped=MAPPED | {"https://example.org/data": tmp_path})
    assert caught.value.what == (
        f"input `reads.web`: {tmp_path / 'rows.csv'} does not exist. `environments.local.paths` maps "
        "`https://example.org/data` to its folder. Copy the data there, or use `--input reads.web=PATH`."
    )


def test_a_data_asset_that_points_elsewhere_is_mapped_as_well(write, bound) -> None:
    write("name: rows\ntype: uri_file\npath: https://example.org/data/rows.csv\n", "rows.yml")
    job = bound("command: ls\ninputs:\n  rows: {type: uri_file, path: 'azureml:rows@latest'}\n", mapped=MAPPED)
    assert paths(job) == {"rows": DATA / "rows.csv"}


def test_a_project_maps_uris_in_its_settings(project: Project) -> None:
    file = project.path / "mlops.yaml"
    file.write_text(
        file.read_text().replace("environments:\n", "environments:\n  local:\n    paths: {'lake:': data}\n")
    )
    (project.path / "cat.yml").write_text("command: ls\ninputs: {r: {type: uri_file, path: 'lake:/gone.csv'}}\n")
    done = project.mlops("run", "cat.yml")
    assert done.returncode == 2
    assert (
        f"{project.path / 'data' / 'gone.csv'} does not exist. `environments.local.paths` maps `lake:`" in done.stderr
    )
