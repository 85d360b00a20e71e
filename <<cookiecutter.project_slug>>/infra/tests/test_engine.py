"""The engine is not started for what must not be done, and the sentence says what to do instead."""

import json
from pathlib import Path

import adopt
import drift
import engine
import pytest

from mlops.errors import Misuse


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert engine.main(arguments) == 2
    return capsys.readouterr().err


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `pulumi` on the PATH that nobody may start."""
    command = tmp_path / "pulumi"
    command.write_text("#!/bin/sh\nexit 99\n", "utf-8")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.parametrize("arguments", [[], ["preview"], ["preview", ""], ["preview", "test"]])
def test_it_wants_to_know_which_stack(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert "make infra-preview STACK=dev" in said(capsys, *arguments)


def test_prod_is_not_destroyed(capsys: pytest.CaptureFixture[str]) -> None:
    assert "prod is not destroyed from here" in said(capsys, "destroy", "prod")


def test_a_missing_engine_is_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "`pulumi` is not on the PATH: run `make pulumi` and put .venv/bin there" in said(capsys, "preview", "dev")


def test_what_a_killed_up_made_is_not_adopted_without_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    urn = "urn:pulumi:dev::triage::azure-native:storage:StorageAccount::storage"
    there = {"urn": urn, "message": "cannot create already existing resource '/subscriptions/1/st'"}
    failed = {"metadata": {"type": "azure-native:storage:StorageAccount", "urn": urn, "new": {"parent": "urn:parent"}}}
    events = [{"diagnosticEvent": there}, {"resOpFailedEvent": failed}]
    (tmp_path / "dev.up.jsonl").write_text("\n".join(map(json.dumps, events)), "utf-8")
    monkeypatch.setattr(adopt, "STATE", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Misuse, match="`pulumi` is not on the PATH"):
        adopt.adopt("dev")


@pytest.mark.usefixtures("installed")
def test_a_project_that_is_not_onboarded_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "configured", lambda job: ("", {}, False))
    assert "infra/Pulumi.dev.yaml: the project is not onboarded" in said(capsys, "preview", "dev")


@pytest.mark.usefixtures("installed")
def test_up_wants_a_preview_of_these_files(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "configured", lambda job: ("", {}, True))
    monkeypatch.setattr(engine, "STATE", tmp_path)
    assert "no preview of these files has passed" in said(capsys, "up", "dev")
    (tmp_path / "dev.previewed").write_text("of other files", "utf-8")
    assert "no preview of these files has passed" in said(capsys, "up", "dev")


@pytest.mark.parametrize(("level", "refuses"), [("mandatory", True), ("advisory", False)])
def test_only_a_mandatory_policy_refuses(tmp_path: Path, level: str, refuses: bool) -> None:
    events = tmp_path / "dev.preview.jsonl"
    events.write_text(json.dumps({"policyEvent": {"enforcementLevel": level}}) + "\n", "utf-8")
    assert engine.refused(events) is refuses


def test_what_a_preview_came_to_is_read_from_its_events(tmp_path: Path) -> None:
    urn = "urn:pulumi:dev::triage::azure-native:storage:StorageAccount::storage"
    step = {"op": "create", "type": "azure-native:storage:StorageAccount", "urn": urn}
    mandatory = {"enforcementLevel": "mandatory", "message": "Storage keeps what it holds."}
    error = {"diagnosticEvent": {"severity": "error", "message": "no such region"}}
    lines = [
        {"resourcePreEvent": {"metadata": step}},
        {"policyEvent": mandatory},
        {"policyEvent": {"enforcementLevel": "advisory", "message": "It is dear."}},
        error,
        {"summaryEvent": {"resourceChanges": {"create": 1, "same": 2}}},
    ]
    events = tmp_path / "dev.preview.jsonl"
    events.write_text("\n".join(map(json.dumps, lines)) + "\n{half", "utf-8")
    assert engine.told(events) == {
        "changes": {"create": 1, "same": 2},
        "resources": [{"op": "create", "type": "azure-native:storage:StorageAccount", "name": "storage"}],
        "violations": ["Storage keeps what it holds."],
        "wrong": "",
    }
    events.write_text(json.dumps(error), "utf-8")
    assert engine.told(events)["wrong"] == "no such region"
    assert engine.told(tmp_path / "none") == {"changes": {}, "resources": [], "violations": [], "wrong": ""}


@pytest.mark.usefixtures("installed")
def test_what_it_found_is_left_for_the_comment_also_when_it_did_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLOPS_FINDINGS", str(tmp_path / "findings"))
    monkeypatch.setattr(engine, "configured", lambda job: ("", {}, False))
    assert engine.main(["preview", "dev"]) == 2
    [left] = (tmp_path / "findings").iterdir()
    found = json.loads(left.read_text())
    assert (left.name, found["stack"], found["status"]) == ("preview-dev.json", "dev", 2)
    assert found["wrong"].startswith("infra/Pulumi.dev.yaml: the project is not onboarded")
    assert engine.main(["up", "dev"]) == 2
    assert len([*(tmp_path / "findings").iterdir()]) == 1, "only a preview speaks of a change"


@pytest.mark.usefixtures("installed")
def test_a_disk_that_takes_no_finding_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MLOPS_FINDINGS", str(tmp_path / "file"))
    monkeypatch.setattr(engine, "act", lambda *_: 0)
    monkeypatch.setattr(engine, "STATE", tmp_path)
    assert engine.main(["preview", "dev"]) == 3
    assert "preview-dev.json: " in (err := capsys.readouterr().err) and err.startswith("could not write "), err
    monkeypatch.setattr(engine, "act", lambda *_: 1)
    assert engine.main(["preview", "dev"]) == 1, "what was refused stays refused"


@pytest.mark.parametrize("cut", ['{"resourcePreEvent": {"meta', '{"resourcePreEvent": {"metadata": {}}', "half", ""])
def test_drift_is_read_from_a_log_that_ends_early(tmp_path: Path, cut: str) -> None:
    urn = "urn:pulumi:dev::triage::azure-native:storage:StorageAccount::storage"
    step = {"op": "update", "type": "storage", "urn": urn, "detailedDiff": {"sku": {}, "kind": {}}}
    events = tmp_path / "dev.drift.jsonl"
    events.write_text(json.dumps({"resourcePreEvent": {"metadata": step}}) + f"\n{cut}", "utf-8")
    assert [*drift.drifted(events)] == ["storage (storage) is another: kind, sku"]
