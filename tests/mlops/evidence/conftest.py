"""A registered model that may be released anywhere, to be changed at one place."""

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlops import digest, platform, settings
from mlops.evidence import build, entries, verify
from mlops.evidence.statements import Statement, signed
from mlops.gates.base import Verdict
from mlops.gates.run import discover
from mlops.platform.base import Platform
from tests.support.project import Project

AUTHOR, OWNER, SIGNER = "author@example.org", "owner@example.org", "signer@example.org"
COLUMN = {"dtype": "number", "unit": "", "range": [0, None], "categories": [], "nullable": False, "unseen": "refuse"}


@dataclass
class Release:
    """A project with one model, whose key all environments trust and whose people have signed for prod."""

    path: Path
    platform: Platform
    reference: str = "triage:1"
    says: dict[str, Any] = field(default_factory=dict)

    @property
    def settings(self) -> settings.Settings:
        return settings.load(self.path / "mlops.yaml")

    def set(self, value: Any, *keys: str, commit: bool = True) -> None:
        """Change a setting of mlops.yaml, on the protected branch."""
        file = self.path / "mlops.yaml"
        plain = yaml.safe_load(file.read_text())
        section = plain
        for key in keys[:-1]:
            section = section.setdefault(key, {})
        section[keys[-1]] = value
        file.write_text(yaml.safe_dump(plain))
        if commit:
            Project(self.path).git("commit", "--quiet", "--allow-empty", "-m", "settings", "mlops.yaml")

    def state(self, **changes: Any) -> dict[str, str]:
        """Register another model, of which the build statement says something else; returns its subject."""
        says = self.says | {"time": datetime.now(UTC).isoformat()} | changes
        number = len(self.platform.models.list()) + 1
        artifact = self.path / "artifacts" / str(number)
        artifact.mkdir(parents=True)
        (artifact / "model.txt").write_text(f"model {number} " * 50)
        subject = {"triage": digest.of_folder(artifact)}
        statement = signed(Statement("build", subject, says), self.platform.signer())
        self.platform.models.register("triage", artifact, says, statement)
        self.reference = f"triage:{number}"
        return subject

    def sign(self, environment: str, role: str, who: str = SIGNER, **system: str) -> None:
        """Sign for the model in a role, for a system that may be another one."""
        says = {"role": role, "who": who, "model": self.platform.models.get(self.reference).digest}
        entries.add(self.platform, self.settings, environment, "sign-off", self.says["system"] | system, says)

    def verify(self, scratch: Path, environment: str = "prod", today: date | None = None) -> list[Verdict]:
        known, day = self.settings, today or date.today()
        return verify.verify(self.reference, environment, self.platform, self.path, known, day, scratch)

    def refusals(self, scratch: Path, environment: str = "prod", today: date | None = None) -> list[str]:
        return [f"{each.why} {each.next_step}" for each in self.verify(scratch, environment, today) if not each.stands]


@pytest.fixture
def scratch(tmp_path: Path) -> Callable[[], Path]:
    """A new folder each time."""
    numbers = count()
    return lambda: tmp_path / f"scratch-{next(numbers)}"


@pytest.fixture(scope="session")
def released(reference: Project, tmp_path_factory: pytest.TempPathFactory) -> Release:
    project = reference.copy(tmp_path_factory.mktemp("released") / "project")
    for name in ("infra", "docs", "data", "tests", "notebooks"):
        shutil.rmtree(project.path / name)
    release = Release(project.path, platform.open("local", project.path))
    key = release.platform.signer().public_key
    for environment in ("dev", "staging", "prod"):
        release.set({key.keyid: key.keyval["public"]}, "evidence", "trusted_keys", environment)
    release.set("A single person tries it out.", "people", "one_person")
    release.set({role: [SIGNER] for role in release.settings.people.signs}, "people", "signs")
    for name in ("staging", "prod"):
        release.set([AUTHOR, SIGNER], "people", "approves", name)
    release.set("never", "release", "approval")
    known, gates = release.settings, discover(release.settings.model.package)
    judged = [name for name, gate in gates.items() if gate.stage != "release"]
    commit = project.git("rev-parse", "HEAD")
    release.says = {
        "run": "0123456789abcdef",
        "reason": "",
        "environment": {"digest": "e", "python": "3.11"},
        "parameters": {"seed": "7"},
        "code": {"digest": "c", "commit": commit, "dirty": False, "author": AUTHOR},
        "data": {"applications": {"digest": "d", "version": "applications:1"}},
        "uncommitted": [],
        "evaluation": {
            "request": {"age": COLUMN},
            "costs": {"p95_ms": 1, "seconds_per_million": 60, "size_mb": 1},
            "training": {"seconds": 9, "peak_mb": 300, "at": datetime.now(UTC).isoformat()},
            "newest": date.today().isoformat(),
        },
        "verdicts": [asdict(Verdict(name, "all", 1, 0, True, "it is well.")) for name in judged],
        "waivers": [],
        "system": build.system(release.path, known),
    }
    release.state()
    for role in known.people.signs:
        release.sign("prod", role)
    return release


@pytest.fixture
def release(released: Release, tmp_path: Path) -> Release:
    """A copy of one's own to change."""
    path = Project(released.path).copy(tmp_path / "project").path
    return replace(released, path=path, platform=platform.open("local", path))
