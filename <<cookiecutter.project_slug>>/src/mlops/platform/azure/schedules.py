"""Schedules of Azure ML: jobs that it submits by itself, as they were bound when the schedule was applied."""

import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from mlops.errors import Misuse
from mlops.platform.azure.assets import ALL
from mlops.platform.azure.client import Azure
from mlops.platform.azure.data import AzureData
from mlops.platform.azure.jobs import PREFIX, AzureJobs
from mlops.platform.azure.sentences import said
from mlops.platform.base import Submission
from mlops.specs.load import meant
from mlops.specs.schedules import Schedule, following

PATIENCE_SECONDS = 600.0
READS = "mlops.reads"


class AzureSchedules:
    """In Azure ML a schedule is called `mlops-NAME`: names of its jobs begin with that, as those of all jobs do.

    Assumed: that they begin with the name of their schedule.
    """

    def __init__(self, azure: Azure, project: Path) -> None:
        self._azure, self._project, self._on = azure, project, azure.environment

    def apply(self, schedule: Schedule, submission: Submission) -> str:
        """Make it as its file says, or let it be so; its state. One that is new is paused."""
        from azure.ai.ml.entities import CronTrigger, JobSchedule

        there = self._all.get(schedule.name)
        job, kept = AzureJobs(self._azure, self._project).kept(submission)
        versions = sorted({entry["version"] for entry in kept["data"].values() if entry["version"]})
        made = JobSchedule(
            name=PREFIX + schedule.name,
            description=schedule.about,
            trigger=CronTrigger(expression=schedule.when),
            create_job=job,
            tags={READS: " ".join(versions)},
            is_enabled=bool(there and there.is_enabled),
        )
        with said(self._on), redirect_stdout(sys.stderr):
            done = self._azure.ml.schedules.begin_create_or_update(made).result(PATIENCE_SECONDS)
        return _state(done)

    def list(self) -> list[dict[str, Any]]:
        """Each with the data that it reads, that of which there is something `newer`, and when it runs `next`."""
        now, data = datetime.now(UTC), AzureData(self._azure, self._project)

        def shown(name: str, each: Any) -> dict[str, Any]:
            reads, when = each.tags[READS].split(), each.trigger.expression
            return {
                "schedule": name,
                "job": each.create_job.display_name,
                "reads": reads,
                "newer": [it for it in reads if data.get(it.partition(":")[0]).reference != it],
                "when": when,
                "state": _state(each),
                "next": f"{following(when, now):%Y-%m-%d %H:%M}" if each.is_enabled else "",
            }

        return [shown(name, each) for name, each in sorted(self._all.items())]

    def switch(self, name: str, on: bool) -> None:
        """Let it run, or let it be paused. Raises Misuse when there is none of that name."""
        if name not in self._all:
            what = f"there is no schedule '{name}' on {self._on}: {meant(name, self._all)}"
            raise Misuse(f"{what} Those of azureml/schedules/ are made by: mlops schedule apply --on {self._on}")
        with said(self._on), redirect_stdout(sys.stderr):
            schedules = self._azure.ml.schedules
            act = schedules.begin_enable if on else schedules.begin_disable
            act(PREFIX + name).result(PATIENCE_SECONDS)

    @cached_property
    def _all(self) -> Mapping[str, Any]:
        """Ours by name, paused ones with them; what somebody else made or changed by hand is not ours."""
        with said(self._on):
            found = self._azure.ml.schedules.list(list_view_type=ALL)
            ours = [each for each in found if each.name.startswith(PREFIX) and READS in (each.tags or {})]
            return {each.name.removeprefix(PREFIX): each for each in ours if hasattr(each.trigger, "expression")}


def _state(schedule: Any) -> str:
    return "runs" if schedule.is_enabled else "paused"
