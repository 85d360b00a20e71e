"""The page about gates says what the gates say of themselves, and its gate of one's own works as it stands."""

import re
import subprocess
import sys

from mlops.gates.base import Context
from mlops.gates.run import discover
from tests.support.project import TEMPLATE, Project

PAGE = TEMPLATE / "<<cookiecutter.project_slug>>" / "docs" / "gates.md"


def test_the_list_of_gates_is_made_of_their_own_words(tmp_path):
    copy = tmp_path / "gates.md"
    copy.write_text(PAGE.read_text())
    src = TEMPLATE / "<<cookiecutter.project_slug>>" / "src"
    command = [sys.executable, "-B", TEMPLATE / "tools" / "make_gates_table.py", copy]
    subprocess.run(command, check=True, env={"PYTHONPATH": str(src)})
    assert copy.read_text() == PAGE.read_text(), "write it again: make gates-page"
    assert set(re.findall(r"^- \*\*`(\w+)`\*\*", PAGE.read_text(), re.MULTILINE)) == set(discover("no_package"))


def test_the_gate_of_ones_own_on_the_page_is_found_and_refuses(project: Project):
    [code] = [text for text in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL) if "proposes" in text]
    folder = project.path / "src" / project.package / "gates"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "proposes.py").write_text(code)
    settings = project.path / "mlops.yaml"
    settings.write_text(
        settings.read_text().replace("\ngates:\n", "\ngates:\n  proposes: {least: much, reason: all}\n")
    )
    done = project.python("-c", f"from mlops.gates.run import discover; print(*discover('{project.package}'))")
    assert "proposes" in done.stdout.split()
    linted = project.mlops("lint")
    assert "mlops.yaml" in linted.stdout and "`gates.proposes.least` must be a number, not 'much'" in linted.stdout
    space: dict = {}
    exec(code, space)
    refused, passed = space["Limits"](least=0.5), space["Limits"](least=0.1)
    assert [verdict.passed for limits in (refused, passed) for verdict in space["check"](0.2, limits)] == [False, True]
    assert hasattr(Context, "tested")
