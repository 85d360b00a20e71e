"""A model is registered only when something was judged, it was this model, and all of it stands."""

from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import pytest

from mlops.errors import Refused
from mlops.evidence.register import WANTED, refuse_unless_judged, register
from mlops.gates.base import Verdict
from tests.support.project import Project


def verdict(passed: bool, waiver: str | None = None) -> dict[str, Any]:
    return asdict(Verdict("quality", "auc", 0.5, 0.9, passed, "auc is low.", "Improve it.", waiver))


@pytest.mark.parametrize("verdicts", [[verdict(True)], [verdict(True), verdict(False, waiver="W-1")]])
def test_passed_and_waived_verdicts_stand(verdicts: list):
    refuse_unless_judged("a-run", {"model": "abc", "verdicts": verdicts}, "abc")


@pytest.mark.parametrize(
    ("judged", "sentence"),
    [
        ({"model": "abc", "verdicts": []}, "has no verdict on its model"),
        ({"model": None, "verdicts": [verdict(True)]}, "its verdicts speak of None"),
        ({"model": "other", "verdicts": [verdict(True)]}, "its verdicts speak of other"),
        ({"model": "abc", "verdicts": [verdict(True), verdict(False)]}, "quality: auc is low. Improve it."),
    ],
)
def test_what_was_not_judged_or_does_not_stand_is_refused(judged: dict, sentence: str):
    with pytest.raises(Refused) as refusal:
        refuse_unless_judged("a-run", judged, "abc")
    assert sentence in str(refusal.value)


def test_in_azure_only_committed_code_makes_a_model(reference: Project):
    record = {"outputs": WANTED, "code": {"dirty": True}}
    platform: Any = SimpleNamespace(jobs=SimpleNamespace(describe=lambda run: record), models=None)
    with pytest.raises(Refused, match="the code of run a-run was not committed. Commit it, and run again on dev."):
        register("a-run", platform, reference.path, "dev")
