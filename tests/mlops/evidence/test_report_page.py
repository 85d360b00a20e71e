"""What the page says of runs that came to no end, of groups without a figure, and of files outside the project."""

import json
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlops import settings
from mlops.evidence.evaluation import Evaluation
from mlops.evidence.report import facts, render
from mlops.gates.base import Verdict
from mlops.gates.quality import Limits
from mlops.platform.base import Model
from tests.mlops.platform.lab import Done, Lab, asset, folder, node
from tests.support.project import Project

VERDICTS = json.dumps({"model": None, "verdicts": [vars(Verdict("sources", "rows", 5, 1, True, "Enough rows."))] * 8})
LIMITS = Limits(floors={"precision": 0.9, "recall": 0.8}, ceilings={"error": 3})


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tmp_path_factory.mktemp("lab") / "project")


@pytest.fixture
def page(reference: Project, lab: Lab, tmp_path: Path):
    """The words of the page on a record and figures, by the reference project's `mlops.yaml`."""
    known = settings.load(reference.path / "mlops.yaml")

    def words(record: Mapping[str, Any], figures: Mapping[str, Any] | None = None, judged: Any = ("", [])) -> str:
        evaluation = Evaluation(figures or {})
        seen = {
            "record": record, "project": lab.path, "settings": known, "limits": LIMITS, "changed": False,
            "judge": judged[0], "verdicts": judged[1], "evaluation": evaluation, "profiles": {}, "model": None,
            "champion": None, "history": {},
        }  # fmt: skip
        text = re.sub(r"<(style|head).*?</\1>", " ", render.page(seen), flags=re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())

    return words


