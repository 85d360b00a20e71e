"""An alert looks back as far as what it is about, and what a release counts as an error is one to it."""

import pytest
from alerts import FAILED, LONGEST, alerts
from record import HERE

from mlops import settings
from mlops.settings import Batch


@pytest.mark.parametrize(
    "deadline, window", [(1, "PT2H"), (60, "PT2H"), (61, "PT3H"), (300, "PT6H"), (301, "P1D"), (LONGEST, "P2D")]
)
def test_the_window_holds_the_start_of_a_run_that_is_late(deadline: float, window: str) -> None:
    service = settings.load(HERE.parent / "mlops.yaml").service
    changed = service.model_copy(update={"batch": Batch(rows=1, deadline_minutes=deadline)})
    (late,) = (each for each in alerts(changed) if each.name == "late")
    assert (late.limit, late.window) == (deadline, window)


def test_what_fails_is_what_a_release_counts() -> None:
    question = (HERE.parent / "src" / "mlops" / "platform" / "azure" / "observe.kql").read_text("utf-8")
    failed = [line for line in question.splitlines() if line.startswith("| extend")]
    assert failed == [line for line in FAILED.splitlines() if line.startswith("| extend")]
    assert "errors = countif(failed)" in question and "errors = countif(failed)" in FAILED
