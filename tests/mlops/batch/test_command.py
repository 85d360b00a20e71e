"""`mlops score` and `mlops report`, as a person types them, and the same rows through the pipeline of Azure ML."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest

from mlops.batch.scoring import TableScorer
from mlops.commands.serve import serve
from mlops.files import read_json
from mlops.platform.base import Model
from mlops.platform.local.models import LocalModels
from mlops.release.state import Version
from mlops.specs.bind import bind
from mlops.specs.expressions import render
from tests.mlops.release.shops import Shop
from tests.support.project import Project


@pytest.fixture
def visits(shop: Shop) -> Path:
    """200 rows, of which two are bad."""
    ages = [age % 80 + 18 for age in range(198)] + [400, None]
    pl.DataFrame({"age": ages, "place": "town", "colour": "red"}).write_parquet(shop.path / "visits.parquet")
    return shop.path / "visits.parquet"


def test_a_table_is_scored_ranked_and_shown(shop: Shop, visits: Path):
    shop.register()
    done = shop.mlops("score", "shop", "--input", "visits.parquet", "--output", "out", "--top", "20")
    assert done.returncode == 0, done.stderr
    assert "200 of 200 rows, 2 set aside" in done.stdout
    said = " ".join(done.stdout.split())
    assert "scored 198 rows, in out/scored/" in said and "1 × age: missing" in said and "columns colour" in said
    assert "the first 20 by score, in out/ranked.csv; as a page: mlops report out" in said
    listed = pl.read_csv(shop.path / "out" / "ranked.csv")
    assert listed["reasons"][0] == "age 97 years raises it" and set(listed["model"]) == {"shop:1"}
    reported = shop.mlops("report", "out")
    assert reported.stdout.strip() == "out/ranked.html", reported.stderr
    assert "age 97 years raises it" in (shop.path / "out" / "ranked.html").read_text()


def test_a_script_gets_json_and_a_refusal_is_status_1(shop: Shop, visits: Path):
    shop.register()
    done = shop.mlops("score", "shop:1", "--input", "visits.parquet", "--output", "out", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["scored"] == 198
    strict = shop.mlops("score", "shop:1", "--input", "visits.parquet", "--output", "strict", "--errors", "0")
    assert strict.returncode == 1 and strict.stderr.startswith("2 of 200 rows break the contract")
    other = shop.register()
    again = shop.mlops("score", other, "--input", "visits.parquet", "--output", "out")
    assert again.returncode == 2 and "has the scores of another model" in again.stderr
    missing = shop.mlops("score", "shop", "--input", "none.parquet", "--output", "no")
    assert missing.returncode == 2 and "there is no such file" in missing.stderr
    pl.DataFrame({"age": [40]}).write_parquet(shop.path / "less.parquet")
    less = shop.mlops("score", "shop", "--input", "less.parquet", "--output", "no")
    assert less.returncode == 2 and "less.parquet: place: the column is missing. Correct the table" in less.stderr
    assert not less.stdout and not (shop.path / "no").exists()


def test_a_scoring_that_goes_on_says_so_and_one_without_a_list_is_no_run(shop: Shop, visits: Path):
    shop.register()
    words = ("score", "shop:1", "--input", "visits.parquet", "--output", "out")
    refused = shop.mlops(*words, "--errors", "0")
    assert refused.returncode == 1 and "--errors allows" in refused.stderr
    unlisted = shop.mlops("report", "out")
    assert unlisted.returncode == 2 and "out: this scoring has no list yet" in unlisted.stderr
    again = shop.mlops(*words)
    assert "gone on after 200 rows that were scored before" in " ".join(again.stdout.split()), again.stderr
    assert shop.mlops("report", "out").returncode == 0


def test_a_model_scores_with_the_package_that_it_was_made_with(shop: Shop, visits: Path):
    shop.register()
    predict = shop.path / "src" / "shop" / "predict.py"
    predict.write_text(predict.read_text().replace("/ 100", "/ 200"))
    done = shop.mlops("score", "shop:1", "--input", "visits.parquet", "--output", "out")
    assert done.returncode == 0, done.stderr
    assert pl.read_csv(shop.path / "out" / "ranked.csv")["score"].max() == 0.97


def test_the_pipeline_gives_what_the_command_gives(shop: Shop, visits: Path, reference: Project):
    """Two files, two workers, the model in service with its own package, although the job's code says another thing."""
    shutil.copytree(reference.path / "azureml", shop.path / "azureml", dirs_exist_ok=True)
    shutil.copytree(reference.path / "src" / "mlops", shop.path / "src" / "mlops")
    rows = shop.path / "rows"
    rows.mkdir()
    table = pl.read_parquet(visits)
    table.head(90).write_parquet(rows / "a.parquet")
    table.tail(110).write_parquet(rows / "b.parquet")
    (rows / "README.md").write_text("two files\n")
    served = Version.of(shop.platform.models.get(shop.register()))
    predict = shop.path / "src" / "shop" / "predict.py"
    predict.write_text(predict.read_text().replace("/ 100", "/ 200"))
    shop.controller.sign("champion", served, "it is the first.", {})
    done = shop.mlops("run", "azureml/pipelines/score.yml", "--input", "rows=rows", "--set", "top=20", "--json")
    assert done.returncode == 0, done.stderr
    outputs = shop.path / ".mlops" / "runs" / json.loads(done.stdout)["run"] / "outputs"
    by_hand = shop.mlops("score", "shop", "--input", "rows", "--output", "out", "--top", "20")
    assert by_hand.returncode == 0, by_hand.stderr
    assert read_json(outputs / "rank" / "ranked" / "summary.json")["bad"] == 2
    for kind in ("scored", "bad"):
        here, there = (
            pl.read_parquet(f"{folder}/{kind}/*.parquet").drop("model", strict=False)
            for folder in (shop.path / "out", outputs / "score" / "scored")
        )
        assert here.equals(there) and len(here)
    first = "rank", "reasons", "row", "score"
    here, there = (pl.read_csv(path / "ranked.csv") for path in (shop.path / "out", outputs / "rank" / "ranked"))
    assert here.select(first).equals(there.select(first))
    assert set(there["model"]) == {f"shop@{served.digest[:12]}"}


def test_the_pipeline_says_that_no_model_is_in_service(reference: Project, tmp_path: Path):
    job = bind(reference.path / "azureml" / "pipelines" / "score.yml", project=reference.path)
    [served] = [node for node in job.nodes if node.name == "served"]
    command = render(served.command, {}, {"model": str(tmp_path)})
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.returncode == 1 and "No model is in service here" in done.stdout


def test_a_model_that_is_registered_meanwhile_is_neither_scored_nor_served(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    shop.register()
    models, get = shop.platform.models, LocalModels.get
    ran: list[str] = []
    monkeypatch.chdir(shop.path)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setattr(os, "execv", lambda _, words: ran.extend(words))

    def slow(self: LocalModels, reference: str) -> Model:
        found = get(self, reference)
        if reference == "shop":
            shop.register()
        return found

    monkeypatch.setattr(LocalModels, "get", slow)
    with TableScorer.registered(models, "shop") as scorer:
        assert (scorer.model, scorer.predictor.salt) == ("shop:1", 1)
    serve("shop")
    [folder] = (Path(word.partition("=")[2]) for word in ran if word.startswith("--model="))
    assert "--version=shop:2" in ran and read_json(folder / "model.json")["salt"] == 2
