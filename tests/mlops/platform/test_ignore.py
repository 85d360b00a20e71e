"""What `.amlignore` leaves out is what git would leave out with the same patterns."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mlops import uploads
from mlops.errors import Misuse

NAMES = ("a", "b", "ab", "a.py", "b.log", ".x", "a b", "#c", "!d", "a[b]")
PARTS = st.sampled_from(
    (*NAMES, "*", "**", "*.py", "?", "[ab]", "[!a]", "[a-c]*", "a*", "\\#c", "\\!d", "*[!.]*", "a\\ ")
)
PATTERNS = st.builds(
    lambda no, start, parts, end: no + start + "/".join(parts) + end,
    st.sampled_from(["", "", "!"]), st.sampled_from(["", "/"]), st.lists(PARTS, min_size=1, max_size=3),
    st.sampled_from(["", "", "/", " "]),
)  # fmt: skip
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(patterns=["a", "!*"], paths=["a"])
@example(patterns=["a\\  "], paths=["a", "a b"])
@given(patterns=st.lists(PATTERNS, min_size=1, max_size=5), paths=st.lists(PATHS, min_size=1, max_size=8))
def test_patterns_leave_out_what_git_leaves_out(tmp_path_factory, patterns: list[str], paths: list[str]) -> None:
    place: Path = tmp_path_factory.mktemp("tree")
    for name in paths:
        if not any((place / parent).is_file() for parent in Path(name).parents) and not (place / name).exists():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).touch()
    (place / ".gitignore").write_text("\n".join(patterns) + "\n")
    subprocess.run(["git", "init", "--quiet"], cwd=place, check=True)
    listing = ["git", "ls-files", "--others", "--exclude-standard", "-z"]
    kept = subprocess.run(listing, cwd=place, check=True, capture_output=True, text=True).stdout
    found = {name for name, _ in uploads.walk(place, uploads.ignored(place))}
    assert found == set(kept.split("\0")) - {""}


def test_the_state_the_repository_and_byte_code_are_always_left_out(tmp_path: Path) -> None:
    for name in (".mlops/mlflow.db", ".git/config", "src/__pycache__/a.pyc", "src/a.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / ".amlignore").write_text("!.mlops\n!__pycache__/\n")
    assert [name for name, _ in uploads.walk(tmp_path, uploads.ignored(tmp_path))] == [".amlignore", "src/a.py"]


def test_a_pattern_that_means_nothing_is_named_with_its_file(tmp_path: Path) -> None:
    (tmp_path / ".amlignore").write_text("*.log\na\\\n")
    with pytest.raises(Misuse, match=r"\.amlignore: holds a pattern that cannot be read"):
        uploads.ignored(tmp_path)


def test_a_circle_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    (tmp_path / "circle").symlink_to(tmp_path)
    assert [name for name, _ in uploads.walk(tmp_path)] == ["a.txt"]
