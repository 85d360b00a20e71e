"""`mlops schedule`."""

from typing import TYPE_CHECKING, Annotated

import typer

from mlops.commands.common import AsJson, Environment, On, Opened, group, open_platform
from mlops.errors import Misuse

if TYPE_CHECKING:
    from mlops.platform.azure.schedules import AzureSchedules

app = group("Let Azure ML run the jobs of azureml/schedules/ at their times.")
Name = Annotated[str, typer.Argument(help="What its file, and `list`, call it.")]


@app.command()
def apply(on: On = "local") -> None:
    """Make all schedules as their files say, on the data that is the latest now; a new one is paused."""
    from mlops.platform.base import Submission
    from mlops.specs import schedules

    here, there = _open(on)
    for each in schedules.of_project(here.project):
        job = here.bound(each.job, {}, {})
        state = there.apply(each, Submission(job, reason=f"schedule {each.name}", about=here.settings.about))
        more = f". Let it run with: mlops schedule resume {each.name} --on {on}" if state == "paused" else ""
        print(f"{each.name} {'is ' * bool(more)}{state}{more}")


@app.command("list")
def list_(on: On = "local", as_json: AsJson = False) -> None:
    """What runs when, in UTC, and on which data."""
    from mlops import show

    found = _open(on)[1].list()
    if as_json:
        return show.record(found)
    if not found:
        return show.console.print(f"{on} has no schedule yet: mlops schedule apply --on {on}")
    heads = ("schedule", "job", "reads", "when", "state", "next")
    show.table(heads, ([each[head] for head in heads] for each in found))
    for each in (it for it in found if it["newer"]):
        what = f"{each['schedule']} reads {', '.join(each['newer'])}, and a later version is there"
        show.console.print(f"{what}: mlops schedule apply --on {on}", soft_wrap=True)


@app.command()
def pause(name: Name, on: On = "local") -> None:
    """Let a schedule begin no more jobs."""
    _open(on)[1].switch(name, on=False)
    print(f"{name} is paused")


@app.command()
def resume(name: Name, on: On = "local") -> None:
    """Let a schedule begin its jobs at their times."""
    _open(on)[1].switch(name, on=True)
    print(f"{name} runs")


def _open(on: Environment) -> "tuple[Opened, AzureSchedules]":
    if on == "local":
        raise Misuse("nothing is scheduled on this machine: name an environment in Azure ML, as in --on dev.")
    from mlops.platform import azure
    from mlops.platform.azure.schedules import AzureSchedules

    here = open_platform(on)
    return here, AzureSchedules(azure.reach(on, here.project), here.project)
