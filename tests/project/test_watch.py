"""What a project is asked every night of itself: `make audit`, `sbom` and `secrets`; and how a package is mended."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mlops import uploads
from tests.emulator.ci.server import Asked, Refusal, Service, served
from tests.support.project import Completed, Project

ADVISORY = "PYSEC-2026-{}"


@dataclass
class Advisories(Service):
    """An advisory service (osv.dev, "POST /v1/query", 2026-11). `known` has names of packages with a fixed version."""

    known: dict[str, str] = field(default_factory=dict)

    def answer(self, asked: Asked) -> Any:
        if not (package := asked.body.get("package")) or package["ecosystem"] != "PyPI" or not asked.body["version"]:
            raise Refusal(400, {"code": 3, "message": "Invalid query."})
        name, vulns = package["name"], []
        if name in self.known:
            events = [{"introduced": "0"}, *([{"fixed": self.known[name]}] if self.known[name] else [])]
            affected = [{"package": package, "ranges": [{"type": "ECOSYSTEM", "events": events}]}]
            vulns = [{"id": ADVISORY.format(name), "affected": affected}]
        return {"vulns": vulns} if vulns else {}


@pytest.fixture
def advisories() -> Iterator[Advisories]:
    with served(Advisories()) as service:
        yield service


def make(project: Project, *arguments: str) -> Completed:
    """With this interpreter's programs in the place of both environments."""
    bin = Path(sys.prefix)
    for name in (".venv", "requirements/.venv"):
        if not (place := project.path / name).exists():
            place.symlink_to(bin)
    done = ["--assume-old=.venv/.synced", "--assume-old=requirements/.venv/.synced"]
    return project.run("make", *done, *arguments, XDG_CACHE_HOME=str(project.path.parent / "cache"))


def test_a_known_vulnerability_in_any_lock_is_named_with_its_fix_unless_it_is_accepted(
    project: Project, advisories: Advisories
):
    advisories.known = {"numpy": "99.0", "pulumi": "", "cyclonedx-bom": "99.1"}
    accepted = project.path / "requirements" / "advisories.accepted"
    accepted.write_text("# why\nPYSEC-2026-numpy 2999-01-01 Never.\nPYSEC-2026-pulumi 2020-01-01 Was.\n")
    found = make(project, "audit", f"OSV={advisories.url}/v1/query")
    assert found.returncode == 2, found.stdout + found.stderr
    rows = [line.split() for line in found.stdout.splitlines() if "PYSEC" in line]
    assert [(row[0], *row[2:]) for row in rows] == [
        ("cyclonedx-bom", "PYSEC-2026-cyclonedx-bom", "99.1"),
        ("pulumi", "PYSEC-2026-pulumi"),
    ]
    assert "A package with a fix: make lock UPGRADE=NAME, and merge that." in found.stdout
    asked = len(advisories.journal)
    assert asked > 150, "each package of each lock"

    accepted.write_text(accepted.read_text().replace("2020", "2999") + "PYSEC-2026-cyclonedx-bom 2999-01-01 Never.\n")
    assert (done := make(project, "audit", f"OSV={advisories.url}/v1/query")).returncode == 0, done.stderr
    advisories.failing = [503]
    broken = make(project, "audit", f"OSV={advisories.url}/v1/query")
    assert broken.returncode == 2, "what was not looked up is not said to be well"


def test_one_package_is_brought_to_its_newest_version_in_every_lock(project: Project):
    shown = make(project, "--dry-run", "lock", "UPGRADE=numpy").stdout
    locks = [line for line in shown.splitlines() if "pip compile" in line]
    assert len(locks) == 8 and all("--upgrade-package numpy" in line for line in locks)
    assert " --upgrade-package" not in make(project, "--dry-run", "lock", "UPGRADE=1").stdout


@pytest.mark.network
def test_what_the_image_holds_is_listed_by_name_version_and_licence(project: Project):
    done = make(project, "sbom")
    assert done.returncode == 0 and "Warning" not in done.stderr, done.stdout + done.stderr
    file = f"dist/sbom-{uploads.context(project.path).rpartition(':')[2][:16]}.json"
    assert done.stdout.splitlines()[-1] == file
    found = json.loads((project.path / file).read_text())
    assert found["bomFormat"] == "CycloneDX" and found["metadata"]["component"]["name"] == "income-support-triage"
    lock = (project.path / "requirements" / "serving.txt").read_text()
    parts = {each["name"].replace("_", "-"): each for each in found["components"]}
    assert {"onnxruntime", "msgspec", "uvicorn"} <= {*parts} and all(f"{name}==" in lock for name in parts)
    assert "colorama" not in parts, "only Windows needs it"
    assert parts["onnxruntime"]["licenses"]


def test_a_key_in_a_file_that_git_knows_is_refused(project: Project):
    planted = project.path / "src" / project.package / "storage.py"
    planted.write_text('NAME = "{}"\n'.format("AKIA" + "QYLPMN5HFIQR7BBB"))
    unknown = make(project, "secrets")
    assert unknown.returncode == 0, unknown.stdout
    project.git("add", "--intent-to-add", str(planted))
    found = make(project, "secrets")
    assert found.returncode == 2 and "AWS Access Key" in found.stdout and "storage.py:1" in found.stdout
    assert "make it void first, then take it out" in found.stdout


@pytest.mark.parametrize("wrong", [False, True])
def test_renovate_is_told_what_to_ask_for_where_there_is_no_dependabot(render: Callable[..., Project], wrong: bool):
    project = render(ci_system="azure-devops")
    file = project.path / "renovate.json"
    if wrong:
        file.write_text(file.read_text().replace('"minimumReleaseAge": "7 days"', '"minimumReleaseAge": 7'))
    done = project.python("-m", "check_jsonschema", "--builtin-schema", "vendor.renovate", file)
    assert done.returncode == int(wrong), done.stdout
    assert not (project.path / ".github").exists()
