"""What Azure ML refuses of schedules, which submit jobs by themselves."""

import re
from collections.abc import Callable
from dataclasses import replace

from tests.emulator.rules import jobs, registry
from tests.emulator.rules.managed_network import WORKSPACE
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.rule import Ask, rule

SCHEDULE = f"{WORKSPACE}/schedules"
OF_A_JOB: tuple[Callable[[Ask], None], ...] = (
    registry.who_uses_a_registry_reads_it,
    jobs.job_inputs_exist,
    jobs.job_computes_exist,
    jobs.job_bindings_lead_somewhere,
)
MOST = (59, 23, 31, 12, 6)


@rule(SCHEDULE)
def schedule_has_a_time(ask: Ask) -> None:
    """A cron expression has five parts, each a `*` or numbers that there are.

    Source: "Schedule machine learning pipeline jobs" (Microsoft Learn, 2025): ranges; code and message: assumed.
    """
    expression = ask.sent("trigger.expression")
    if ask.sent("trigger.triggerType") != "Cron":
        return
    parts = str(expression).split()
    numbers = [[int(each) for each in re.findall(r"\d+", part)] for part in parts]
    written = all(re.fullmatch(r"[\d*,/-]+", part) for part in parts)
    fits = all(max(found, default=0) <= most for found, most in zip(numbers, MOST, strict=False))
    if len(parts) != 5 or not written or not fits:
        raise Refusal(400, "UserError", f"The cron expression '{expression}' is invalid.")


@rule(SCHEDULE)
def scheduled_job_can_run(ask: Ask) -> None:
    """What is refused of a job that is submitted is refused of one that is scheduled.

    Assumed: Azure may find out only when it submits the job.
    """
    for check in OF_A_JOB:
        check(replace(ask, body={"properties": ask.sent("action.jobDefinition", {})}, before=None))


@rule(SCHEDULE, on="delete")
def schedule_is_disabled_first(ask: Ask) -> None:
    """A schedule that runs cannot be deleted.

    Source: "Schedule machine learning pipeline jobs" (Microsoft Learn, 2025); code and message: assumed.
    """
    if ask.was("isEnabled"):
        raise Refusal(400, "UserError", f"The schedule '{ask.id.name}' must be disabled before it is deleted.")
