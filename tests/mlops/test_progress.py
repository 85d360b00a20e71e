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
WAIVED = Verdict("schema", "t.age", 3, 0, False, "3 values.", "Correct them.", "until 2027-01-31, a pilot")
REFUSED = Verdict("schema", "t.job", 1, 0, False, "1 value.", "Correct it.")


class Jobs:
    """A finished run with one output: `verdicts/verdicts.json`."""

    def __init__(self, content: object) -> None:
        self.content = content

    def fetch(self, run: str, output: str, to: Path) -> None:
        if output != "verdicts":
            raise Misuse("there is no such output.")
        files.write_json(to / "verdicts.json", self.content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"model": "a", "verdicts": [PASSED]}, ["✓ quality: auc is 0.93."]),
        (
            {"model": "a", "verdicts": [PASSED, WAIVED]},
            ["✓ quality: auc is 0.93.", "~ schema: 3 values. Waived: until 2027-01-31, a pilot"],
        ),
        (
            {"model": "a", "verdicts": [PASSED, WAIVED, REFUSED]},
            ["3 verdicts: 1 passed, 1 waived, 1 refused; those refused are above."],
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
        Event("r", None, "failed", 3.5, status=3),
    ]
    status = progress.follow(job, events, "0123456789")
    said = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.getvalue())
    lines = [line.strip() for line in said.replace("\r", "\n").splitlines()]
    told = [line for line in lines if line and line[0] not in SPINNING]
    assert status == 3
    assert told == [
        "job, run 01234567, 2 steps", "✓ prepare  1.5 s", "prepare: its output 'rows' is empty",
        "✗ train failed  2.0 s", "exit status 1", "✗ run failed  3.5 s",
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
