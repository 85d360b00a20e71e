"""`mlops release`."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlops.commands.common import AsJson, Environment, For, ModelRef, On, group, meant, named, open_platform
from mlops.errors import Busy, Misuse

if TYPE_CHECKING:
    from mlops.release.tick import Controller, Done

app = group("Release a model step by step on what callers see of it, or give it back; sign for it, and verify it.")


def _reason(text: str) -> str:
    if not text.strip():
        raise Misuse("--reason is empty: say why, for whoever reads the history.")
    return text


Reason = Annotated[str, typer.Option("--reason", help="Why, for whoever reads the history.", callback=_reason)]
MaybeRef = Annotated[str | None, typer.Argument(help="The model that is meant, as for `start`.", callback=named)]
BETWEEN_SECONDS, IN_AZURE_SECONDS = 2.0, 60.0
BRINGS = ("remove", "deploy")
GOES_ON = (*BRINGS, "advance", "wait", "hold")
"""What a release under way does next."""


@app.command()
def plan(as_json: AsJson = False) -> None:
    """How long each step of the ladder takes, and after how many requests it has caught in nine of ten releases what
    each guard promises. A ladder that ends before that is refused."""
    from mlops import show
    from mlops.release import plan

    found = plan.plan(open_platform().settings)
    if as_json:
        return show.record(found)
    show.table(plan.HEADS, plan.rows(found))


@app.command()
def start(
    ref: ModelRef,
    on: On = "local",
    follow: Annotated[bool, typer.Option("--follow", help="Stay, and tick until it has ended.")] = False,
    source: Annotated[Path | None, typer.Option("--input", help="Without `service.online`: rows to score.")] = None,
) -> None:
    """Open the release of a model: verify it, deploy it, try it, and give it the first step of the ladder.

    Without `service.online` in mlops.yaml it and the champion score the rows of --input, and the better one stays.
    """
    from mlops.release import batch, start

    controller = _controller(on)
    if controller.known.service.online is None:
        _say(done := batch.start(controller, ref, source))
        raise typer.Exit(done.status)
    _say(done := start.start(controller, ref))
    if done.act != "nothing":
        _go_on(controller, GOES_ON if follow else BRINGS)


@app.command()
def tick(on: On = "local", as_json: AsJson = False) -> None:
    """Look once at the release under way, decide, act. Exits with 1 when it gives all requests back."""
    from mlops import show

    done = _controller(on).tick()
    if as_json:
        show.record(done)
    else:
        _say(done)
    raise typer.Exit(done.status)


@app.command()
def status(
    on: On = "local",
    stale: Annotated[bool, typer.Option("--stale", help="Exit with 1: a step over its time, a model too old.")] = False,
    as_json: AsJson = False,
) -> None:
    """What is in service, what is being released, and how far that is."""
    from mlops import show
    from mlops.ci import findings
    from mlops.release import status

    found = status.status(controller := _controller(on), stale)
    if findings.wanted():
        findings.leave(f"champion-{on}", status.served(controller))
    if as_json:
        show.record(found)
    else:
        show.facts({name: text if isinstance(text, str) else "\n".join(text) for name, text in found.said.items()})
    raise typer.Exit(int(stale and found.stale))


@app.command()
def history(on: On = "local", as_json: AsJson = False) -> None:
    """Everything that was decided, oldest first."""
    from mlops import show
    from mlops.release import state

    decided = state.entries(_controller(on).read()[0], on)
    if as_json:
        return show.record([{**each.says, "kind": each.kind} for each in decided])
    if not decided:
        return show.console.print(f"nothing was decided on {on} yet: mlops release start NAME:3")
    rows = ((it.says["time"][:19], it.says.get("act", it.kind), it.says["model"], it.says["why"]) for it in decided)
    show.table(("time (UTC)", "what", "model", "why"), rows)


@app.command()
def promote(reason: Reason, ref: MaybeRef = None, on: On = "local") -> None:
    """Let the challenger take all requests now, whatever is left of its ladder.

    With a model only that one: 0 when it is in service already, 1 when it was given back, 2 when another one is there.
    """
    from mlops.release import start

    _say(start.promote(_controller(on), reason, ref))


@app.command()
def rollback(
    reason: Reason,
    to: Annotated[str | None, typer.Option("--to", help="A model that was in service before.", callback=named)] = None,
    on: On = "local",
) -> None:
    """Give all requests back: to the champion while a release is open, else to the model before it, or another one."""
    from mlops.release import batch, start

    controller = _controller(on)
    way = start if controller.known.service.online else batch
    done = way.roll_back(controller, to or None, reason)
    _say(done)
    if done.act == "redeploy":
        _go_on(controller, BRINGS)


@app.command()
def remove(
    deployment: Annotated[str, typer.Argument(help="Its name, as `status` shows it.")], on: On = "local"
) -> None:
    """Remove a deployment that has no requests: one that lost, once it has been looked at."""
    from mlops import show

    platform = _controller(on).platform
    with platform.ledger.lease(on):
        platform.endpoint.remove(deployment)
    show.console.print(f"{deployment} is removed")


@app.command()
def down() -> None:
    """Stop the endpoint on this machine, with every server. The next change of it starts it again as it was."""
    from mlops import show
    from mlops.platform.local.endpoint import LocalEndpoint

    project, platform = open_platform()
    with platform.ledger.lease("local"):
        LocalEndpoint(project).stop()
    show.console.print("the endpoint is stopped")


@app.command()
def sign(
    ref: ModelRef,
    role: Annotated[str, typer.Option("--role", help="As whom: `owner`, `approver`, or a role of `people.signs`.")],
    on: On = "local",
    wanted: For = None,
) -> None:
    """Say that you looked at a model and stand for it, in a role that mlops.yaml gives you.

    Model, ledger and key are those of --on; where it may be released then is what --for says.
    """
    from mlops.evidence import sign
    from mlops.show import console

    environment, here = meant(on, wanted), open_platform(on)
    who = sign.sign_off(ref, role, environment, here.platform, here.project, here.settings)
    console.print(f"{who} signed for {ref} as {role}, for {environment}")


@app.command()
def approve(ref: ModelRef, on: On = "prod") -> None:
    """Sign as approver in the name of who approved this run of CI for the environment, as CI's own records say."""
    from mlops.ci import approval, here
    from mlops.show import console

    given, (project, platform) = here.system().approvals, (opened := open_platform(on))
    console.print(approval.approve(ref, on, given, platform, project, opened.settings), soft_wrap=True, markup=False)


