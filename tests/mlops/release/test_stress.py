"""The stress test, of real servers."""

import asyncio
import json
import operator
import re
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from tempfile import mkdtemp
from xml.etree import ElementTree

import psutil
import pytest

from mlops.platform.endpoint import Door
from mlops.release import start as opening
from mlops.release import stress
from mlops.release.load import Load
from mlops.release.stress import Point, Stress
from mlops.settings import Online
from tests.mlops.release.making import HERE
from tests.mlops.release.shops import Shop
from tests.mlops.serving.servers import ROW, WARDS, Server, command, made, running

BODIES = [json.dumps({"rows": [{"age": age, "place": "town"}]}).encode() for age in (20, 40, 60)]
PROMISED = Online(p95_ms=200, availability=0.9, requests_per_second=40)
Starting = Callable[..., Server]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starting]:
    """A server of a model that takes so many seconds for each batch; or, with `package`, of another one."""
    with ExitStack() as stack:

        def started(seconds: float, *options: str, package: Path = HERE / "shop") -> Server:
            model = made(Path(mkdtemp(dir=tmp_path)), package, json.dumps({"seconds": seconds}))
            return stack.enter_context(running(command(*options, model=model)))

        yield started


def ramp(server: Server, promised: Online = PROMISED, path: str = "/score") -> Stress:
    found = stress.measured(Door(f"http://127.0.0.1:{server.port}{path}", {}), BODIES, promised, 1.5)
    print(*found.points, sep="\n")
    return found


def test_a_server_that_is_fast_enough_passes_and_is_well_after_three_times_what_it_can_do(start: Starting):
    server = start(0)
    found = ramp(server)
    assert [*stress.refused(found, PROMISED, asdict(found))] == []
    assert found.capacity_rps >= PROMISED.requests_per_second
    assert found.recovery_seconds is not None
    offered, answered = zip(*((each.offered, each.accepted) for each in found.points), strict=True)
    assert [*offered] == sorted(offered)
    assert any(4.3 < offered[-1] / each < 5.9 for each in offered), "three times what it bore at first, and 0.6 times"
    assert all(map(operator.ge, offered, answered))
    assert not [each for each in psutil.Process().net_connections() if each.raddr and each.raddr.port == server.port]
    assert server.score({"age": 30, "place": None}).status == 200


def test_a_server_that_is_too_slow_and_stays_ill_is_refused(start: Starting, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stress, "RECOVERY", 0.05)
    promised = PROMISED.model_copy(update={"requests_per_second": 400})
    found = ramp(start(0.01, "--max-rows=1", "--max-waiting=200"), promised)
    slow, ill = stress.refused(found, promised, None)
    assert re.fullmatch(
        r"it bears \d+ requests per second \(95 % within 200 ms, 90.00% answered\), and `service.online` promises 400. "
        "Was the machine busy\\? Then start it again later. Else make the model smaller, or give it more instances. "
        "Or promise less.",
        slow,
    )
    assert re.match(r"0.05 seconds after \d+ requests per second it was still not well. Let fewer requests wait", ill)


@pytest.mark.parametrize("path", ["/nowhere", "/score"])
def test_a_server_that_gives_no_answer_bears_nothing(start: Starting, path: str):
    server = start(0)
    if path == "/score":
        server.end()
    found = ramp(server, path=path)
    assert (found.capacity_rps, found.recovery_seconds, len(found.points)) == (0, None, 1)
    [why] = stress.refused(found, PROMISED, None)
    assert why.startswith("it bears 0 requests per second (95 % within 200 ms")


def test_a_stall_is_seen_by_all_who_would_have_asked_meanwhile(start: Starting):
    """Of one caller who waits for each answer, a second has room for ten requests of a tenth of a second."""
    server = start(0, package=WARDS)

    def slow(ask: Callable[[Load], Coroutine]) -> int:
        async def asked() -> list[float | None]:
            load = Load(Door(f"http://127.0.0.1:{server.port}/score", {}), [json.dumps({"rows": [ROW]}).encode()], 5)
            await asyncio.gather(ask(load), asyncio.to_thread(server.notes, "sleep 0.05", "sleep 0.5"))
            return load.heard

        return sum(each is None or each > 0.1 for each in asyncio.run(asked()))

    assert slow(lambda load: load.by_turns(1, 1)) <= 11
    assert slow(lambda load: load.by_the_clock([number / 200 for number in range(200)])) > 20


