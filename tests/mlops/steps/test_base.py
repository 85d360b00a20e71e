"""How a step ends: its verdicts are written first, and the sentence says how each of them stands."""

from pathlib import Path

import pytest

from mlops.errors import Refused
from mlops.files import read_json
from mlops.gates.base import Verdict
from mlops.steps.base import conclude
from mlops.steps.log import Log

PASSED = Verdict("quality", "auc", 0.93, 0.9, True, "auc is 0.93.")
WAIVED = Verdict("schema", "t.age", 3, 0, False, "3 values.", "Correct them.", "until 2027-01-31: a pilot")
REFUSED = Verdict("schema", "t.job", 1, 0, False, "1 value.", "Correct it.")


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ([PASSED], "1 verdict: all passed"),
        ([PASSED, PASSED], "2 verdicts: all passed"),
        ([PASSED, WAIVED, PASSED], "3 verdicts: 2 passed, 1 waived"),
        ([WAIVED], "1 verdict: 1 waived"),
    ],
)
def test_a_step_goes_on_and_says_how_many_passed_and_how_many_are_waived(tmp_path: Path, capsys, verdicts, said):
    conclude(verdicts, tmp_path, Log(), model="abc")
    assert capsys.readouterr().out == said + "\n"
    written = read_json(tmp_path / "verdicts.json")
    assert written["model"] == "abc"
    assert [Verdict(**verdict) for verdict in written["verdicts"]] == verdicts


def test_a_step_refuses_for_what_neither_passed_nor_is_waived_after_writing_all_of_it(tmp_path: Path):
    with pytest.raises(Refused) as refusal:
        conclude([PASSED, WAIVED, REFUSED], tmp_path, Log())
    assert str(refusal.value) == "refused by schema: 1 value. Correct it."
    assert len(read_json(tmp_path / "verdicts.json")["verdicts"]) == 3