@app.command()
def verify(ref: ModelRef, on: On = "local", wanted: For = None, as_json: AsJson = False) -> None:
    """Check everything that is signed about a model, and whether it may be released; exits with 1 if not.

    Model and ledger are those of --on, the rules those of --for.
    """
    import tempfile
    from datetime import date

    from rich.text import Text

    from mlops import show
    from mlops.commands.progress import STANDINGS, standing
    from mlops.evidence.verify import verify

    environment, here = meant(on, wanted), open_platform(on)
    with tempfile.TemporaryDirectory() as scratch:
        found = verify(ref, environment, here.platform, here.project, here.settings, date.today(), Path(scratch))
    if as_json:
        show.record(found)
    for each in () if as_json else found:
        _, mark, style = STANDINGS[standing(each)]
        name = each.subject if each.gate == "evidence" else each.gate
        waived = f" Waived: {each.waiver}" if each.waiver else ""
        show.console.print(Text(f"{mark} {name}: {each.why} {each.next_step}".rstrip() + waived, style), soft_wrap=True)
    if not all(each.stands for each in found):
        raise typer.Exit(1)


def _controller(environment: Environment) -> "Controller":
    from mlops.release.tick import Controller

    here = open_platform(environment)
    return Controller(here.platform, here.project, here.settings, environment)


def _say(done: "Done") -> None:
    from mlops.show import console

    console.print(f"{time.strftime('%H:%M:%S')} {done.act.replace('_', ' ')}: {done.why}", soft_wrap=True, markup=False)


def _go_on(controller: "Controller", acts: tuple[str, ...]) -> None:
    """Tick until something else is done than these, by this process or another. Exits with 1 at a rollback."""
    from mlops.release.tick import Done, said
    from mlops.show import console

    held = ""
    with console.status("") as shown:
        while True:
            try:
                done = controller.tick()
            except Busy as other:
                done = Done("wait", str(other))
            if done.act == "nothing":
                done = said(controller.read()[1])
            if done.act in acts and (done.act == "wait" or done.why == held):
                shown.update(f"{done.act}: {done.why}")
            else:
                _say(done)
            if done.status:
                raise typer.Exit(done.status)
            if done.act not in acts:
                return
            held = done.why if done.act == "hold" else ""
            if done.act in ("wait", "hold"):
                time.sleep(BETWEEN_SECONDS if controller.environment == "local" else IN_AZURE_SECONDS)
