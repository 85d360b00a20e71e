"""YAML read with lines, by the rules of the official client's loader."""

from pathlib import Path

import pytest
import yaml

from mlops.errors import Misuse
from mlops.specs.load import read

EXAMPLES = Path(__file__).parent / "examples"


def said(file: Path) -> str:
    with pytest.raises(Misuse) as caught:
        read(file)
    return str(caught.value).replace(f"{file.parent}/", "")


def test_every_key_knows_its_line(write) -> None:
    root = read(
        write("""
        type: command

        inputs:
          rows: {type: uri_file, path: ./x}
        command: >-
          python run.py
          ${{inputs.rows}}
        """)
    )
    inputs = root.section("inputs")
    assert root.place.line == 1
    assert inputs["rows"].place.line == 4
    assert inputs["rows"].value["path"].place.line == 4
    assert root.value["command"].wrong("?", "${{inputs.rows}}").line == 7


@pytest.mark.parametrize("file", sorted(EXAMPLES.rglob("*.yml")), ids=lambda file: file.name)
def test_values_are_those_of_the_safe_loader(file: Path) -> None:
    assert read(file).plain() == yaml.safe_load(file.read_text())


def test_scalars_anchors_and_merges_are_those_of_the_safe_loader(write) -> None:
    file = write("""
        base: &base {a: 1, b: 2}
        merged: {<<: *base, b: 3}
        list: [yes, NO, on, ~, 1e-3, 1.0e-3, 017, 0o17, 0x1F, 1:30, 1_000, .inf, 2020-01-01, "2020-01-01", '']
        folded: >-
          one
          two
    """)
    assert read(file).plain() == yaml.safe_load(file.read_text())


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    file = tmp_path / "job.yml"
    file.write_bytes(b"\xef\xbb\xbftype: command\n")
    assert list(read(file).value) == ["type"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: 1\nb: 2\na: 3\n", "job.yml:3: `a` is written twice, first on line 1. Keep one."),
        ("{b: 1,\n\n 'a': 2, \"a\": 3}", "job.yml:3: `a` is written twice, first on line 3. Keep one."),
        ("a:\n  b: 1\n\n  b: 1\n", "job.yml:4: `b` is written twice, first on line 2. Keep one."),
    ],
)
def test_a_key_written_twice_is_refused_with_both_lines(text: str, sentence: str, write) -> None:
    assert said(write(text)) == sentence


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "job.yml: is empty. Restore it, or write what it should say."),
        (b"# nothing\n", "job.yml: is empty."),
        (b"null\n", "job.yml: is empty."),
        (b"- a\n- b\n", "job.yml:1: is not a mapping."),
        (b"\n\njust text\n", "job.yml:3: is not a mapping."),
        (b"a: [1, 2\nb: 3\n", "job.yml:2: is not valid YAML:"),
        (b"a: b: c\n", "job.yml:1: is not valid YAML: mapping values are not allowed in this context."),
        (b"a:\n\tb: 1\n", "job.yml:2: is not valid YAML: a tab stands where spaces belong. Correct this line"),
        (b"a: 1\n\tb: 1\n", "job.yml:2: is not valid YAML: a tab stands where spaces belong."),
        (b"a: 1\n---\nb: 2\n", "job.yml:2: is not valid YAML:"),
        (b"a: !thing 1\n", "job.yml:1: is not valid YAML: could not determine a constructor"),
        (b"a: 2020-13-45\n", "job.yml: is not valid YAML:"),
        (b"a: \x01\n", "job.yml: is not valid YAML:"),
        (
            b"PAR1\x00\xff\xfe\x80",
            "job.yml: is not a text file in UTF-8, so it is no YAML. Save it as UTF-8.",
        ),
        (b"a: &a [*a]\n", "job.yml: is nested too deeply, or contains itself. Write it flatter"),
        (b"a: " + b"[" * 900 + b"]" * 900, "job.yml: is nested too deeply"),
        (b"on: 1\n", "job.yml:1: the key `True` is read as bool, not as text. Write it in quotes."),
        (b"a:\n  2024: 1\n", "job.yml:2: the key `2024` is read as int, not as text."),
        (b"? [a, b]\n: 1\n", "job.yml:1: the key `['a', 'b']` is read as list, not as text."),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(content: bytes, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "job.yml"
    file.write_bytes(content)
    assert said(file).startswith(sentence)


def test_a_file_that_is_missing_or_a_folder_is_refused_in_a_sentence(tmp_path: Path) -> None:
    assert said(tmp_path / "gone.yml") == "gone.yml: cannot be read: No such file or directory. Check the path."
    assert said(tmp_path).endswith("cannot be read: Is a directory. Check the path.")
