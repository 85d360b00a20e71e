"""The first step: before any data is read, settings and contract must speak of the same sources."""

from tests.support.project import Project


def test_sources_that_the_settings_do_not_describe_are_misuse(project: Project):
    settings = project.path / "mlops.yaml"
    settings.write_text(settings.read_text().replace("\n  applications:", "\n  files:"))
    given = {
        "settings": settings,
        "responsible_ai": project.path / "responsible_ai",
        "source": f"applications={project.path}/data/applications.parquet",
        "verdicts": project.path / "verdicts",
        "recipe": project.path / "recipe.json",
    }
    options = [word for name, value in given.items() for word in (f"--{name}", str(value))]
    done = project.python("-m", "mlops.steps.validate", *options)
    assert done.returncode == 2
    assert "`data` says what the sources applications of contract.py are" in done.stdout
    assert f"{settings}:" in done.stdout
