"""What `mlops lint` says of responsible_ai/, of people, and of what ends soon."""

from datetime import date, timedelta

from tests.mlops.specs.lint.conftest import change
from tests.support.project import Project


def test_an_item_and_a_waiver_that_are_wrong_are_named_at_their_lines(project: Project):
    change(project, "responsible_ai/checklist.yaml", "gates: [champion, slices]", "gates: [champion, slides]")
    change(project, "responsible_ai/waivers.yaml", "gate: representativeness", "gate: representation")
    done = project.mlops("lint")
    assert done.returncode == 1
    assert "responsible_ai/checklist.yaml:" in done.stdout
    assert "`fairness/champion`: there is no gate `slides`: did you mean `slices`?" in done.stdout
    assert "there is no gate `representation`: did you mean `representativeness`?" in done.stdout
    assert "\n2 mistakes in " in done.stdout


def test_a_section_that_nobody_filled_in_is_named_once_at_its_heading(project: Project):
    page = project.path / "responsible_ai" / "impact-assessment.md"
    lines = [line for line in page.read_text("utf-8").splitlines() if line.startswith("#")]
    page.write_text("\n".join(lines), "utf-8")
    done = project.mlops("lint")
    assert done.returncode == 1
    for number, line in enumerate(lines[1:], 2):
        anchor = line.strip("# ").lower().replace(" ", "-")
        assert done.stdout.count(f"section `{anchor}` of responsible_ai/impact-assessment.md is not filled in") == 1
        assert f"responsible_ai/impact-assessment.md:{number}: section `{anchor}`" in done.stdout
    assert "checklist.yaml" not in done.stdout


def test_files_that_are_gone_are_missed(project: Project):
    for name in ("checklist.yaml", "waivers.yaml"):
        (project.path / "responsible_ai" / name).unlink()
    done = project.mlops("lint")
    assert done.returncode == 1
    for name in ("checklist.yaml", "waivers.yaml"):
        assert f"responsible_ai/{name}:1: is missing, and no model is judged without it. Restore it" in done.stdout


def test_reasons_that_say_nothing_are_refused(project: Project):
    change(project, "mlops.yaml", "reason: Need depends on age and household.", "reason: tbd #")
    change(project, "responsible_ai/waivers.yaml", "reason: &sex >-\n", "reason: &sex >-\n      TODO\n")
    done = project.mlops("lint")
    assert done.returncode == 1
    assert "`gates.explanation`: limits of one's own need a `reason`; add it" in done.stdout
    change(project, "mlops.yaml", "reason: tbd #", "reason: Need depends on age and household.")
    done = project.mlops("lint")
    assert done.returncode == 1
    assert "`waivers.0.reason`: it gives no reason; write why" in done.stdout


def test_what_ends_soon_is_found_before_it_does(project: Project):
    soon = date.today() + timedelta(days=20)
    change(project, "mlops.yaml", "keep_until: 2030-12-31", f"keep_until: {soon}")
    early = project.mlops("lint", "--expiring", "19d")
    assert (early.returncode, early.stdout.endswith(": nothing\n")) == (0, True), early.stdout
    done = project.mlops("lint", "--expiring", "30d")
    assert done.returncode == 1
    assert f"`data.applications` may be kept until {soon} and no longer" in done.stdout
    late = project.mlops("lint", "--expiring", "9999d").stdout
    assert "waiver `representativeness: share of sex: Female`: it holds until " in late
    assert ": its sign-off holds until " in late and "Look at it again, and set another `until`." in late
    wrong = project.mlops("lint", "--expiring", "soon")
    assert (wrong.returncode, wrong.stderr) == (2, "`--expiring soon`: write a number of days, such as 30d.\n")


def test_what_is_healthy_and_ends_soon_is_counted_apart_from_mistakes(project: Project):
    soon, until = date.today() + timedelta(days=20), date.today() + timedelta(days=30)
    change(project, "mlops.yaml", "keep_until: 2030-12-31", f"keep_until: {soon}")
    assert "\nno mistakes in " in (said := project.mlops("lint", "--expiring", "30d").stdout)
    assert said.endswith(f" files; ending before {until}: 1\n")
    change(project, "responsible_ai/waivers.yaml", "gate: representativeness", "gate: representation")
    assert "\n1 mistake in " in (said := project.mlops("lint", "--expiring", "30d").stdout)
    assert said.endswith(f" files; ending before {until}: 1\n")


def test_one_person_with_all_duties_is_warned_of_and_refused_for_prod(project: Project):
    early = project.mlops("lint")
    assert early.returncode == 0 and "For prod: owner@example.org alone feeds data" in early.stderr
    late = project.mlops("lint", "--on", "prod")
    assert late.returncode == 1 and "owner@example.org alone feeds data" in late.stdout
    change(project, "mlops.yaml", "  may_change:\n", '  one_person: "A pilot of three months."\n  may_change:\n')
    assert "alone" not in (done := project.mlops("lint", "--on", "prod")).stdout + done.stderr


def test_code_owners_are_those_of_the_settings(project: Project):
    change(project, "mlops.yaml", 'gates: ["owner@example.org"]', 'gates: ["lead@example.org"]')
    change(project, "responsible_ai/waivers.yaml", 'who: &who "owner@example.org"', 'who: &who "lead@example.org"')
    done = project.mlops("lint")
    assert done.returncode == 1
    assert ".github/CODEOWNERS:1: is not what `people:` in mlops.yaml says" in done.stdout
    assert project.python("-m", "mlops.owners").returncode == 0
    assert "/responsible_ai/ lead@example.org\n" in (project.path / ".github" / "CODEOWNERS").read_text()
    assert project.mlops("lint").returncode == 0
