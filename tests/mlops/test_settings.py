"""`mlops.yaml`: each mistake is a sentence at its line."""

import json
import re
from pathlib import Path

import pytest

from mlops import settings
from mlops.errors import Misuse
from tests.support.project import Project


@pytest.fixture
def text(reference: Project) -> str:
    return (reference.path / "mlops.yaml").read_text()


def load(folder: Path, text: str) -> settings.Settings:
    file = folder / "mlops.yaml"
    file.write_text(text)
    return settings.load(file)


def test_the_reference_settings_load(reference: Project):
    known = settings.load(reference.path / "mlops.yaml")
    assert known.model.package == reference.package
    assert known.outcome.go == 900


@pytest.mark.parametrize(
    ("line", "wrong", "sentence"),
    [
        ("go: 900", "go: many", "`outcome.go` must be a number, not 'many'."),
        ("p95_ms: 100", "p95ms: 100", "`service.online.p95ms` is not a setting: did you mean `p95_ms`?"),
        ("test_share: 0.2", "test_share: 2", "`training.test_share` must be under 1, not 2."),
        ("rows: 50000", "rows: yes", "`service.batch.rows` must be a whole number, not True."),
        ("schema: 1", "schema: 2", "`schema` must be 1, not 2."),
        ("classification: internal", "classification: secret", "'public', 'internal', 'confidential' or 'sensitive'"),
        (
            "keep_until: 2030-12-31",
            "keep_until: soon",
            "`data.applications.keep_until` must be a date, as in 2027-12-31, not",
        ),
        ("where: dev", "where: here", "`training.where` must be 'dev' or 'prod', not 'here'."),
        ("p95_ms: 100", "p95_ms: 0", "`service.online.p95_ms` must be over 0, not 0."),
        ("p95_ms: 100", "p95_ms: .inf", "`service.online.p95_ms` must be a number, not inf."),
        ("rows: 50000", "rows: 0", "`service.batch.rows` must be at least 1, not 0."),
        ("currency: EUR", "currency: euro", "`service.currency` cannot be 'euro'. Three capital letters, such as EUR."),
        ("environments:", "environments:\n  local: {paths: here}", "should hold settings: names with values, as"),
        ('owner: "owner@example.org"', "owner: nobody", "`people.owner`: write an e-mail address"),
        ("{least: 3, most: 6}", "{least: 3, most: 2}", "`environments.prod.instances`: `most` must not be less than"),
        ("  recall: 0.8", "  recall: 0.8\n      recall: 0.7", "`recall` is written twice"),
    ],
)
def test_a_wrong_setting_is_named_with_its_line(tmp_path, text, line, wrong, sentence):
    number = text[: text.index(line)].count("\n") + 1 + wrong.count("\n")
    with pytest.raises(Misuse) as refusal:
        load(tmp_path, text.replace(line, wrong, 1))
    assert f"mlops.yaml:{number}: " in str(refusal.value)
    assert sentence in str(refusal.value)


def test_all_mistakes_are_said_at_once(tmp_path, text):
    with pytest.raises(Misuse) as refusal:
        load(tmp_path, text.replace("go: 900", "go: many").replace("test_share: 0.2", "test_share: 2"))
    assert len(str(refusal.value).splitlines()) == 2


def test_a_missing_setting_is_named_at_the_section_it_belongs_to(tmp_path, text):
    number = text[: text.index("  applications:")].count("\n") + 1
    with pytest.raises(Misuse, match=f"mlops.yaml:{number}: `data.applications.purpose` is missing; add it"):
        load(tmp_path, "\n".join(line for line in text.splitlines() if "purpose:" not in line))


def test_limits_of_ones_own_need_a_reason(tmp_path, text):
    with pytest.raises(Misuse, match="`gates.quality`: limits of one's own need a `reason`"):
        load(tmp_path, "\n".join(line for line in text.splitlines() if "reason: AUC" not in line))
    for nothing in ("TODO: ask", "tbd", "..."):
        with pytest.raises(Misuse, match="`gates.quality`: limits of one's own need a `reason`"):
            load(tmp_path, re.sub("reason: AUC.*", f"reason: '{nothing}'", text))
    with pytest.raises(Misuse, match="`outcome.reason`: it gives no reason; write why"):
        load(tmp_path, re.sub("reason: Below.*", "reason: TBD", text))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("", "is empty"), ("- a list", "is not a mapping"), ("a: [1", "is not valid YAML"), ("\x00", "is not valid YAML")],
)
def test_a_file_that_is_no_settings_file_is_said_in_words(tmp_path, content, sentence):
    with pytest.raises(Misuse, match=f"mlops.yaml.*{sentence}"):
        load(tmp_path, content)


def test_a_missing_file_is_said_in_words(tmp_path):
    with pytest.raises(Misuse, match=r"mlops.yaml: cannot be read: No such file"):
        settings.load(tmp_path / "mlops.yaml")


def test_outside_a_project_the_way_back_is_said(tmp_path):
    with pytest.raises(Misuse, match="run this inside a project"):
        settings.find(tmp_path)


def test_the_published_schema_is_the_one_of_the_types(reference: Project):
    """Regenerate with `make schema`."""
    published = json.loads((reference.path / "src" / "mlops" / "mlops.schema.json").read_text())
    assert published == json.loads(json.dumps(settings.schema()))
