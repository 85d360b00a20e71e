"""The notebook that comes with a project runs from top to bottom; its outputs are not kept."""

import json

from tests.support.project import Project


def test_the_notebook_runs_and_comes_without_outputs(project: Project):
    [notebook] = (project.path / "notebooks").glob("*.ipynb")
    assert not any(cell.get("outputs") for cell in json.loads(notebook.read_text())["cells"])
    done = project.python("-m", "pytest", "--nbmake", "notebooks", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
