"""Specs written for one test, and the errors they give."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from mlops.errors import Misuse
from mlops.specs.bind import bind
from mlops.specs.types import Job

Write = Callable[..., Path]
Refusal = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a YAML text, indented as the test is, to a file of the test's folder."""

    def write(text: str, name: str = "job.yml") -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return file

    return write


@pytest.fixture
def refusal(write: Write, tmp_path: Path) -> Refusal:
    """Bind a text that must be refused; the sentence, with the test's folder left out of it."""

    def refusal(text: str, **options) -> str:
        with pytest.raises(Misuse) as caught:
            bind(write(text), project=tmp_path, **options)
        return str(caught.value).replace(f"{tmp_path}/", "")

    return refusal


@pytest.fixture
def bound(write: Write, tmp_path: Path) -> Callable[..., Job]:
    """Bind a text."""
    return lambda text, **options: bind(write(text), project=tmp_path, **options)
