"""The acceptance run: what it refuses, what it will cost, and that only Azure's own answers count as verified."""

import signal
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Timer
from typing import Any

import acceptance
import commands
import costs
import prerequisites
import pytest
import reach
import verified
from policy import Resource
from record import Job, Recorded

from mlops import settings
from mlops.errors import Failure, Misuse

KNOWN = settings.load(commands.PROJECT / "mlops.yaml")
WHOLE: Mapping[str, Any] = {
    "date": "2026-12-01",
    "region": "westeurope",
    "commit": "0123456789",
    "versions": {"pulumi": "v3.258.0", "pulumi-azure-native": "3.29.0", "azure-ai-ml": "1.35.2"},
    "answered": {"host": "management.azure.com", "by": "US, Microsoft Corporation"},
    "emulated": False,
    "steps": [{"step": name, "command": f"do {name}", "seconds": 60.4, "status": 0} for name in verified.STEPS],
}


def test_the_page_says_what_was_verified() -> None:
    assert verified.PAGE.read_text("utf-8") == verified.page(verified.read()), f"write it: {verified.__doc__}"


def test_a_whole_run_in_azure_is_shown() -> None:
    page = verified.page(WHOLE)
    assert "| a pipeline trains |" in page and "2026-12-01, 60 s" in page and "Microsoft Corporation" in page
    assert "`do back`" in page
    assert page.count(verified.NEVER) == sum("steps" not in each for each in verified.CAPABILITIES["azure"])


@pytest.mark.parametrize(
    "spoilt",
    [
        {"emulated": True},
        {"answered": {"host": "management.azure.com", "by": ""}},
        {"steps": WHOLE["steps"][:-1]},
        {"steps": [*WHOLE["steps"], {"step": "train", "command": "", "seconds": 1, "status": 3}]},
    ],
    ids=["emulated", "no public authority", "not all", "one failed"],
)
def test_anything_less_is_not(spoilt: Mapping[str, Any]) -> None:
    assert verified.page({**WHOLE, **spoilt}) == verified.page(None)
    assert verified.page(None).count(verified.NEVER) == len(verified.CAPABILITIES["azure"])


def test_it_is_for_dev_with_an_endpoint() -> None:
    with pytest.raises(Misuse, match="only dev is for: make azure-check ENV=dev"):
        prerequisites.ready("prod", KNOWN)
    elsewhere = KNOWN.model_copy(update={"training": KNOWN.training.model_copy(update={"where": "prod"})})
    with pytest.raises(Misuse, match="mlops.yaml: .*dev has no ladder to climb"):
        prerequisites.ready("dev", elsewhere)


@pytest.mark.parametrize("written", ["learning_rate: 0.08", "rounds: 150"], ids=["no such input", "the same value"])
def test_a_second_model_would_be_another_one(written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / prerequisites.TRAIN).parent.mkdir(parents=True)
    (tmp_path / prerequisites.TRAIN).write_text(f"type: pipeline\ninputs:\n  {written}\n")
    monkeypatch.setattr(prerequisites, "PROJECT", tmp_path)
    with pytest.raises(Misuse, match="train.yml: wants an input `rounds` that is not 150"):
        prerequisites.ready("dev", KNOWN)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "use it as: reach.py ready ENV KEY"),
        ("status prod", "use it as: reach.py ready ENV KEY"),
        ("remove", "use it as: reach.py ready ENV KEY"),
        ("remove dev prod", "use it as: reach.py ready ENV KEY"),
        ("call dev soon", "use it as: reach.py ready ENV KEY"),
        ("remove prod", "only dev and staging are emptied from here"),
        ("remove Prod", "only dev and staging are emptied from here"),
    ],
)
def test_nothing_is_removed_by_mistake(typed: str, sentence: str) -> None:
    with pytest.raises(Misuse, match=sentence):
        reach.act(*typed.split())


def test_a_ladder_ends_with_a_champion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tick = tmp_path / "mlops"
    tick.write_text("""#!/bin/sh\necho '{"act": "advance", "why": "no guard shows anything"}'\n""")
    tick.chmod(0o755)
    monkeypatch.setattr(commands, "RECORD", tmp_path / "record.json")
    monkeypatch.setattr(acceptance, "REACH", ("true",))
    monkeypatch.setattr(acceptance, "MLOPS", tick)
    steps = commands.Steps({}, time.monotonic() + 50)
    with pytest.raises(Failure, match="the release did not go on: advance, no guard shows anything"):
        acceptance.climb(steps, KNOWN, 1)
    assert len(steps.done) == len(KNOWN.release.ladder)


def test_what_an_hour_costs_at_most() -> None:
    cluster = {"vmSize": "Standard_D4s_v3", "vmPriority": "LowPriority", "scaleSettings": {"maxNodeCount": 4}}
    resources = (
        Resource("azure-native:machinelearningservices:Compute", "cpu", {"properties": {"properties": cluster}}),
        Resource("azure-native:network:NatGateway", "gate", {}),
    )
    prices = costs.load()
    hour, unknown = prerequisites.hourly(Recorded(Job("dev"), resources), KNOWN, prices)
    each = {price.item: price.price for price in prices.prices}
    instances = 2 * each[prices.instance] if KNOWN.service.online else 0
    assert hour == pytest.approx(4 * each["Standard_D4s_v3"] + instances)
    assert unknown == ["network:NatGateway"]


SLEEPS = "import time\ntry:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print('let go')"


def test_a_command_that_is_interrupted_ends_in_order() -> None:
    Timer(1, signal.raise_signal, (signal.SIGINT,)).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        commands.run([sys.executable, "-c", SLEEPS], began + 50)
    with pytest.raises(Failure, match="the time for it was over during"):
        commands.run([sys.executable, "-c", SLEEPS], time.monotonic() + 1)
    assert time.monotonic() < began + 30


def test_one_that_does_not_listen_is_killed_with_what_it_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "PATIENCE", {signal.SIGINT: 1.0, signal.SIGTERM: 1.0})
    began = time.monotonic()
    with pytest.raises(Failure, match="the time for it was over during"):
        commands.run(["sh", "-c", "trap '' INT TERM; sleep 60; sleep 60"], began + 1, kept=True)
    assert time.monotonic() < began + 30


@pytest.fixture
def signals() -> Iterator[None]:
    held = {each: signal.getsignal(each) for each in acceptance.ENDS}
    yield
    for each, handler in held.items():
        signal.signal(each, handler)


@pytest.mark.usefixtures("signals")
def test_a_removal_ends_too_when_its_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(commands, "RECORD", tmp_path / "record.json")
    monkeypatch.setattr(acceptance, "NAMES", tmp_path / "dev.json")
    monkeypatch.setattr(acceptance, "ENGINE", (sys.executable, "-c", SLEEPS))
    monkeypatch.setattr(acceptance, "ENDING_HOURS", 2 / 3600)
    began = time.monotonic()
    assert not acceptance.remove(commands.Steps({}, began + 50))
    said = capfd.readouterr().out
    assert "let go" in said and "NOT REMOVED: the time for it was over during" in said
    assert time.monotonic() < began + 30


def test_what_was_not_done_by_azure_writes_no_file(capsys: pytest.CaptureFixture[str]) -> None:
    acceptance.conclude({**WHOLE, "emulated": True})
    assert "it was not Azure that answered" in capsys.readouterr().out
    assert not verified.FILE.exists() or verified.proven(verified.read())
