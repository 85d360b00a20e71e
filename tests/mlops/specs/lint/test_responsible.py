"""What `mlops lint` says of responsible_ai/, of people, and of what ends soon."""

from datetime import date, timedelta

from tests.support.project import Project


def edit(project: Project, name: str, old: str, new: str) -> None:
    text = (project.path / name).read_text()
    assert old in text
    (project.path / name).write_text(text.replace(old, new))


def test_an_item_and_a_waiver_that_are_wrong_are_named_at_their_lines(project: Project):
    edit(project, "responsible_ai/checklist.yaml", "gates: [champion, slices]", "gates: [champion, slides]")
    edit(project, "responsible_ai/waivers.yaml", "gate: representativeness", "gate: representation")
    done = project.mlops("lint")
    assert done.returncode == 1
    assert "responsible_ai/checklist.yaml:" in done.stdout
    assert "`fairness/champion`: there is no gate `slides`: did you mean `slices`?" in done.stdout
    assert "there is no gate `representation`: did you mean `representativeness`?" in done.stdout
    assert done.stdout.endswith("2 mistakes in 13 files\n")


def test_what_ends_soon_is_found_before_it_does(project: Project):
    soon = date.today() + timedelta(days=20)
    edit(project, "mlops.yaml", "keep_until: 2030-12-31", f"keep_until: {soon}")
    assert project.mlops("lint", "--expiring", "19d").returncode == 0
    done = project.mlops("lint", "--expiring", "30d")
    assert done.returncode == 1
    assert f"`data.applications` may be kept until {soon} and no longer" in done.stdout
    wrong = project.mlops("lint", "--expiring", "soon")
    assert (wrong.returncode, wrong.stderr) == (2, "`--expiring soon`: write a number of days, such as 30d.\n")


def test_one_person_with_all_duties_is_warned_of_and_refused_for_prod(project: Project):
    early = project.mlops("lint")
    assert early.returncode == 0 and "For prod: owner@example.org alone feeds data" in early.stderr
    late = project.mlops("lint", "--on", "prod")
    assert late.returncode == 1 and "owner@example.org alone feeds data" in late.stdout
    edit(project, "mlops.yaml", "  may_change:\n", '  one_person: "A pilot of three months."\n  may_change:\n')
    assert "alone" not in (done := project.mlops("lint", "--on", "prod")).stdout + done.stderr


def test_code_owners_are_those_of_the_settings(project: Project):
    edit(project, "mlops.yaml", 'gates: ["owner@example.org"]', 'gates: ["lead@example.org"]')
    edit(project, "responsible_ai/waivers.yaml", 'who: "owner@example.org"', 'who: "lead@example.org"')
    done = project.mlops("lint")
    assert done.returncode == 1
    assert ".github/CODEOWNERS:1: is not what `people:` in mlops.yaml says" in done.stdout
    assert project.python("-m", "mlops.owners").returncode == 0
    assert "/responsible_ai/ lead@example.org\n" in (project.path / ".github" / "CODEOWNERS").read_text()
    assert project.mlops("lint").returncode == 0
