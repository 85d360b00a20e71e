"""Gates of a stage: found, given their limits, and refused when they cannot measure."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlops import settings
from mlops.errors import Misuse
from mlops.gates.base import Context
from mlops.gates.run import discover, judge
from tests.support.project import Project

OWN = '''"""A gate of one's own."""

from mlops.api import Limits as Base
from mlops.api import Verdict

id, stage = "fresh", "model"


class Limits(Base):
    most: int = 3


def measure(context):
    return context.evaluation


def check(measured, limits):
    yield Verdict(id, "days", measured["days"], limits.most, measured["days"] <= limits.most, "days since.")
'''


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The gates folder of a model package that can be imported as `somebody`."""
    folder = tmp_path / "somebody" / "gates"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "__init__.py").touch()
    (folder / "fresh.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] == "somebody"]:
        del sys.modules[name]


@pytest.fixture
def context(reference: Project, tmp_path: Path) -> Callable[..., Context]:
    """A context whose settings are those of the reference project, with a package and limits of the test's."""

    def context(package: str = "somebody", gates: dict | None = None, **evaluation: Any) -> Context:
        document = yaml.safe_load((reference.path / "mlops.yaml").read_text())
        document["model"]["package"], document["gates"] = package, gates or {}
        file = tmp_path / "mlops.yaml"
        file.write_text(yaml.safe_dump(document))
        return Context(settings=settings.load(file), contracts={}, evaluation=evaluation)

    return context


def of(gate: str, verdicts: list) -> list:
    return [verdict for verdict in verdicts if verdict.gate == gate]


def test_the_machinery_has_its_gates_and_a_package_adds_its_own(own: Path):
    stages = {name: gate.stage for name, gate in discover("somebody").items()}
    assert stages == {name: gate.stage for name, gate in discover("json").items()} | {"fresh": "model"}
    assert (stages["schema"], stages["quality"], stages["compatibility"]) == ("data", "model", "release")


def test_a_package_without_gates_of_its_own_has_those_of_the_machinery():
    assert {"quality", "schema"} < set(discover("json")) == set(discover("no_such_package"))


def test_a_gate_of_ones_own_judges_by_its_defaults_or_by_the_limits_of_the_settings(context, own: Path):
    assert [(each.passed, each.figure) for each in of("fresh", judge("model", context(days=4)))] == [(False, 4)]
    easier = {"fresh": {"most": 5, "reason": "holidays"}}
    assert [verdict.passed for verdict in of("fresh", judge("model", context(gates=easier, days=4)))] == [True]


def test_a_gate_runs_in_its_stage_only(context, own: Path):
    assert of("fresh", judge("data", context(days=4))) == []


def test_a_gate_that_cannot_measure_refuses_and_the_others_still_judge(context, own: Path):
    verdicts = judge("model", context())
    (fresh,) = of("fresh", verdicts)
    assert not fresh.passed and fresh.why == "fresh could not be measured: KeyError: 'days'."
    (quality,) = of("quality", verdicts)
    assert not quality.passed and "could not be measured" in quality.why


@pytest.mark.parametrize("days", [float("nan"), float("-inf")])
def test_a_figure_that_is_not_finite_refuses_whatever_the_gate_says(context, own: Path, days: float):
    (fresh,) = of("fresh", judge("model", context(days=days)))
    assert not fresh.passed and fresh.measured is None


def test_a_gate_that_says_nothing_refuses(context, own: Path):
    (own / "fresh.py").write_text(OWN.replace("    yield Verdict", "    return\n    yield Verdict"))
    (fresh,) = of("fresh", judge("model", context(days=1)))
    assert not fresh.passed and fresh.why == "fresh gave no verdict."


@pytest.mark.parametrize(
    ("gates", "sentence"),
    [
        ({"frsh": {"reason": "r"}}, "`gates.frsh` is no gate: did you mean `fresh`?"),
        ({"fresh": {"mst": 1, "reason": "r"}}, "`gates.fresh.mst` is not a setting: did you mean `most`?"),
        ({"fresh": {"most": "few", "reason": "r"}}, "`gates.fresh.most` must be a whole number, not 'few'"),
        (
            {"quality": {"floors": {"auc": "high"}, "reason": "r"}},
            "`gates.quality.floors.auc` must be a number, not 'high'",
        ),
        ({"quality": {"beats_baselines_on": ["auc"], "reason": "r"}}, "`gates.quality`: `auc` needs a floor"),
    ],
)
def test_limits_that_mean_nothing_are_refused_in_words(context, own: Path, gates: dict, sentence: str):
    with pytest.raises(Misuse) as caught:
        judge("data", context(gates=gates))
    assert re.search(rf"mlops\.yaml:\d+: .*{re.escape(sentence)}", str(caught.value))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("def", "the gate somebody.gates.fresh cannot be imported: SyntaxError"),
        ("import no_such_module", "cannot be imported: ModuleNotFoundError"),
        ('id, stage = "fresh", "model"', "is no gate, since it has no Limits, measure, check"),
        (OWN.replace('"fresh"', '"quality"'), "another gate has the id 'quality'"),
    ],
)
def test_a_file_that_is_no_gate_is_refused_in_words(context, own: Path, text: str, sentence: str):
    (own / "fresh.py").write_text(text)
    with pytest.raises(Misuse) as caught:
        judge("model", context(days=1))
    assert sentence in str(caught.value)
