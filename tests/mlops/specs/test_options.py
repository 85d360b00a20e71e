"""What is typed besides a job file (`--set`, `--input`), taken or refused with what to do."""

from pathlib import Path

import pytest

from tests.mlops.specs.pipeline import HEAD
from tests.mlops.specs.pipeline import thing as thing


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"overrides": {"raet": "1"}},
            "job.yml: `--set raet`: this job has no such input: did you mean `rate`?",
        ),
        ({"overrides": {"rate": "fast"}}, "job.yml:3: `--set rate=fast`: `rate` must be of type number, not `fast`."),
        ({"overrides": {"rate": "nan"}}, "job.yml:3: `--set rate=nan`: `rate` must be of type number, not `nan`."),
        ({"overrides": {"rate": "2"}}, "job.yml:3: `--set rate=2`: `rate` must be in [0, 1], not `2`."),
        (
            {"overrides": {"table": "x"}},
            "job.yml:4: `--set table`: `table` is a file or folder. Use `--input table=PATH`.",
        ),
        (
            {"inputs": {"tabel": Path("x")}},
            "job.yml: `--input tabel`: this job has no such input: did you mean `table`?",
        ),
        ({"inputs": {"table": Path("gone")}}, "`--input table`: gone does not exist. Correct the path."),
        (
            {"inputs": {"rate": Path("x")}},
            "job.yml:3: `--input rate`: `rate` is not read from a path. Use `--set rate=VALUE`.",
        ),
        ({"overrides": {"x": "1"}}, "job.yml: `--set x`: this job has no such input: there is `rate`."),
        (
            {"inputs": {"x": Path("x")}},
            "job.yml: `--input x`: this job has no such input: there is `one.table`, `table`.",
        ),
        (
            {"inputs": {"one.rate": Path("x")}},
            "job.yml:11: `--input one.rate`: `one.rate` is bound to `${{parent.inputs.rate}}`. "
            "Use `--input rate=PATH`, or `--set rate=VALUE`.",
        ),
        (
            {"inputs": {"table": Path(".")}},
            "job.yml:4: `--input table`: . is a folder, and uri_file is a file. Name a file.",
        ),
    ],
)
def test_a_wrong_option_is_refused_with_what_to_do(options: dict, sentence: str, refusal) -> None:
    assert refusal(HEAD, **options).startswith(sentence)


def test_an_integer_without_a_consumer_takes_integers_only(refusal) -> None:
    text = "command: ls ${{inputs.n}}\ninputs:\n  n: 3\n"
    said = refusal(text, overrides={"n": "3.5"})
    assert said == "job.yml:3: `--set n=3.5`: `n` must be of type integer, not `3.5`."


def test_a_file_is_not_taken_for_a_folder(write, refusal) -> None:
    for type_ in ("uri_folder", "mltable"):
        text = f"command: ls\ninputs:\n  rows: {{type: {type_}, path: ./rows}}\n"
        said = refusal(text, inputs={"rows": write("a\n", "rows.csv")})
        assert said == f"job.yml:3: `--input rows`: rows.csv is a file, and {type_} is a folder. Name a folder."


def test_an_input_that_is_bound_to_an_output_is_changed_in_the_file(refusal) -> None:
    bound = "${{parent.jobs.one.outputs.made}}"
    text = f"{HEAD}  two: {{component: ./thing.yml, inputs: {{rate: 1, table: '{bound}'}}}}\n"
    said = refusal(text, inputs={"two.table": Path("x")})
    assert said.endswith("`two.table` is bound to `${{parent.jobs.one.outputs.made}}`. Change the file.")
    said = refusal(text, inputs={"two.rate": Path("x")})
    assert said.endswith("`two.rate` is not read from a path. Change it in the file.")


@pytest.mark.parametrize("key", ["default", "value"])
def test_an_input_that_is_declared_where_a_value_belongs_is_refused_with_the_value(refusal, key: str) -> None:
    said = refusal(f"command: ls\ninputs:\n  frac: {{type: number, {key}: 0.9}}\n", overrides={"frac": "1"})
    cure = "write `frac: 0.9`: a job's own input is its value. Only components declare types like number."
    assert said == f"job.yml:3: {cure}"
