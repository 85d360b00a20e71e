"""Answers that cannot become a project are refused in words, all at once, before anything is created."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from importlib.util import find_spec

import pytest

from local_extensions.answers import LOCKS, refusals
from tests.support.project import TEMPLATE, environment

GOOD = {
    "project_name": "Income support triage",
    "project_slug": "income-support-triage",
    "package_name": "income_support_triage",
    "short_name": "incomesupp",
    "description": "Proposes which applications a case worker looks at first.",
    "organisation": "Example Agency",
    "owner_email": "owner@example.org",
    "repository": "example-agency/income-support-triage",
    "azure_region": "westeurope",
}

REFUSED = [
    ("project_name", "", "is empty"),
    ("project_name", "   ", "is empty"),
    ("project_name", "x" * 81, "has 81 characters: shorten it to at most 80"),
    ("project_name", "two\nlines", "U+000A"),
    ("project_name", "bell\a", "U+0007"),
    ("project_name", " padded", "starts or ends with a space"),
    ("project_name", "<< 1 >>", "'<<'"),
    ("description", "<% raw %>", "'<%'"),
    ("description", "${{ secrets.X }}", "'${{'"),
    ("description", "x" * 301, "has 301 characters"),
    ("description", "left\u202eright", "U+202E"),
    ("organisation", "\ud800", "U+D800"),
    ("project_slug", "Upper", "cannot name a repository"),
    ("project_slug", "3d", "cannot name a repository"),
    ("project_slug", "a--b", "cannot name a repository"),
    ("project_slug", "../up", "cannot name a repository"),
    ("project_slug", "a/b", "cannot name a repository"),
    ("project_slug", "-", "cannot name a repository"),
    ("package_name", "3d", "cannot be imported"),
    ("package_name", "with-hyphen", "cannot be imported"),
    ("package_name", "été", "cannot be imported"),
    ("package_name", "class", "a word of the Python language"),
    ("package_name", "json", "a module of Python itself"),
    ("package_name", "mlops", "a part of every project"),
    ("package_name", "tests", "a part of every project"),
    ("package_name", "mlflow", "a package that the project depends on"),
    ("package_name", "numpy", "a package that the project depends on"),
    ("package_name", "sklearn", "a package that the project depends on"),
    ("package_name", "azure", "a package that the project depends on"),
    ("short_name", "elevenchars", "2 to 10 of a-z and 0-9"),
    ("short_name", "a-b", "2 to 10 of a-z and 0-9"),
    ("short_name", "1a", "2 to 10 of a-z and 0-9"),
    ("owner_email", "owner", "is no e-mail address"),
    ("owner_email", "a@b", "is no e-mail address"),
    ("owner_email", 'a"b@example.org', "is no e-mail address"),
    ("repository", "triage", "owner/name"),
    ("repository", "https://host.example/a/b", "owner/name"),
    ("azure_region", "West Europe", "did you mean westeurope?"),
    ("azure_region", "moon", "is not the name of an Azure region"),
]


def test_good_answers_are_not_refused():
    assert refusals(GOOD) == []


@pytest.mark.parametrize(("name", "answer", "said"), REFUSED)
def test_a_refused_answer_gets_one_sentence_that_names_it(name, answer, said):
    (sentence,) = refusals(GOOD | {name: answer})
    assert sentence.startswith(name)
    assert said in sentence


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("project_name", 'Zoë\'s "best" model: yes & no #1 — 日本語 🦊'),
        ("project_slug", "a1-b2"),
        ("package_name", "match"),
        ("owner_email", "first.last+ml@sub.example.co.uk"),
        ("repository", "Org-1/a.b_c-d"),
        ("azure_region", "swedencentral"),
    ],
)
def test_unusual_but_possible_answers_are_not_refused(name, answer):
    assert refusals(GOOD | {name: answer}) == []


def test_no_package_can_hide_one_that_the_project_installs():
    beside = {*LOCKS.glob("*.txt")} - {LOCKS / "watch.txt"}  # which has an environment of its own
    locks = "".join(lock.read_text() for lock in beside)
    locked = {name.lower() for name in re.findall(r"^([\w.-]+)==", locks, re.MULTILINE)}
    installed = {
        module
        for module, distributions in packages_distributions().items()
        if re.fullmatch("[a-z][a-z0-9_]*", module)
        and any(re.sub("[-_.]+", "-", name.lower()) in locked for name in distributions)
        and find_spec(module)
    }
    assert {"numpy", "sklearn", "yaml"} <= installed
    assert [module for module in sorted(installed) if not refusals(GOOD | {"package_name": module})] == []


def test_all_refusals_come_at_once_and_last_and_nothing_is_created(tmp_path):
    bad = {"project_name": "Fine", "package_name": "json", "short_name": "No", "owner_email": "me", "azure_region": "x"}
    done = subprocess.run(
        [sys.executable, "-m", "cookiecutter", str(TEMPLATE), "--no-input", "--default-config", "-o", str(tmp_path)]
        + [f"{name}={answer}" for name, answer in bad.items()],
        env=environment(HOME=str(tmp_path / "home")),
        capture_output=True,
        encoding="utf-8",
    )
    said = (done.stdout + done.stderr).strip().splitlines()
    assert done.returncode == 1
    assert "Nothing was created. Change 4 answers and repeat:" in said
    assert [line.split()[1] for line in said[-4:]] == list(bad)[1:]
    assert "Traceback" not in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) in ([], [tmp_path / "home"])
