"""Whatever is answered, there is a sound project that holds the answers exactly, or a refusal in words."""

import json
import tempfile
import tomllib
from pathlib import Path

import yaml
from cookiecutter.exceptions import FailedHookException
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2.exceptions import TemplateError
from markdown_it import MarkdownIt

from tests.support.project import render
from tests.support.soundness import leftovers, unparsable

SPICE = [
    "yes: no",
    "- a",
    "'",
    '"',
    "\\",
    "#",
    "{{ a }}",
    "&a *a",
    "%x",
    "`",
    "| >",
    "]",
    "null",
    "~",
    "💧",
    "é",
    "*b*",
    "$x",
]
PATHS = ["..", "../up", "a/b", "/tmp/absolute", "~", ".", "con", "3d"]
text = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    st.lists(st.sampled_from(SPICE), min_size=1, max_size=6).map(" ".join),
    st.sampled_from(["yes", "no", "1.0", "0x1", "2026-01-01", "x" * 400, "<script>", "<b>bold</b>", "[a](b)"]),
)
answers = st.fixed_dictionaries(
    {"project_slug": st.one_of(st.just("a-project"), st.sampled_from(PATHS))},
    optional={
        "project_name": text,
        "description": text,
        "organisation": text,
        "package_name": st.one_of(st.sampled_from(PATHS), text),
        "owner_email": st.one_of(st.emails(), text),
        "repository": text,
    },
) | st.fixed_dictionaries(
    {
        "project_slug": st.just("a-project"),
        "repository": st.just("example/a-project"),
        "project_name": text,
        "description": text,
        "organisation": text,
    }
)


@settings(max_examples=25, deadline=None)
@given(answers)
@example(
    {
        "project_slug": "a-project",
        "repository": "example/a-project",
        "project_name": "yes: \"no\" \\ #1 '💧' <b> [a](b) `c`",
        "description": "- {{ a }} | &a *a %x: ~ 日本語",
        "organisation": "null",
    }
)
@example({"project_slug": "../../up", "project_name": "\u2028"})
def test_any_answers_give_a_sound_project_or_a_refusal_in_words(given_answers):
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "output")
        output.mkdir()
        try:
            project = render(output, **given_answers)
        except FailedHookException as refusal:
            assert "Nothing was created." in str(refusal)
            assert [path for path in Path(folder).rglob("*") if path != output] == []
            return
        except TemplateError:
            assert any(opener in value for value in given_answers.values() for opener in ("<<", "<%", "<#"))
            return
        assert [*leftovers(project), *unparsable(project)] == []
        recorded = json.loads((project / ".template.json").read_text())["answers"]
        assert recorded | given_answers == recorded
        assert_holds(project, recorded)


def assert_holds(project: Path, answers: dict[str, str]) -> None:
    """The files that carry answers give them back unchanged."""
    settings = yaml.safe_load((project / "mlops.yaml").read_text())
    assert settings["project"]["name"] == answers["project_name"]
    assert settings["project"]["description"] == answers["description"]
    assert settings["project"]["organisation"] == answers["organisation"]
    assert settings["project"]["repository"] == answers["repository"]
    assert settings["people"]["owner"] == answers["owner_email"]
    assert settings["model"]["package"] == answers["package_name"]

    described = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    assert described["description"] == answers["description"]
    assert described["authors"] == [{"name": answers["organisation"], "email": answers["owner_email"]}]

    container = json.loads((project / ".devcontainer" / "devcontainer.json").read_text())
    assert container["name"] == answers["project_name"]

    readme = MarkdownIt().parse((project / "README.md").read_text())
    title, about = (token for token in readme[:5] if token.type == "inline")
    assert "".join(child.content for child in title.children or []) == answers["project_name"]
    assert "".join(child.content for child in about.children or []) == answers["description"]