@pytest.fixture(scope="module")
def finished(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Done:
    outside = tmp_path_factory.mktemp("somewhere") / "rows.csv"
    outside.write_text("a\n")
    inputs = {"rows": asset(outside)}
    return lab.run(node("says", "cat ${{inputs.rows}}", inputs=inputs), inputs=inputs)


@pytest.mark.parametrize(("state", "ends"), [("refused", "was refused"), ("failed", "failed")])
def test_verdicts_of_an_earlier_step_are_no_verdicts_on_a_run_that_stopped(
    lab: Lab, page, tmp_path: Path, state: str, ends: str
):
    write = f"echo '{VERDICTS}' > ${{{{outputs.verdicts}}}}/verdicts.json"
    judge = node("validate", write, outputs={"verdicts": "uri_folder"})
    stop = node("prepare", "echo of Ada Lovelace; exit 4", inputs={"verdicts": folder("validate", "verdicts")})
    done = lab.run(judge, stop)
    record = json.loads(json.dumps(done.record).replace('"state": "failed"', f'"state": "{state}"'))
    html = page(record, judged=facts.judged(lab.platform.jobs, record, tmp_path))
    assert f"The run {ends} at step prepare: this page says what there is." in html
    assert "It came only to 8 verdicts of step “validate”." in html
    assert "Every gate passed" not in html
    assert f"Step prepare {ends}. Its log: less .mlops/runs/{done.record['run']}/logs/prepare.txt" in html
    assert "Lovelace" not in html


def test_a_cancelled_run_says_so_and_where(finished: Done, page):
    record = json.loads(json.dumps(finished.record).replace('"state": "finished"', '"state": "cancelled"'))
    html = page(record, judged=("", [Verdict("a", "b", 1, 1, True, "Good.")]))
    assert "The run was cancelled at step says: this page" in html
    assert "Every gate passed" not in html


def test_of_a_file_outside_the_project_only_the_name_is_shown(finished: Done, lab: Lab, page):
    html = page(finished.record)
    assert "rows: rows.csv , digest" in html
    assert "../" not in html.replace("restore " + finished.record["run"][:8] + " ../again", "")
    assert render.place(str(lab.path / "data" / "rows.csv"), lab.path) == "data/rows.csv"


SENTENCES = {
    "selection_rate by sex and age_band, under 25": "selection rate by sex and age band, under 25",
    "calibration_error is 0.1.": "calibration error is 0.1.",
    "`who_decides` of responsible_ai/impact.md": "`who_decides` of responsible_ai/impact.md",
    "a_person@example.org, gates.fairness_x": "a_person@example.org, gates.fairness_x",
    "selection_* by *age_band": "selection_* by *age_band",
}  # fmt: skip


@pytest.mark.parametrize("sentence", SENTENCES)
def test_names_in_a_sentence_are_words_and_paths_stay(sentence: str):
    assert render.worded(sentence) == SENTENCES[sentence]


def known(value: float | None) -> dict[str, float | None]:
    return {"value": value, "low": value, "high": value}


def evaluated(groups: dict, importance: dict) -> dict[str, Any]:
    everybody = {"precision": known(0.95), "recall": known(0.9), "error": known(2.0)}
    return {
        "rows": 9000, "metrics": everybody, "baselines": {}, "outcome": known(981.0),
        "groups": {"sex": groups}, "columns": {"sex": {"role": "context", "categories": ["f", "m"]}},
        "importance": importance,
    }  # fmt: skip


def test_a_large_group_of_which_nobody_is_selected_is_the_widest_gap(finished: Done, page):
    of_f, of_m = {"precision": known(None), "recall": known(0.0)}, {"precision": known(0.95), "recall": known(0.95)}
    groups = {
        "f": {"rows": 4000, "too_small": False, "metrics": of_f | {"error": known(2.0)}},
        "m": {"rows": 5000, "too_small": False, "metrics": of_m | {"error": known(2.0)}},
    }
    html = page(finished.record, evaluated(groups, {}))
    assert "By sex, recall is worst for “f”, 0.000, and best for “m”, 0.950. “f” misses the limit of 0.8" in html
    assert "Precision is not defined for “f” (sex): none of its rows count for it, as when nobody" in html
    assert "No group is too small to judge." in html
    assert "Too small to judge:" not in html


def test_features_are_in_the_order_of_their_importance_when_one_has_none(finished: Done, page):
    moved = {"small": (1.0, -0.5), "unknown": (None, -0.1), "large": (2.0, -4.0)}
    importance = {name: {"error": known(error), "outcome": known(fall)} for name, (fall, error) in moved.items()}
    html = page(finished.record, evaluated({}, importance))
    assert "feature fall of the figure change of error" in html
    assert re.search(r"large 2\.00 2\.00 to 2\.00 4\.00 small 1\.000 1\.000 to 1\.000 0\.500", html)


def test_rows_without_ids_are_compared_though_a_limit_was_edited(lab: Lab, tmp_path: Path):
    y = np.tile([0, 1], 200)
    figures = {"rows": 400, "metrics": {"hits": known(1.0)}, "groups": {}, "baselines": {}, "outcome": known(1.0)}
    columns = {"label": {"role": "label", "dtype": "flag", "categories": []}}
    lab.write("made/metrics.json", json.dumps(figures | {"columns": columns}))
    pl.DataFrame({"label": y, "predicted.decision": y}).write_parquet(lab.path / "made" / "predictions.parquet")
    copy = "cp ${{inputs.made}}/* ${{outputs.evaluation}}"
    dones, made = [], {"evaluation": folder("evaluate", "evaluation")}
    for limit in ("0.8", "0.9"):
        inputs = {"settings": asset(lab.write("mlops.yaml", limit)), "made": asset(lab.path / "made")}
        step = node("evaluate", copy, inputs=inputs, outputs={"evaluation": "uri_folder"})
        dones.append(lab.run(step, inputs=inputs, outputs=made))

    def hits(y, predictions, weight) -> float:
        return float(np.average(predictions["decision"] == y, weights=weight))

    code: Any = SimpleNamespace(evaluate=SimpleNamespace(METRICS={"hits": hits}, outcome=hits))
    first, second = (done.record for done in dones)
    model = Model("a", 1, "d", {"run": first["run"]})
    jobs = lab.platform.jobs
    ours = facts.evaluated(jobs, second["run"], tmp_path)
    champion = facts.against(model, second, ours, code, jobs, tmp_path)
    assert (champion.rows, champion.remarks) == (400, [])
    assert champion.differences["hits"].value == 0

    (lab.output(dones[0], "evaluate", "evaluation") / "metrics.json").chmod(0o600)
    (lab.output(dones[0], "evaluate", "evaluation") / "metrics.json").write_text("{}")
    gone = facts.against(model, second, ours, code, jobs, tmp_path / "again")
    assert gone.remarks == [f"What its run {first['run'][:8]} evaluated is changed or gone."]
