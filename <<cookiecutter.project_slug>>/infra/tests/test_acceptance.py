"""The acceptance run: what it refuses, what it will cost, and that only Azure's own answers count as verified."""

import signal
import sys
import time
from collections.abc import Mapping
from threading import Timer
from typing import Any

import acceptance
import commands
import costs
import prerequisites
import pytest
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
    assert page.count(verified.NEVER) == sum("steps" not in each for each in verified.CAPABILITIES)


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
    assert verified.page(None).count(verified.NEVER) == len(verified.CAPABILITIES)


def test_it_is_for_dev_with_an_endpoint() -> None:
    with pytest.raises(Misuse, match="only dev is for: make azure-check ENV=dev"):
        prerequisites.ready("prod", KNOWN)
    elsewhere = KNOWN.model_copy(update={"training": KNOWN.training.model_copy(update={"where": "prod"})})
    with pytest.raises(Misuse, match="mlops.yaml: .*dev has no ladder to climb"):
        prerequisites.ready("dev", elsewhere)


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


def test_a_command_that_is_interrupted_ends_in_order() -> None:
    program = "import time\ntry:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print('let go')"
    Timer(1, signal.raise_signal, (signal.SIGINT,)).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        commands.run([sys.executable, "-c", program], began + 50)
    with pytest.raises(Failure, match="the time for it was over during"):
        commands.run([sys.executable, "-c", program], time.monotonic() + 1)
    assert time.monotonic() < began + 30


def test_what_was_not_done_by_azure_writes_no_file(capsys: pytest.CaptureFixture[str]) -> None:
    acceptance.conclude({**WHOLE, "emulated": True})
    assert "it was not Azure that answered" in capsys.readouterr().out
    assert not verified.FILE.exists() or verified.proven(verified.read())
