"""What stays deployed, and for how long."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

from mlops.evidence import verify
from mlops.release import start
from mlops.release.tick import Controller
from tests.mlops.release.shops import Shop, eventually


def ticks(shop: Shop, reference: str, number: int) -> list[str]:
    """What is done after the start of a release."""
    start.start(shop.controller, reference)
    return [shop.controller.tick().act for _ in range(number)]


def test_a_loser_stays_to_be_looked_at_until_the_next_release_needs_its_place(served: Shop):
    served.controller.tick()
    bad = served.register({"dies": True})
    assert ticks(served, bad, 2) == ["rollback", "nothing"]
    loser = served.entries[-1].says["deployment"]
    said = served.mlops("release", "status").stdout
    line = f"{loser} (shop:2, rolled back on {datetime.now(UTC):%Y-%m-%d}: it did not start. "
    assert line in " ".join(said.split())
    assert f") failed, no traffic. To remove it: mlops release remove {loser}." in " ".join(said.split())
    assert "this model dies at start" in said
    assert f"All of it: {served.path}/.mlops/endpoint/logs/{loser}.txt" in said.replace("\n", "")

    old = served.path / ".mlops/endpoint" / loser / "old"
    old.touch()
    assert ticks(served, bad, 2) == ["rollback", "nothing"]
    assert (old.parent.is_dir(), old.exists()) == (True, False)

    assert ticks(served, served.register(), 3) == ["remove", "deploy", "advance"]
    assert loser not in served.endpoint.state().deployments
    assert not old.parent.exists()
    second = served.entries[-1].says["deployment"]
    start.roll_back(served.controller, None, "Enough.")
    assert served.controller.tick().act == "nothing"
    refused = served.mlops("release", "remove", served.champion)
    assert (refused.returncode, "has traffic and is not removed" in refused.stderr) == (1, True)
    removed = served.mlops("release", "remove", second)
    assert (removed.returncode, removed.stdout) == (0, f"{second} is removed\n"), removed.stderr
    assert [*served.endpoint.state().deployments] == [served.champion]


def test_the_champion_before_stays_warm_and_another_one_while_there_is_room(served: Shop):
    served.set("release", ladder=[{"share": 100, "requests": 0, "hours": 1}])
    served.controller.tick()
    first = served.champion
    start.start(served.controller, served.register())
    served.tick(["champion"])
    second = served.champion
    assert served.controller.tick().act == "nothing"
    assert f"{first} (shop:1, the champion before) healthy, no traffic" in served.mlops("release", "status").stdout
    start.start(served.controller, served.register())
    served.tick(["champion"])
    assert served.controller.tick().act == "nothing"
    assert {*served.endpoint.state().deployments} == {first, second, served.champion}
    assert ticks(served, served.register(), 2) == ["remove", "deploy"]
    served.tick(["champion"])
    assert first not in served.endpoint.state().deployments
    served.set("release", keep_warm_hours=1e-9)
    assert [served.controller.tick().act for _ in range(3)] == ["remove", "remove", "nothing"]
    assert [*served.endpoint.state().deployments] == [served.champion]


def test_the_endpoint_is_not_stopped_under_a_tick(served: Shop):
    served.controller.tick()
    start.start(served.controller, served.register({"wakes": 4}))
    name = served.entries[-1].says["deployment"]
    with ThreadPoolExecutor() as aside:
        tick = aside.submit(served.mlops, "release", "tick")
        eventually(lambda: name in served.endpoint.state().deployments)
        down = served.mlops("release", "down")
    assert (down.returncode, "another release command on local is under way" in down.stderr) == (2, True), down
    assert f"shop:2 runs as {name}" in tick.result().stdout, tick.result().stderr


def test_an_environment_that_was_removed_and_made_again_has_no_champion_and_keeps_its_history(served: Shop):
    now = served.controller
    again = Controller(replace(now.platform, place="another"), now.project, now.known, "local")
    signed, story = again.read()
    assert (story.champions, story.done) == ((), None)
    assert verify.champion("local", again.platform, signed) is None
    assert [each.kind for each in signed] == [each.kind for each in now.read()[0]]
    assert verify.champion("local", now.platform, signed)
