"""What a node sees and may do: its folder, variables, packages, inputs and outputs."""

import json
import shutil
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.mlops.platform.lab import OUT, Lab, asset, folder, node


def test_an_mlflow_that_a_job_installs_for_itself_is_said(lab: Lab) -> None:
    done = lab.run(
        node("brings", "mkdir -p $PIP_TARGET/mlflow_skinny-2.18.0.dist-info"),
        node("same", f"mkdir -p $PIP_TARGET/mlflow-{version('mlflow')}.dist-info"),
    )
    assert done.status == 0
    assert "it installed MLflow 2.18.0, but the record of runs is of 3." in done.event("brings").detail
    assert done.event("same").detail == ""


def test_a_node_works_in_a_private_copy_of_its_code(lab: Lab) -> None:
    code = lab.write("src/script.py", "open('made.txt', 'w').write('x')").parent
    lab.write("src/.amlignore", "*.secret\n")
    lab.write("src/.gitignore", "script.py\n")
    lab.write("src/a.secret", "x")
    done = lab.run(node("works", "python script.py; ls -A > ${{outputs.list}}", code, outputs={"list": "uri_file"}))
    assert lab.output(done, "works", "list").read_text().split() == [
        ".amlignore", ".gitignore", "logs", "made.txt", "outputs", "script.py",
    ]  # fmt: skip
    assert not (code / "made.txt").exists()


def test_a_node_sees_an_allow_list_and_not_the_callers_variables(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the caller")
    monkeypatch.setenv("TZ", "Europe/Rome")
    seen = {"seen": "uri_file"}
    dump = 'json.dump(dict(os.environ) | {"python": sys.prefix}, open(sys.argv[1], "w"))'
    show = f"python -c 'import json, os, sys; {dump}'"
    done = lab.run(node("shows", f"{show} ${{{{outputs.seen}}}}", outputs=seen, variables={"OWN": "yes"}))
    found = json.loads(lab.output(done, "shows", "seen").read_text())
    assert "AWS_SECRET_ACCESS_KEY" not in found
    assert (found["TZ"], found["OWN"]) == ("Europe/Rome", "yes")
    assert found["MLFLOW_RUN_ID"] == found["AZUREML_RUN_ID"] == done.record["nodes"]["shows"]["child"]
    assert found["MLFLOW_TRACKING_URI"].startswith("sqlite:///")
    assert found["MLFLOW_EXPERIMENT_NAME"] == "an experiment"
    assert found["DO_NOT_TRACK"] == found["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert found["python"] == sys.prefix


@pytest.mark.skipif(shutil.which("pip") is None, reason="no pip here")
def test_pip_in_a_job_installs_for_that_node_only(lab: Lab) -> None:
    with ZipFile(lab.path / "only_here-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("only_here.py", "import sys\n\n\ndef main():\n    print(sys.prefix)\n")
        wheel.writestr("only_here-1.dist-info/entry_points.txt", "[console_scripts]\nonly-here = only_here:main\n")
        wheel.writestr("only_here-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: only-here\nVersion: 1\n")
        wheel.writestr("only_here-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("only_here-1.dist-info/RECORD", "")
    installs = "pip install --no-index ${{inputs.wheel}} && only-here > ${{outputs.out}}/prefix"
    done = lab.run(
        node("installs", installs, inputs={"wheel": asset(Path(wheel.filename or ""))}, outputs=OUT),
        node("after", "python -c 'import only_here'", inputs={"x": folder("installs")}),
    )
    assert done.states == {"installs": "finished", "after": "failed"}
    assert (lab.output(done, "installs") / "prefix").read_text().strip() == sys.prefix


def test_a_project_whose_path_has_spaces_and_quotes_runs(tmp_path: Path, with_database) -> None:
    lab = Lab(tmp_path / "it's a $(project)", with_database)
    data = lab.write("data/some rows.csv", "1,2\n")
    done = lab.run(
        node("reads", "cat ${{inputs.rows}} > ${{outputs.out}}/rows.csv", inputs={"rows": asset(data)}, outputs=OUT),
        node("again", "ls ${{inputs.x}}/rows.csv", inputs={"x": folder("reads")}),
    )
    assert done.states == {"reads": "finished", "again": "finished"}
    assert (lab.output(done, "reads") / "rows.csv").read_text() == "1,2\n"


def test_files_and_folders_to_include_lie_beside_the_code(lab: Lab) -> None:
    code = lab.write("src/script.py", "").parent
    lab.write("shared/lib/helper.py", "1")
    lab.write("shared/lib/.amlignore", "*.csv\n")
    lab.write("shared/lib/large.csv", "1")
    includes = (lab.path / "shared" / "lib", lab.write("notes.txt", "n"))
    one = node("lists", "ls > ${{outputs.list}}; ls lib >> ${{outputs.list}}", code, None, {"list": "uri_file"})
    one = replace(one, includes=includes)
    found = lab.output(lab.run(one), "lists", "list").read_text().split()
    assert found == ["lib", "logs", "notes.txt", "outputs", "script.py", "helper.py"]
    lab.write("shared/lib/helper.py", "2")
    assert lab.run(one).states == {"lists": "finished"}


def test_an_output_named_artifacts_holds_the_artifacts_of_the_run(lab: Lab) -> None:
    one = node("keeps", "echo 1 > outputs/model.txt", outputs={"artifacts": "uri_folder"})
    done = lab.run(
        one, node("reads", "cat ${{inputs.x}}/outputs/model.txt", inputs={"x": folder("keeps", "artifacts")})
    )
    assert done.states == {"keeps": "finished", "reads": "finished"}


@pytest.mark.parametrize(("distributed", "seen"), [(True, "0 1 127.0.0.1\n"), (False, "  \n")])
def test_a_job_that_asks_for_distribution_sees_itself_alone(lab: Lab, distributed: bool, seen: str) -> None:
    command = 'echo "$RANK $WORLD_SIZE $MASTER_ADDR" > ${{outputs.seen}}'
    done = lab.run(node("shows", command, outputs={"seen": "uri_file"}, distributed=distributed))
    assert lab.output(done, "shows", "seen").read_text() == seen


def test_a_job_that_sets_the_variables_of_azure_ml_ends_no_other_node(lab: Lab) -> None:
    same = {"variables": {"AZUREML_RUN_ID": "mine"}, "outputs": OUT}
    done = lab.run(node("quick", "true", **same), node("slow", "sleep 2; echo 1 > ${{outputs.out}}/x", **same))
    assert done.states == {"quick": "finished", "slow": "finished"}


def test_folders_that_a_job_closes_to_everybody_do_not_stop_the_next_run(lab: Lab) -> None:
    closes = node("closes", "mkdir -p shut/inner; touch shut/inner/x; chmod -R a-w shut")
    assert [lab.run(closes, fresh=True).status for _ in range(2)] == [0, 0]
    assert not (lab.state / "work").exists()
