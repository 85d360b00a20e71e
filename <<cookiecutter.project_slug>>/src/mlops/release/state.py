"""Where a release stands: folded from what was signed, and from nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
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

    `lost` has what was said against each version that was rolled back, and not released since, the last one last;
    `done` is what was decided last.
    """

    champions: tuple[Version, ...] = ()
    opened: Opened | None = None
    traffic: Mapping[str, int] = field(default_factory=dict)
    mirror: Mapping[str, int] = field(default_factory=dict)
    resting: Mapping[Version, float] = field(default_factory=dict)
    lost: Mapping[Version, Statement] = field(default_factory=dict)
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
        """Where a rollback goes: the champion before this one. Who was gone back to is followed by nobody yet."""
        line = list[Version]()
        for each in self.champions:
            line = [*line[: line.index(each) if each in line else None], each]
        return line[-2] if len(line) > 1 else None

    @property
    def forward(self) -> str:
        """What a person can do where no champion was before."""
        others = [each.model for each in self.champions if each != self.champion]
        return f"To go forward: mlops release rollback --to {others[-1]}" if others else "Release another model first."

    def against(self, version: Version) -> str:
        """When a version was rolled back and what was said then, if it was not released since."""
        entry = self.lost.get(version)
        return f"rolled back on {entry.says['time'][:10]}: {entry.says['why']}" if entry else ""

    def leaving(self, long_ago: float) -> list[Version]:
        """Who has no reason to stay deployed. Champions have one that rest no longer than since then, first the one of
        a rollback, and then who lost last. Beside two that serve one stays, else two: three are deployed at most."""
        warm = [each for each, since in self.resting.items() if each in self.champions and since >= long_ago]
        warm.sort(key=lambda each: (each != self.before, -self.resting[each]))
        stay = warm[:1] if self.opened else [*dict.fromkeys([*warm, *[*self.lost][::-1]])][:2]
        return [each for each in self.resting if each not in stay]


def entries(signed: Iterable[Statement], environment: str) -> list[Statement]:
    """What was decided in an environment, oldest first."""
    return [each for each in signed if each.kind in KINDS and each.says["on"] == environment]


def told(decided: Iterable[Statement]) -> Story:
    return reduce(_after, decided, Story())


def _after(story: Story, entry: Statement) -> Story:
    says, at = entry.says, datetime.fromisoformat(entry.says["time"]).timestamp()
    [digest] = entry.subjects.values()
    version = Version(says["model"], says["deployment"], digest, says["image"])
    champions, opened, resting = story.champions, story.opened, dict(story.resting)
    lost = {each: against for each, against in story.lost.items() if each != version or entry.kind == "decision"}
    if entry.kind == "release":
        known, online = Release.model_validate(says["settings"]), Online.model_validate(says["online"])
        opened = Opened(version, known, online, says["edges"], at, says["straight"])
    elif entry.kind == "decision" and opened:
        began = at if says["step"] != opened.step else opened.began
        held = says["why"] if says["act"] == "hold" else ""
        opened = replace(opened, step=says["step"], began=began, held=held)
    elif entry.kind == "rollback":
        opened, lost, resting = None, lost | {version: entry}, resting | {version: at}
    elif entry.kind == "champion":
        cause = story.done if opened else entry
        if story.champion and version in champions and cause and "who" in cause.says:
            lost[story.champion] = cause
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
