"""Who is asked about a change, where GitHub reads it from a file and where somebody has to set it."""

import shutil

from tests.support.project import Project


def test_azure_devops_gets_no_dead_file_but_what_to_set_by_hand(project: Project):
    shutil.rmtree(project.path / ".github")
    done = project.python("-m", "mlops.owners")
    assert done.returncode == 0, done.stderr
    assert not (project.path / ".github").exists()
    assert "reviewers are policies of the branch main" in done.stdout
    assert "/responsible_ai/ owner@example.org\n" in done.stdout
    assert "/.azuredevops/ owner@example.org\n" in done.stdout


def test_make_says_what_it_does_where_it_does_it(render):
    for number, (system, said) in enumerate(
        {"github-actions": "write .github/CODEOWNERS", "azure-devops": "say which reviewers"}.items()
    ):
        project = render(ci_system=system, project_slug=f"project-{number}")
        assert f"owners: .venv/.synced ## {said}" in (project.path / "Makefile").read_text()
