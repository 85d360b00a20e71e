"""`mlops report`: what the page of a run says, and what it does when there is little to say."""

import json
import re
import shutil
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from mlops import platform
from mlops.evidence.report import facts, render
from mlops.gates.base import Verdict, read_verdicts
from tests.support.project import Project

pytestmark = pytest.mark.xdist_group("report")

TRAIN = "azureml/pipelines/train.yml"


@pytest.fixture(scope="module")
def reported(trained: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A registered model, then a run with too few rounds, then one whose limits are out of reach."""
    project = trained.copy(tmp_path_factory.mktemp("reported") / "project")
    settings = project.path / "mlops.yaml"
    fewer = ("--set", "rounds=20", "--set", "check_reproducible=false", "-m", "fewer <b>rounds</b>")
    assert project.mlops("run", TRAIN, *fewer).returncode == 1
    before = settings.read_text()
    settings.write_text(before.replace("auc: 0.9\n", "auc: 0.99\n"))
    assert project.mlops("run", TRAIN).returncode == 1
    settings.write_text(before)
    return project


def runs(project: Project) -> list[dict]:
    """The records of its runs, the first one first."""
    records = [json.loads(file.read_text()) for file in project.path.glob(".mlops/runs/*/run.json")]
    return sorted(records, key=lambda record: record["started"])


def evaluation(project: Project, record: dict) -> Path:
    return project.path / ".mlops" / record["nodes"]["evaluate"]["outputs"]["evaluation"]["path"]


def report(project: Project, what: str, *options: str) -> str:
    done = project.mlops("report", what, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    [path] = done.stdout.splitlines()
    return (project.path / path).read_text(encoding="utf-8")


def words(html: str) -> str:
    """What a person reads, on one line."""
    text = re.sub(r"<(style|head).*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def part(html: str, name: str) -> str:
    found = re.search(rf'<section[^>]* id="{name}".*?</section>', html, flags=re.DOTALL)
    assert found, name
    return words(found[0])


def test_a_page_stands_alone(reported: Project):
    html = report(reported, runs(reported)[0]["run"])
    assert not re.search(r"<(script|link (?!rel=\"icon\" href=\"data:)|img|iframe)|url\(|@import", html)
    assert re.findall(r'(?:src|href)="(?!#|data:)', html) == []
    assert len(html) < 1_000_000


def test_figures_are_those_of_the_evaluation(reported: Project):
    record = runs(reported)[0]
    html = report(reported, record["run"])
    measured = json.loads((evaluation(reported, record) / "metrics.json").read_text())
    for name, each in measured["metrics"].items():
        low, high = (render.figure(each[end], *each.values()) for end in ("low", "high"))
        value = render.figure(each["value"], each["low"], each["high"])
        assert f"{name.replace('_', ' ')} {value}" in part(html, "metrics")
        assert f"{float(value):.3g}" in {f"{each['value']:.3g}", f"{each['value']:.2g}"}
        assert low and high
    outcome = measured["outcome"]
    assert f"{outcome['value']:.0f} against {outcome['today']['value']:.0f} today" in part(html, "summary")
    assert f"between {outcome['low']:.0f} and {outcome['high']:.0f}" in part(html, "summary")
    for column, groups in measured["groups"].items():
        for name, group in groups.items():
            assert f"{name} {group['rows']:,} rows" in part(html, "groups"), column
    assert all(feature.replace("_", " ") in part(html, "importance") for feature in measured["importance"])
    assert f"{measured['rows']:,} rows" in part(html, "summary")


def judged(project: Project, record: dict) -> list[Verdict]:
    folder = project.path / ".mlops" / record["nodes"]["gate"]["outputs"]["gated"]["path"]
    return read_verdicts(json.loads((folder / "verdicts.json").read_text()))


def test_the_summary_says_how_many_are_waived_and_names_the_groups_that_are_too_small(reported: Project):
    record = runs(reported)[0]
    measured = json.loads((evaluation(reported, record) / "metrics.json").read_text())
    summary = part(report(reported, record["run"]), "summary")
    small = [(name, group["rows"]) for groups in measured["groups"].values() for name, group in groups.items()
             if group["too_small"]]  # fmt: skip
    verdicts = judged(reported, record)
    waived = [verdict for verdict in verdicts if verdict.waiver]
    counted = f"{len(waived)} of {len(verdicts)} verdicts"
    assert f"Every gate passed or is waived: {counted} are waived." in summary
    assert waived and all(f"Waived ({verdict.waiver}): " in summary for verdict in waived)
    assert all(render.worded(verdict.why) in summary for verdict in waived)
    assert "selection_rate by age_band, under" not in summary
    assert small
    assert all(re.search(rf"Too small to judge: .*“{name}” \([a-z ]+, {rows} rows\)", summary) for name, rows in small)


def test_verdicts_are_shown_over_the_runs_up_to_this_one(reported: Project):
    first, _, last = (report(reported, each["run"]) for each in runs(reported))
    assert 'id="history"' not in first
    drawn = re.search(r"<strong>Quality</strong><p>auc: (.*?), limit 0.99</p>.*?</figure>", last, flags=re.DOTALL)
    assert drawn
    dots = re.findall(r'class="dot( hollow)?"', drawn[0])
    assert (len(dots), dots[0], dots[2]) == (3, "", " hollow")
    assert [words(cell) for cell in re.findall(r"<td>(.*?)</td>", drawn[0])][::2] == ["passed", "refused"]


def test_the_summary_of_a_refused_run_says_what_refused_it_and_what_to_do(reported: Project):
    html = report(reported, "last")
    summary = part(html, "summary")
    assert f"Refused at step gate: 1 of {len(judged(reported, runs(reported)[2]))} verdicts does not stand." in summary
    assert re.search(r"Refused by quality: auc is 0.9\d+ .* must be at least 0.99. Improve the model", summary)
    assert "Every gate passed" not in summary
    assert "✕ refused auc is" in part(html, "verdicts")
    assert "no longer what the run read" in words(html)


def test_a_run_is_compared_with_the_latest_other_model(reported: Project):
    html = report(reported, runs(reported)[1]["run"])
    assert re.search(
        r"Against income-support-triage:1 .* on the [\d,]+ rows that both evaluated", part(html, "metrics")
    )
    assert "Against income-support-triage:1, on the same rows:" in part(html, "outcome")
    assert "fewer &lt;b&gt;rounds" in html
    assert "<b>rounds" not in html
    assert "no champion to compare with" in part(report(reported, runs(reported)[0]["run"]), "metrics")


def test_a_champion_whose_predictions_are_gone_is_named_without_a_comparison(reported: Project, tmp_path: Path):
    project = reported.copy(tmp_path / "project")
    first, second, _ = runs(project)
    shutil.rmtree(evaluation(project, first))
    html = report(project, second["run"])
    assert "Against income-support-triage:1 No paired comparison is possible." in part(html, "metrics")
    assert str(project.path) not in html


def test_a_model_is_reported_by_its_run_into_a_file_of_ones_choice(reported: Project, tmp_path: Path):
    html = report(reported, "income-support-triage:1", "--to", str(tmp_path / "deep" / "page.html"))
    assert "Model income-support-triage:1 · run " + runs(reported)[0]["run"][:8] in words(html)
    assert html == (tmp_path / "deep" / "page.html").read_text()


def test_steps_data_and_lineage_are_those_of_the_record(reported: Project):
    first, second, _ = runs(reported)
    html = report(reported, second["run"])
    assert f"prepare reused from run {first['run'][:8]}" in part(html, "steps")
    assert "CC-BY-4.0" in part(html, "data")
    lineage = part(html, "lineage")
    assert "rounds=20" in lineage
    for node in second["nodes"].values():
        assert all(output["digest"][:12] in lineage for output in node["outputs"].values())
    assert str(reported.path) not in html


@pytest.mark.parametrize("what", ["nothing", "income-support-triage:7", "other:1"])
def test_what_is_not_there_is_said_in_words(reported: Project, what: str):
    done = reported.mlops("report", what)
    assert done.returncode == 2
    assert what.partition(":")[0] in done.stderr
    assert "Traceback" not in done.stderr


def test_an_evaluation_that_was_changed_is_not_reported(reported: Project, tmp_path: Path):
    project = reported.copy(tmp_path / "project")
    record = runs(project)[1]
    with (evaluation(project, record) / "metrics.json").open("a") as file:
        file.write(" ")
    done = project.mlops("report", record["run"])
    assert done.returncode == 3
    assert "was changed or lost" in done.stderr


def test_a_waived_verdict_is_on_the_first_page(reported: Project, tmp_path: Path):
    known = facts.collect(runs(reported)[0]["run"], platform.open("local", reported.path), reported.path, tmp_path)
    waived = Verdict("quality", "auc", 0.5, 0.9, False, "auc is low.", "Improve it.", waiver="W-1 until 2027-01-31")
    summary = part(render.page(known | {"verdicts": [waived]}), "summary")
    assert "Every gate passed or is waived: 1 of 1 verdict is waived." in summary
    assert "Waived (W-1 until 2027-01-31): auc is low." in summary
    passed = replace(waived, passed=True, waiver=None)
    assert "Every gate passed: all 2 verdicts." in part(render.page(known | {"verdicts": [passed] * 2}), "summary")


JOB = """type: command
command: {command}
environment: azureml://registries/azureml/environments/sklearn-1.5/versions/1
outputs:
  evaluation:
    type: uri_folder
"""


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("echo '[1]' > ${{outputs.evaluation}}/metrics.json", "Nothing was evaluated"),
        ("echo broken && exit 4", "The run failed"),
    ],
)
def test_a_run_without_an_evaluation_has_a_page_of_what_there_is(project: Project, command: str, said: str):
    (project.path / "job.yml").write_text(JOB.replace("{command}", f'"{command}"'))
    project.mlops("run", "job.yml")
    html = report(project, "last")
    summary = part(html, "summary")
    assert said in summary
    assert "is not known" in summary
    assert "The run read no data." in part(html, "data")
    assert "No gate judged this run." in part(html, "verdicts")
    assert 'href="#metrics"' not in html
