"""Parallel nodes: what goes into mini batches, and how."""

import pytest

from mlops.specs.types import Parallel
from tests.mlops.specs.jobs import EXAMPLES, example, node

SPEC = """
type: pipeline
inputs: {times: 4}
jobs:
  one:
    type: parallel
    inputs:
      rows: {type: uri_folder, path: .}
      level: high
    outputs:
      scores: {type: uri_file}
    input_data: ${{inputs.rows}}
    mini_batch_size: "2"
    retry_settings: {max_retries: "${{parent.inputs.times}}"}
    task:
      type: run_function
      code: .
      entry_script: score.py
      environment: azureml:e@latest
      program_arguments: --level ${{inputs.level}}
      append_row_to: ${{outputs.scores}}
"""


@pytest.fixture(autouse=True)
def script(write) -> None:
    write("def run(mini_batch): ...", "score.py")


def parallel(job, name: str = "one") -> Parallel:
    found = node(job, name).parallel
    assert found
    return found


def test_an_inline_parallel_node_is_bound_with_its_own_settings() -> None:
    job = example("parallel")
    inline = node(job, "inline")
    assert (inline.command, inline.code, inline.variables) == ("", EXAMPLES / "code", {"LEVEL": "info"})
    assert inline.environment["image"] == "python:3.11"
    assert inline.parallel == Parallel(
        data=("table",),
        entry_script="score.py",
        arguments="--level ${{inputs.level}} --scores ${{outputs.scores}}",
        batch_bytes=10 * 1024,
        retries=0,
        timeout=10,
        error_threshold=5,
        append_row_to="${{outputs.scores}}",
    )


def test_a_node_overrides_its_parallel_component() -> None:
    job = example("parallel")
    by_file, by_key = parallel(job, "by_file"), parallel(job, "by_key")
    assert (by_file.batch_files, by_file.workers, by_file.mini_batch_error_threshold) == (5, 6, 4)
    assert (by_key.batch_files, by_key.partition_keys, by_key.mini_batch_error_threshold) == (
        None,
        ("store", "brand"),
        2,
    )
    assert (by_file.retries, by_file.timeout, by_file.error_threshold) == (2, 60, -1)


@pytest.mark.parametrize(
    ("size", "files", "size_in_bytes"),
    [
        ("'5'", 5, None),
        ("5", 5, None),
        ("10KB", None, 10240),
        ("1mb", None, 2**20),
        ("2gb", None, 2**31),
        ("", 1, None),
    ],
)
def test_a_mini_batch_is_a_number_of_files_or_of_bytes(size, files, size_in_bytes, bound) -> None:
    found = parallel(bound(SPEC.replace('mini_batch_size: "2"', f"mini_batch_size: {size}")))
    assert (found.batch_files, found.batch_bytes) == (files, size_in_bytes)


def test_a_setting_may_be_an_input_of_the_pipeline(bound) -> None:
    assert parallel(bound(SPEC)).retries == 4


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            'size: "2"',
            "size: many",
            "job.yml:12: `mini_batch_size` must be a number of files, as `10`, or of bytes, as",
        ),
        ('size: "2"', "size: 0", "job.yml:12: `mini_batch_size` must be a number of files"),
        ('mini_batch_size: "2"', "partition_keys: a", "job.yml:12: `partition_keys` must be a list, as in `[a, b]`."),
        ("${{inputs.rows}}", "${{inputs.row}}", "job.yml:11: `${{inputs.row}}` names nothing here: did you mean"),
        ("${{inputs.rows}}", "${{inputs.level}}", "job.yml:11: `input_data` must name the input whose files are split"),
        ("${{inputs.rows}}", "./rows", "job.yml:11: `input_data` must name the input whose files are split"),
        ("    input_data: ${{inputs.rows}}\n", "", "job.yml:4: `input_data` must name the input whose files are split"),
        ('"${{parent.inputs.times}}"', "some", "job.yml:13: `max_retries` must be a whole number of at least 0, not"),
        ("run_function", "model", "job.yml:15: a task of type `model` is not run locally. Write `run_function`."),
        ("      type: run_function\n", "", "job.yml:14: a task of type `` is not run locally. Write `run_function`."),
        ("entry_script: score.py", "entry_script: scor.py", "job.yml:17: entry_script: scor.py is not in ."),
        ("      code: .\n", "", "job.yml:16: entry_script: score.py is not in the code: there is none."),
        ("      entry_script: score.py\n", "", "job.yml:14: there is no `entry_script:` here. Say what is to be run."),
        ("--level ${{inputs.level}}", "${{inputs.lvl}}", "job.yml:19: `${{inputs.lvl}}` names nothing here"),
        ("${{outputs.scores}}", "${{outputs.score}}", "job.yml:20: `${{outputs.score}}` names nothing here"),
        (
            "${{outputs.scores}}",
            "scores.txt",
            "job.yml:20: `append_row_to` must name an output, as `${{outputs.NAME}}`.",
        ),
    ],
)
def test_a_mistake_in_a_parallel_node_is_said_at_its_line(old, new, sentence, refusal, tmp_path) -> None:
    assert old in SPEC
    said = refusal(SPEC.lstrip().replace(old, new)).replace(str(tmp_path), ".")
    assert said.startswith(sentence)
