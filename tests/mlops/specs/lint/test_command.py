"""`mlops lint`, as a person or a script runs it."""

import json
from pathlib import Path

from tests.mlops.specs.lint.conftest import change
from tests.support.project import Project

TRAIN = Path("azureml/pipelines/train.yml")


def line_of_seed(project: Project) -> int:
    """Where the node gets the seed: its component says the type."""
    lines = (project.path / TRAIN).read_text("utf-8").splitlines()
    return 1 + lines.index("      seed: ${{parent.inputs.seed}}")


def test_a_sound_project_passes(specs: Project) -> None:
    done = specs.mlops("lint")
    assert done.returncode == 0
    assert done.stderr.startswith("For prod: owner@example.org alone feeds data") and done.stderr.count("\n") == 1
    assert done.stdout.startswith("no mistakes in ")


def test_each_mistake_is_a_line_with_its_place_and_the_status_is_1(specs: Project) -> None:
    change(specs, TRAIN, "seed: 7", "seed: seven")
    change(specs, "mlops.yaml", "floors:", "flors:")
    done = specs.mlops("lint")
    assert done.returncode == 1
    first, second, last = done.stdout.splitlines()
    assert first.startswith(f"{TRAIN}:{line_of_seed(specs)}: input `seed` must be of type integer, not `seven`")
    assert second.startswith("mlops.yaml:") and "did you mean `floors`" in second
    assert last.startswith("2 mistakes in ")


def test_a_malformed_file_is_status_2_and_the_others_are_judged_all_the_same(specs: Project) -> None:
    change(specs, "azureml/data/applications.yml", "name:", "name: [")
    change(specs, "mlops.yaml", "floors:", "flors:")
    done = specs.mlops("lint")
    assert done.returncode == 2
    assert "azureml/data/applications.yml:" in done.stdout and "is not valid YAML" in done.stdout
    assert "did you mean `floors`" in done.stdout


def test_a_file_that_is_not_there_is_status_2(specs: Project) -> None:
    done = specs.mlops("lint", "azureml/pipelines/trian.yml")
    assert done.returncode == 2
    assert "trian.yml:1: cannot be read: No such file or directory" in done.stdout


def test_a_script_reads_json(specs: Project) -> None:
    change(specs, TRAIN, "seed: 7", "seed: seven")
    [mistake] = json.loads(specs.mlops("lint", TRAIN, "--json").stdout)
    assert mistake["file"] == str(specs.path / TRAIN)
    assert mistake["line"] == line_of_seed(specs) and "must be of type integer" in mistake["what"]


def test_what_only_azure_ml_runs_is_a_mistake_only_where_jobs_run_locally(specs: Project) -> None:
    change(specs, TRAIN, "path: azureml:applications@latest", "path: https://example.org/applications.parquet")
    assert "not on this machine" in specs.mlops("lint").stdout
    assert specs.mlops("lint", "--on", "dev").returncode == 0


def test_a_uri_that_is_mapped_to_a_folder_is_no_mistake_unless_the_copy_is_missing(specs: Project) -> None:
    change(specs, TRAIN, "path: azureml:applications@latest", "path: https://example.org/applications.parquet")
    change(specs, "mlops.yaml", "environments:", "environments:\n  local:\n    paths: {'https://example.org': data}")
    done = specs.mlops("lint")
    assert (done.returncode, done.stdout[:14]) == (0, "no mistakes in")
    change(specs, "mlops.yaml", "example.org': data", "example.org': dat")
    said = specs.mlops("lint").stdout
    assert "dat/applications.parquet does not exist. `environments.local.paths` maps `https://example.org`" in said
    assert specs.mlops("lint", "--on", "dev").returncode == 0


def test_a_type_that_azure_ml_does_not_know_is_a_mistake_everywhere(specs: Project) -> None:
    change(specs, "azureml/more/pipelines/many.yml", "type: sweep", "type: sweeep")
    assert "`search` cannot be of type `sweeep`: did you mean `sweep`?" in specs.mlops("lint", "--on", "dev").stdout


def test_a_job_brings_the_components_that_it_names(specs: Project) -> None:
    change(specs, "azureml/components/gate.yml", "is_deterministic:", "is_determinstic:")
    assert "did you mean `is_deterministic`" in specs.mlops("lint", TRAIN).stdout


def test_a_job_that_runs_a_pipeline_component_is_judged_by_what_that_declares(specs: Project) -> None:
    folder = specs.path / "azureml" / "whole"
    folder.mkdir()
    (folder / "echo.yml").write_text(
        "$schema: https://azuremlschemas.azureedge.net/latest/pipelineComponent.schema.json\n"
        "type: pipeline\nname: says\ninputs:\n  word: {type: string}\noutputs:\n  said: {type: uri_folder}\njobs:\n"
        "  one:\n    type: command\n    command: echo ${{inputs.word}} > ${{outputs.said}}/word\n"
        "    environment: azureml:e@latest\n    inputs: {word: '${{parent.inputs.word}}'}\n"
        "    outputs: {said: '${{parent.outputs.said}}'}\n"
    )
    job = folder / "job.yml"
    job.write_text(
        "$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json\n"
        "type: pipeline\ncomponent: ./echo.yml\ninputs:\n  word: hello\noutputs:\n  said: {mode: upload}\n"
    )
    assert specs.mlops("lint", str(job)).stdout == "no mistakes in 2 files\n"
    change(specs, job, "  word: hello", "  word: hello\n  wrod: hello")
    assert "component `says` has no input `wrod`, so Azure ML drops it" in specs.mlops("lint", str(job)).stdout


def test_what_two_rules_refuse_is_said_once(specs: Project) -> None:
    change(specs, "azureml/more/pipelines/tune.yml", "max_total_trials: 4", "max_total_trials: many")
    done = specs.mlops("lint", "azureml/more/pipelines/tune.yml")
    assert done.stdout.splitlines()[1:] == ["1 mistake in 1 file"]


def test_a_component_is_judged_once_though_a_job_names_it_too(specs: Project) -> None:
    curated = "azureml://registries/azureml/environments/tensorflow-2.16-cuda12/labels/latest"
    change(specs, "azureml/components/gate.yml", "file:../environments/job.yml", curated)
    found = specs.mlops("lint", TRAIN).stdout
    assert found.count("the environment `tensorflow-2.16-cuda12` has `tensorflow`, which is not on this machine") == 1


def test_a_gate_of_ones_own_has_its_limits_judged(specs: Project) -> None:
    gates = specs.path / "src" / specs.package / "gates"
    gates.mkdir()
    (gates / "__init__.py").touch()
    (gates / "size.py").write_text(
        "from mlops.api import Limits as Base\nid, stage = 'size', 'model'\n"
        "class Limits(Base):\n    most: int = 3\ndef measure(context): return {}\ndef check(measured, limits): yield\n"
    )
    change(specs, "mlops.yaml", "gates:\n", "gates:\n  size:\n    mots: 4\n    reason: small\n")
    assert "`gates.size.mots` is not a setting: did you mean `most`" in specs.mlops("lint").stdout


def test_nothing_heavy_is_imported(specs: Project) -> None:
    code = (
        "import sys; from pathlib import Path; from mlops.specs.lint.check import lint; "
        "assert not lint([Path('mlops.yaml'), Path('azureml')], Path.cwd())[1]; "
        "print(*{'mlflow', 'azure', 'lightgbm', 'sklearn', 'optuna', 'onnxruntime'} & {*sys.modules})"
    )
    done = specs.python("-c", code)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
