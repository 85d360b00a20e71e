"""What a person is told about a run: how each verdict stands, and nothing of what a foreign job calls a verdict."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from mlops import files
from mlops.commands import progress
from mlops.errors import Misuse
from mlops.gates.base import Verdict
from mlops.platform.base import Event
from mlops.platform.local.models import LocalModels
from mlops.specs.bind import bind
from tests.support.project import Project

SPINNING = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

PASSED = Verdict("quality", "auc", 0.93, 0.9, True, "auc is 0.93.")
WAIVED = Verdict("schema", "t.age", 3, 0, False, "3 values.", "Correct them.", "schema: t.*, until 2027-01-31")
REFUSED = Verdict("schema", "t.job", 1, 0, False, "1 value.", "Correct it.")
DOUBTED = Verdict("champion", "champion", 1, 0, False, "it is worse.", "", "champion: champion, until 2027-02-01")


class Jobs:
    """A finished run with one output: `verdicts/verdicts.json`."""

    def __init__(self, content: object) -> None:
        self.content = content

    def describe(self, run: str) -> dict:
        return {"run": run, "nodes": {}}

    def fetch(self, run: str, output: str, to: Path) -> None:
        if output != "verdicts":
            raise Misuse("there is no such output.")
        files.write_json(to / "verdicts.json", self.content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            {"model": "a", "verdicts": [PASSED, PASSED]},
            ["✓ quality: 2 passed", "1 gate, 2 verdicts: all passed"],
        ),
        (
            {"model": "a", "verdicts": [WAIVED, PASSED]},
            [
                "✓ quality: 1 passed",
                "~ schema: 1 waived",
                "3 values. Waived: t.*, until 2027-01-31.",
                "2 gates, 2 verdicts: 1 passed, 1 waived",
            ],
        ),
        (
            {"model": "a", "verdicts": [REFUSED, WAIVED, PASSED, DOUBTED]},
            [
                "✓ quality: 1 passed",
                "~ champion: 1 waived",
                "it is worse. Waived: champion, until 2027-02-01.",
                "✗ schema: 1 waived, 1 refused",
                "3 values. Waived: t.*, until 2027-01-31.",
                "1 value. Correct it.",
                "3 gates, 4 verdicts: 1 passed, 2 waived, 1 refused",
            ],
        ),
        ({"verdicts": "guilty"}, []),
        ({"verdicts": [{"guilty": True}]}, []),
        ([1, 2], []),
    ],
    ids=["passed", "waived", "refused", "foreign text", "foreign entries", "foreign list"],
)
def test_verdicts_are_shown_as_they_stand(capsys, content, said: list[str]):
    progress.verdicts(Jobs(content), "a-run")  # type: ignore[arg-type]
    assert [line.strip() for line in capsys.readouterr().out.splitlines()] == said


@pytest.mark.parametrize("terminal", [True, False])
def test_each_step_is_said_once_when_it_ends_and_odd_ones_are_explained(monkeypatch, tmp_path: Path, terminal: bool):
    written = io.StringIO()
    monkeypatch.setattr(
        progress, "console", Console(file=written, force_terminal=terminal, color_system=None, width=80)
    )
    (tmp_path / "job.yml").write_text("type: pipeline\njobs: {prepare: {command: 'true'}, train: {command: 'true'}}\n")
    job = bind(tmp_path / "job.yml", project=tmp_path)
    events = [
        Event("r", "prepare", "started"),
        Event("r", "prepare", "finished", 1.5, "its output 'rows' is empty"),
        Event("r", "train", "started"),
        Event("r", "train", "failed", 2, "exit status 1", status=3),
        Event("r", "reads", "unreadable", 0, "a.csv: cannot be read", status=2),
        Event("r", None, "failed", 3.5, status=3),
    ]
    status = progress.follow(job.name, len(job.nodes), events, "0123456789")
    said = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.getvalue())
    lines = [line.strip() for line in said.replace("\r", "\n").splitlines()]
    told = [line for line in lines if line and line[0] not in SPINNING]
    assert status == 3
    assert told == [
        "job, run 01234567, 2 steps", "✓ prepare  1.5 s", "prepare: its output 'rows' is empty",
        "✗ train failed  2.0 s", "exit status 1", "✗ reads cannot read what it was given",
        "a.csv: cannot be read", "✗ run failed  3.5 s",
    ]  # fmt: skip


def test_a_model_shows_how_many_of_its_verdicts_are_waived(project: Project):
    interval = {"value": 0.93, "low": 0.92, "high": 0.94}
    lineage = {
        "run": "r", "reason": "", "code": {"digest": "d", "commit": None, "dirty": False}, "data": {},
        "environment": {"digest": "e", "python": "3.11"}, "parameters": {}, "system": {},
        "evaluation": {"metrics": {}, "outcome": interval}, "verdicts": [vars(PASSED), vars(WAIVED)],
    }  # fmt: skip
    LocalModels(project.path / ".mlops").register("triage", project.path / "data", lineage, b"")
    done = project.mlops("models", "show", "triage:1")
    assert "2 verdicts: 1 passed, 1 waived" in done.stdout, done.stderr
