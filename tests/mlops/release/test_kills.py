"""Whatever is killed, and whenever: the next tick goes on from there, and no caller notices."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest
import typer

from mlops.commands.release import GOES_ON, _go_on
from mlops.errors import Misuse
from mlops.evidence import entries
from mlops.release import start
from tests.mlops.release.shops import Shop, eventually

KILLED = -signal.SIGKILL


def program(shop: Shop, *arguments: str) -> subprocess.Popen[str]:
    path = os.pathsep.join([*map(str, sys.path), str(shop.path / "src")])
    words = [sys.executable, *arguments]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path})


def killed(shop: Shop, *arguments: str) -> int:
    """How a controller ended that dies of its first act."""
    with program(shop, str(Path(__file__).with_name("killed.py")), str(shop.path), *arguments) as found:
        found.communicate()
    return found.returncode


def climbing(shop: Shop) -> tuple[str, str]:
    """Names of a champion, and of a challenger in its first step."""
    shop.controller.tick()
    start.start(shop.controller, shop.register())
    shop.tick(["advance"])
    return shop.champion, shop.entries[-1].says["deployment"]


def goes_on(shop: Shop, shares: dict[str, int]) -> None:
    """The challenger's second step is signed, and not yet in force: as after a tick that was killed in between."""
    opened = shop.story.opened
    assert opened
    shop.controller.sign("decision", opened.challenger, "Go on.", shares, act="advance", step=1)


def test_a_tick_that_is_killed_after_any_act_is_taken_up_by_the_next(served: Shop):
    ladder = [{"mirror": 50, "requests": 30, "hours": 1}, {"share": 100, "requests": 20, "hours": 1}]
    served.set("release", keep_warm_hours=1e-6, ladder=ladder)
    served.controller.tick()
    old, reference = served.champion, served.register()
    with served.callers() as calls:
        assert killed(served, "start", reference) == KILLED
        assert killed(served, "deploy") == KILLED
        acts = 2
        while (status := killed(served, "tick")) == KILLED and acts < 20:
            acts += 1
    assert status == 0
    # a release, a deployment (and again, if it still starts), two steps with their traffic, a champion, a removal
    assert acts in (8, 9)
    assert served.decisions[2:] == ["release", "advance", "advance", "champion"]
    assert served.champion != old
    assert (served.endpoint.state().traffic, [*served.endpoint.state().deployments]) == (
        {served.champion: 100},
        [served.champion],
    )
    assert (calls.failed, calls.broken) == (set(), 0)


def test_a_rollback_that_is_killed_is_finished_and_told_by_the_next_tick(served: Shop):
    served.controller.tick()
    champion, reference = served.champion, served.register({"shift": 0.6})
    with served.callers() as calls:
        assert killed(served, "start", reference) == KILLED
        eventually(lambda: killed(served, "tick") == KILLED and "rollback" in served.decisions)
        assert served.endpoint.state().mirror
        done = served.mlops("release", "tick")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "rollback: shift: " in done.stdout
    found = served.endpoint.state()
    assert (found.traffic, found.mirror, served.champion) == ({champion: 100}, {}, champion)
    assert served.mlops("release", "tick").returncode == 0
    assert served.decisions[2:] == ["release", "advance", "rollback"]
    assert (calls.failed, calls.broken) == (set(), 0)


def test_what_was_seen_before_a_step_had_its_traffic_does_not_count(served: Shop):
    champion, challenger = climbing(served)
    shares = {champion: 70, challenger: 30}
    with served.callers():
        goes_on(served, shares)
        time.sleep(2.5)
        assert served.controller.tick().act == "advance"
        done = served.controller.tick()
    assert served.endpoint.state().traffic == shares
    assert (done.act, done.why[:18]) == ("wait", "0 of 40 requests i")


def test_a_challenger_that_dies_before_its_step_has_its_traffic_is_rolled_back(served: Shop):
    champion, challenger = climbing(served)
    goes_on(served, {champion: 70, challenger: 30})
    (file := served.path / ".mlops/endpoint" / challenger / "model.json").parent.chmod(0o755)
    file.unlink()
    served.server(challenger).kill()
    eventually(lambda: served.endpoint.state().deployments[challenger].state == "failed")
    done = served.controller.tick()
    assert (done.act, done.status) == ("rollback", 1), done.why
    assert "it failed before it had the requests of its step" in done.why
    assert served.endpoint.state().traffic == {champion: 100}


@pytest.fixture
def another(served: Shop) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lease."""
    held = "with LocalLedger(Path(sys.argv[1])).lease('local'): print('held', flush=True); time.sleep(60)"
    imports = "import sys, time; from pathlib import Path; from mlops.platform.local.ledger import LocalLedger"
    with program(served, "-c", f"{imports}\n{held}", str(served.path / ".mlops")) as found:
        assert found.stdout and found.stdout.readline() == "held\n"
        yield found
        found.kill()


def test_a_second_controller_is_refused_until_the_first_has_ended(served: Shop, another: subprocess.Popen[str]):
    refused = served.mlops("release", "tick")
    assert refused.returncode == 2
    assert f"another release command on local is under way (process {another.pid})" in refused.stderr
    assert served.mlops("release", "rollback", "--reason", "now").returncode == 2
    another.kill()
    another.wait()
    assert served.mlops("release", "tick").returncode == 0


def test_who_follows_a_release_waits_for_ticks_of_others_and_tells_how_it_ended(served: Shop):
    """The others are a schedule's, which never ends."""
    served.controller.tick()
    bad, ended = served.register({"shift": 0.6}), threading.Event()

    def schedule() -> None:
        while not ended.wait(0.01):
            with suppress(Misuse):
                served.controller.tick()

    with served.callers():
        other = threading.Thread(target=schedule)
        start.start(served.controller, bad)
        other.start()
        try:
            with pytest.raises(typer.Exit) as exit:
                _go_on(served.controller, GOES_ON)
        finally:
            ended.set()
            other.join()
    assert (exit.value.exit_code, served.decisions[-1]) == (1, "rollback")


def test_two_controllers_at_once_decide_as_one(served: Shop):
    served.controller.tick()
    start.start(served.controller, served.register())
    refused = list[str]()

    def tick() -> None:
        while served.story.opened:
            with suppress(Misuse):
                served.controller.tick()
                continue
            refused.append("refused")

    with served.callers() as calls:
        threads = [threading.Thread(target=tick) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert served.decisions[2:] == ["release", "advance", "advance", "advance", "champion"]
    assert refused
    assert (calls.failed, calls.broken) == (set(), 0)


def test_a_clock_that_was_set_back_does_not_change_what_happened(served: Shop, monkeypatch: pytest.MonkeyPatch):
    served.controller.tick()
    clock = Mock(wraps=datetime)
    clock.now.side_effect = lambda zone: datetime.now(zone) - timedelta(minutes=5)
    monkeypatch.setattr(entries, "datetime", clock)
    start.start(served.controller, served.register())
    assert served.decisions[-1] == "release"
    assert served.story.opened
