"""Which answers cannot become a project, each said in a sentence with the fix.

cookiecutter evaluates `__checked` of cookiecutter.json after the last question and before it creates anything.
"""

import difflib
import keyword
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from cookiecutter.exceptions import FailedHookException
from jinja2 import Environment
from jinja2.ext import Extension

Texts = Mapping[str, str]

LONGEST = {
    "project_name": 80,
    "project_slug": 50,
    "package_name": 50,
    "description": 300,
    "organisation": 100,
    "owner_email": 254,
    "repository": 140,
}
SHAPES = {
    "project_slug": (
        r"[a-z][a-z0-9]*(-[a-z0-9]+)*",
        "cannot name a repository: start with a letter and use only a-z, 0-9 and single hyphens between them, "
        "such as income-support-triage.",
    ),
    "package_name": (
        r"[a-z][a-z0-9_]*",
        "cannot be imported: start with a letter and use only a-z, 0-9 and underscores, such as income_support_triage.",
    ),
    "short_name": (
        r"[a-z][a-z0-9]{1,9}",
        "does not fit into Azure's names: use 2 to 10 of a-z and 0-9, a letter first.",
    ),
    "owner_email": (
        r"(?ai)[\w%+-]+(\.[\w%+-]+)*@([a-z0-9]+(-+[a-z0-9]+)*\.)+[a-z]{2,}",
        "is no e-mail address: write one such as owner@example.org.",
    ),
    "repository": (
        r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*/[A-Za-z0-9_][A-Za-z0-9._-]*",
        "is not of the form owner/name: write it such as example/income-support-triage.",
    ),
}
TEMPLATE_SYNTAX = re.compile(r"<<|<%|<#|\$\{\{")

TAKEN = frozenset({"conftest", "mlops", "src", "test", "tests"})
HERE = Path(__file__).parent
LOCKS = HERE.parent / "<<cookiecutter.project_slug>>" / "requirements"
REGIONS = (HERE / "regions.txt").read_text().split()
"""As `az account list-locations` names them."""
MODULES = (HERE / "modules.txt").read_text().split()
"""What packages of the locks are imported as, where that is not the name of their distribution."""


def refusals(answers: Texts) -> list[str]:
    """A sentence for each answer that cannot become a project, in the order of the questions; none when all can."""
    found = dict(_misshapen(answers)) | dict(_unreadable(answers))
    return [found[name] for name in answers if name in found]


def _unreadable(answers: Texts) -> Iterator[tuple[str, str]]:
    """What no text may be, whatever it is for."""
    for name, longest in LONGEST.items():
        text = answers[name]
        odd = next((character for character in text if not character.isprintable()), None)
        if not text.strip():
            yield name, f"{name} is empty: type at least one character."
        elif odd is not None:
            yield name, f"{name} holds the character U+{ord(odd):04X}, which cannot be shown: leave it out."
        elif len(text) > longest:
            yield name, f"{name} has {len(text)} characters: shorten it to at most {longest}."
        elif text != text.strip():
            yield name, f"{name} starts or ends with a space: leave it out."
        elif found := TEMPLATE_SYNTAX.search(text):
            yield name, f"{name} holds '{found[0]}', which templates act on: leave it out."


def _misshapen(answers: Texts) -> Iterator[tuple[str, str]]:
    """What an answer may not be because of its use."""
    for name, (pattern, fix) in SHAPES.items():
        if not re.fullmatch(pattern, answers[name]):
            yield name, f"{name} {answers[name]!r} {fix}"
    package, region = answers["package_name"], answers["azure_region"]
    if owner := _owner(package):
        sentence = f"{package!r} is already the name of {owner}: choose another, such as {package}_model."
        yield "package_name", f"package_name {sentence}"
    if region not in REGIONS:
        near = difflib.get_close_matches(re.sub(r"[^a-z0-9]", "", region.lower()), REGIONS, n=1)
        hint = f"did you mean {near[0]}?" if near else "`az account list-locations` lists them, such as westeurope."
        yield "azure_region", f"azure_region {region!r} is not the name of an Azure region: {hint}"


def _owner(package: str) -> str | None:
    """Who has a module of that name already."""
    if keyword.iskeyword(package):
        return "a word of the Python language"
    if package in sys.stdlib_module_names:
        return "a module of Python itself"
    if package in TAKEN:
        return "a part of every project"
    if package in MODULES or package in _locked():
        return "a package that the project depends on"
    return None


def _locked() -> set[str]:
    """Names of the distributions in the project's locks, as they are imported where the two agree."""
    names = (re.findall(r"^([\w.-]+)==", lock.read_text(), re.MULTILINE) for lock in LOCKS.glob("*.txt"))
    return {re.sub(r"[-.]+", "_", name.lower()) for found in names for name in found}


def checked(answers: Texts) -> bool:
    """True; raises FailedHookException, which the command line prints and nothing else, with all refusals."""
    if found := refusals(answers):
        answer = "answer" if len(found) == 1 else "answers"
        lines = "\n".join(f"  - {sentence}" for sentence in found)
        lines = lines.encode(sys.stdout.encoding, "replace").decode(sys.stdout.encoding)
        raise FailedHookException(f"\nNothing was created. Change {len(found)} {answer} and repeat:\n\n{lines}\n")
    return True


class Answers(Extension):
    """The filter `checked`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters["checked"] = checked
