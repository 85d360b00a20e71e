"""A project that joins two tables, each with a contract, a file and versions of its own."""

import json
import re
from pathlib import Path

import polars as pl
import pytest

from tests.support.project import Completed, Project

pytestmark = pytest.mark.xdist_group("two sources")

TRAIN = ("run", "azureml/pipelines/train.yml")
REGIONS = {"United-States": "America", "Mexico": "America", "Germany": "Europe", "India": "Asia", "Philippines": "Asia"}

SOURCE = """,
    "regions": Contract(
        Column("native_country", "text", "id", "Country of birth."),
        Column("region", "category", "context", "Part of the world.", categories=PARTS),
        min_rows=3,
    ),
}
"""
REGION = """Column(
        "region", "category", "context", "Part of the world.", categories=PARTS, nullable=True,
    ),
"""
JOINED = """sources["applications"]
        .join(sources["regions"], on="native_country", how="left")
"""
LIMITS = {"go: 900": "go: 1", "auc: 0.9": "auc: 0.5", "precision: 0.88": "precision: 0.1", "recall: 0.8": "recall: 0.1"}
LIMITS |= {"    reference:\n": "    least_rows: 1\n    reference:\n"}
LIMITS |= {"brier: 0.12": "brier: 0.9", "calibration_error: 0.05": "calibration_error: 0.9", "[auc, brier]": "[auc]"}


def replaced(file: Path, *changes: tuple[str, str]) -> None:
    text = file.read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    file.write_text(text)


def join_regions(project: Project) -> None:
    """What docs/model.md lists for a second source, and limits that a model of few rows can reach."""
    place, package = project.path, project.path / "src" / project.package
    pl.read_parquet(place / "data" / "applications.parquet").head(4000).write_parquet(
        place / "data/applications.parquet"
    )
    pl.DataFrame({"native_country": list(REGIONS), "region": list(REGIONS.values())}).write_csv(
        place / "data/regions.csv"
    )
    asset = (place / "azureml/data/applications.yml").read_text().replace("applications", "regions")
    (place / "azureml/data/regions.yml").write_text(asset.replace(".parquet", ".csv"))
    declared = "  applications:\n    type: uri_file\n"
    for step in ("validate", "prepare"):
        replaced(
            place / f"azureml/components/{step}.yml",
            (declared, f"{declared}  regions:\n    type: uri_file\n"),
            ("=${{inputs.applications}}", "=${{inputs.applications}}\n  --source regions=${{inputs.regions}}"),
        )
    bound = "applications: ${{parent.inputs.applications}}\n"
    for pipeline in ("train", "tune", "validate"):
        replaced(
            place / f"azureml/pipelines/{pipeline}.yml",
            (declared, f"  regions:\n    type: uri_file\n    path: azureml:regions@latest\n{declared}"),
            (bound, f"{bound}      regions: ${{{{parent.inputs.regions}}}}\n"),
        )
    settings = place / "mlops.yaml"
    entry = re.search(r"  applications:\n(    .*\n)+", settings.read_text())
    assert entry
    second = entry[0].replace("applications:", "regions:", 1).replace("CC-BY-4.0", "CC0-1.0")
    replaced(settings, (entry[0], entry[0] + second), *LIMITS.items())
    replaced(
        package / "contract.py",
        ("SOURCES: Mapping", 'PARTS = ("America", "Asia", "Europe")\n\nSOURCES: Mapping'),
        ("min_rows=1000,\n    )\n}\n", f"min_rows=1000,\n    ){SOURCE}"),
        ('    Column("eligible"', f'    {REGION}    Column("eligible"'),
    )
    replaced(package / "prepare.py", ('sources["applications"]\n', JOINED))
    replaced(package / "train.py", ('"majority": majority, "logistic": logistic', '"majority": majority'))


@pytest.fixture(scope="module")
def joined(reference: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of two sources whose model is registered."""
    project = reference.copy(tmp_path_factory.mktemp("joined") / "project")
    join_regions(project)
    expect(project.mlops(*TRAIN, "--set", "rounds=20", "--register"), 0)
    return project


def expect(done: Completed, status: int) -> str:
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def answered(project: Project, *command: str) -> dict:
    return json.loads(expect(project.mlops(*command, "--json"), 0))


def test_both_are_versions_in_the_record_of_the_run_and_the_lineage_of_the_model(joined: Project):
    model = answered(joined, "models", "show", "income-support-triage:1")
    run = json.loads((joined.path / ".mlops" / "runs" / model["lineage"]["run"] / "run.json").read_text())
    for read in (run["data"], model["lineage"]["data"]):
        assert {name: each["version"] for name, each in read.items()} == {
            "settings": None,
            "responsible_ai": None,
            "applications": "applications:1",
            "regions": "regions:1",
        }
    said = expect(joined.mlops("models", "show", "income-support-triage:1"), 0)
    assert "(applications:1)" in said and "(regions:1)" in said


def test_from_each_of_them_one_finds_the_run_and_the_model(joined: Project):
    for name, licence in (("applications", "CC-BY-4.0"), ("regions", "CC0-1.0")):
        shown = answered(joined, "data", "show", f"{name}:1")
        assert (shown["models"], len(shown["runs"])) == (["income-support-triage:1"], 1)
        assert shown["about"]["licence"] == licence
        assert shown["message"] == f"read by run {shown['runs'][0][:8]}"
        assert "region" in shown["profile"]["columns"] or name == "applications"


def test_the_rows_are_joined(joined: Project):
    [rows] = joined.path.glob(".mlops/runs/*/outputs/prepare/rows/train.parquet")
    table = pl.read_parquet(rows)
    known = table.filter(pl.col("native_country").is_in(list(REGIONS)))
    assert len(known) > 1000 and known["region"].null_count() == 0
    assert known.filter(native_country="Mexico")["region"].unique().to_list() == ["America"]


def test_a_bad_row_in_the_second_table_is_refused_by_name(joined: Project, tmp_path: Path):
    project = joined.copy(tmp_path / "project")
    with (project.path / "data" / "regions.csv").open("a") as file:
        file.write("Peru,Atlantis\n")
    said = expect(project.mlops(*TRAIN, "--set", "rounds=20", "--register"), 1)
    assert "refused by schema: regions.region:" in said and "row 6" in said and "schema: applications" not in said
    assert [each["version"] for each in answered(project, "models", "list")] == [1]
    assert [each["files"] for each in answered(project, "data", "list") if each["name"] == "regions"] == [1, 1]
    moved = expect(project.mlops("data", "diff", "regions:1", "regions:2"), 0)
    assert "region" in moved


def test_the_projects_own_tests_and_checks_hold(joined: Project, tmp_path: Path):
    project = joined.copy(tmp_path / "project")
    page = project.path / "data" / "README.md"
    page.write_text(page.read_text() + "\n`native_country`, `region`: regions.csv, made up.\n")
    expect(project.mlops("lint"), 0)
    expect(project.python("-m", "pytest", "tests/data", "tests/specs", "-q", "-p", "no:cacheprovider"), 0)