def test_one_that_bears_clearly_less_than_the_champion_did_is_refused():
    less, enough, before = Stress(33, (), 0.1), Stress(34, (), 0.1), {"capacity_rps": 100}
    promised = PROMISED.model_copy(update={"requests_per_second": 20})
    [why] = stress.refused(less, promised, before)
    assert why.startswith("it bears 33 requests per second, less than a third of what the champion did when it was new")
    assert ": 100. Was the machine busy?" in why
    assert [*stress.refused(enough, promised, before), *stress.refused(less, promised, None)] == []


def test_the_picture_shows_every_rate_and_needs_nothing_else(tmp_path: Path):
    points = Point(40, 40, 2.5, 9, 0), Point(100, 90, 50, 400, 0.1), Point(300, 0, None, None, 1)
    found = json.loads(json.dumps(asdict(Stress(40, points, None))))
    stress.draw(found, "wards & more:3", PROMISED, to := tmp_path / "new" / "stress.svg")
    drawn = ElementTree.parse(to).getroot()
    text = " ".join(drawn.itertext())
    assert "wards & more:3 bears 40 requests per second" in text
    assert "It was not well again within 10 seconds." in text
    assert len([each for each in drawn.iter() if each.tag.endswith("circle")]) == 3 + 2 + 2
    [even] = [each for each in drawn.iter() if each.text == "if all were answered"]
    assert even.get("class") is None
    assert "http" not in to.read_text().replace("http://www.w3.org/2000/svg", "")


def test_what_is_answered_to_the_last_leaves_its_line_room_for_its_words(tmp_path: Path):
    points = Point(40, 40, 2.5, 9, 0), Point(300, 295, 5, 20, 0.01)
    stress.draw(json.loads(json.dumps(asdict(Stress(300, points, 0.1)))), "wards:3", PROMISED, to := tmp_path / "a.svg")
    [even] = [each for each in ElementTree.parse(to).iter() if each.text == "if all were answered"]
    assert (even.get("class"), even.get("x")) == ("end", "680.0")


@pytest.mark.parametrize("bears", [35, 101, 140, 299])
def test_the_capacity_is_looked_for_between_the_rates(bears: float):
    def offered(rate: float) -> Point:
        return Point(rate, min(rate, bears), 5, 9, 0 if rate <= bears else 0.5)

    points = [offered(100 * step) for step in stress.STEPS]
    for _ in range(stress.HALVINGS):
        assert (rate := stress.between(points, PROMISED))
        points.append(offered(rate))
    assert bears / 1.15 < stress.borne(points, PROMISED) <= bears


@pytest.mark.parametrize("bears", [0, 300])
def test_there_is_nothing_between_where_none_or_all_was_borne(bears: float):
    points = [Point(rate, rate, 5, 9, float(rate > bears)) for rate in (100, 300)]
    assert (stress.borne(points, PROMISED), stress.between(points, PROMISED)) == (bears, None)


def test_a_new_version_is_put_under_load_before_it_has_callers(served: Shop):
    served.set("release", stress_seconds=0.5)
    served.controller.tick()
    opening.start(served.controller, served.register())
    done = served.tick(["advance"])
    assert re.fullmatch(r"the smoke test passed. It bears [\d,]+ requests per second.", done.why)
    found = served.entries[-1].says["stress"]
    assert found["capacity_rps"] >= 20
    picture = json.loads(served.mlops("release", "status", "--json").stdout)["said"]["stress test"]
    assert "shop:2 bears" in Path(picture).read_text()
    opening.promote(served.controller, "It is good.")
    assert stress.recorded(served.entries, served.story.champion) == found

    served.set("service", online={"p95_ms": 1000, "availability": 0.9, "requests_per_second": 100_000})
    opening.start(served.controller, served.register())
    done = served.tick()
    assert (done.status, done.act, served.story.champion) == (1, "rollback", served.story.champions[1])
    assert re.match(r"the stress test failed: it bears .* and `service.online` promises 100,000. Was", done.why)
    assert served.entries[-1].says["stress"]["capacity_rps"] < 100_000
