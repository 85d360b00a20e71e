"""Where a release stands: folded from what was signed, and from nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from mlops.evidence.statements import Statement
from mlops.platform.base import Model
from mlops.platform.endpoint import Deployment
from mlops.release.settings import Release, Step
from mlops.settings import Online

KINDS = ("release", "decision", "champion", "rollback")
"""What opens a release, what moves it on or holds it, and the two that close it. A `champion` need not have a release.

Each says `model`, `deployment` and `image`, why, and the `traffic` and `mirror` that are wanted from then on.
"""
SPEC = Path("azureml", "endpoints", "online-deployment.yml")


@dataclass(frozen=True)
class Version:
    """A model, and what it is deployed as."""

    model: str
    deployment: str
    digest: str
    image: str

    @classmethod
    def of(cls, model: Model) -> "Version":
        return cls(f"{model.name}:{model.version}", f"m{model.digest[:12]}", model.digest, model.lineage["image"])

    @property
    def subject(self) -> dict[str, str]:
        return {self.model.partition(":")[0]: self.digest}

    def deployed(self, project: Path) -> Deployment:
        return Deployment(self.deployment, self.model, self.image, project / SPEC)


@dataclass(frozen=True)
class Opened:
    """A release under way. `step` is -1 until its first requests, `began` in seconds since 1970.

    `settings` and `online` are as they were when it was opened; `straight` goes without a ladder.
    """

    challenger: Version
    settings: Release
    online: Online
    edges: Mapping[str, Any]
    began: float
    straight: bool = False
    step: int = -1
    held: str = ""

    def late(self, now: float) -> bool:
        """Whether the step has outlived its time."""
        return now > self.began + 3600 * self.settings.ladder[max(self.step, 0)].hours


@dataclass(frozen=True)
class Story:
    """`champions` are all there were, `resting` the versions without requests, by when those ended.

    `lost` is the challenger that was rolled back last; `done` is what was decided last.
    """

    champions: tuple[Version, ...] = ()
    opened: Opened | None = None
    traffic: Mapping[str, int] = field(default_factory=dict)
    mirror: Mapping[str, int] = field(default_factory=dict)
    resting: Mapping[Version, float] = field(default_factory=dict)
    lost: Version | None = None
    done: Statement | None = None

    @property
    def champion(self) -> Version | None:
        return self.champions[-1] if self.champions else None

    @property
    def serving(self) -> tuple[Version, ...]:
        """What has to be deployed."""
        opened = (self.opened.challenger,) if self.opened else ()
        return (*((self.champion,) if self.champion else ()), *opened)

    @property
    def before(self) -> Version | None:
        """The champion before this one."""
        return self.champions[-2] if len(self.champions) > 1 else None

    def leaving(self, long_ago: float) -> list[Version]:
        """Who has no reason to stay deployed. The champion before has one while it rests no longer than since then, who
        lost last until the next release: so three are deployed at most."""
        return [
            version
            for version, since in self.resting.items()
            if not (version == self.before and since >= long_ago or version == self.lost and not self.opened)
        ]


def entries(signed: Iterable[Statement], environment: str) -> list[Statement]:
    """What was decided in an environment, oldest first."""
    return [each for each in signed if each.kind in KINDS and each.says["on"] == environment]


def told(decided: Iterable[Statement]) -> Story:
    story = Story()
    for each in decided:
        story = _after(story, each)
    return story


def _after(story: Story, entry: Statement) -> Story:
    says, at = entry.says, datetime.fromisoformat(entry.says["time"]).timestamp()
    [digest] = entry.subjects.values()
    version = Version(says["model"], says["deployment"], digest, says["image"])
    champions, opened, lost, resting = story.champions, story.opened, story.lost, dict(story.resting)
    if entry.kind == "release":
        known, online = Release.model_validate(says["settings"]), Online.model_validate(says["online"])
        opened = Opened(version, known, online, says["edges"], at, says["straight"])
    elif entry.kind == "decision" and opened:
        began = at if says["step"] != opened.step else opened.began
        held = says["why"] if says["act"] == "hold" else ""
        opened = replace(opened, step=says["step"], began=began, held=held)
    elif entry.kind == "rollback":
        opened, lost, resting = None, version, resting | {version: at}
    elif entry.kind == "champion":
        resting |= {story.champion: at} if story.champion else {}
        champions, opened = (*champions, version), None
    after = Story(champions, opened, says["traffic"], says["mirror"], resting, lost, entry)
    return replace(after, resting={each: since for each, since in resting.items() if each not in after.serving})


def wanted(step: Step, challenger: str, champion: str) -> tuple[dict[str, int], dict[str, int]]:
    """Shares and copies in a step of the ladder."""
    if step.mirror:
        return {champion: 100}, {challenger: step.mirror}
    shares = {champion: 100 - step.share, challenger: step.share} if step.share else {}
    return {name: share for name, share in shares.items() if share}, {}
