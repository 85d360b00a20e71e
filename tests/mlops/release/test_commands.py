"""What people type around a release."""

import json
import os
import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from mlops.errors import Misuse, Refused
from mlops.evidence import sign
from mlops.files import read_json, write_json
from mlops.release import start
from tests.mlops.release.shops import Shop, eventually


def test_the_first_model_goes_straight_to_full_and_later_ones_do_not(shop: Shop):
    """Followed to its end in one command, while somebody calls."""
    assert shop.mlops("release", "tick").stdout.endswith("nothing: no release is open.\n")
    assert shop.mlops("release", "history").stdout == "nothing was decided on local yet: mlops release start NAME:3\n"
    started = shop.mlops("release", "start", shop.register(), "--follow")
    assert started.returncode == 0, started.stdout + started.stderr
    assert [line.split(": ")[0][9:] for line in started.stdout.splitlines()] == ["release", "deploy", "champion"]
    again = shop.mlops("release", "start", "shop:1")
    assert (again.returncode, again.stdout[9:]) == (0, "nothing: shop:1 is in service on local already.\n"), (
        again.stderr
    )

    bad = shop.register({"shift": 0.6})
    with shop.callers():
        followed = shop.mlops("release", "start", bad, "--follow")
    assert followed.returncode == 1, followed.stdout + followed.stderr
    assert "rollback: shift: " in followed.stdout.splitlines()[-1]
    status = json.loads(shop.mlops("release", "status", "--json").stdout)
    assert status["said"]["in service"] == "shop:1"
    assert [*status["endpoint"]["traffic"].values()] == [100]
    said = json.loads(shop.mlops("release", "history", "--json").stdout)
    assert [each["kind"] for each in said] == ["release", "champion", "release", "decision", "rollback"]
    [shown] = [each for each in said[-1]["evidence"] if each["low"] > each["allowed"]]
    assert shown["guard"] == "shift"

    down = shop.mlops("release", "down")
    assert (down.returncode, shop.endpoint.state().deployments) == (0, {}), down.stderr
    said = shop.mlops("release", "status").stdout
    assert "none runs" in said
    assert re.search(
        "^to do +the endpoint is stopped, or was removed: mlops release tick --on local", said, re.MULTILINE
    )
    assert shop.mlops("release", "tick").returncode == 0
    assert [it.state for it in shop.endpoint.state().deployments.values()] == ["healthy", "healthy"]


def test_a_person_promotes_and_rolls_back(served: Shop):
    served.controller.tick()
    first = served.champion
    with pytest.raises(Misuse, match="there is no challenger that passed its tests"):
        start.promote(served.controller, "no")
    assert start.promote(served.controller, "no", "shop:1").why == "shop:1 is in service on local already."
    with pytest.raises(Misuse, match="nothing was in service before shop:1 on local. Release another model first."):
        start.roll_back(served.controller, None, "no")
    start.start(served.controller, served.register())
    with pytest.raises(Misuse, match="there is no challenger that passed its tests"):
        start.promote(served.controller, "too soon", "shop:2")
    served.tick(["advance"])
    other = served.mlops("release", "promote", "shop:1", "--reason", "Passed its tests")
    assert (other.returncode, "shop:1 is not being released on local. To release it: mlops " in other.stderr) == (
        2, True,
    ), other.stderr  # fmt: skip
    promoted = served.mlops("release", "promote", "shop:2", "--reason", "The champion is broken.")
    assert promoted.returncode == 0, promoted.stderr
    skipped = "The champion is broken. (cut short in step 1 of 3: 50 % copied; 0 of 30 requests, 0 failed, 0 minutes)"
    assert skipped in promoted.stdout
    second = served.champion
    assert (first != second, served.endpoint.state().traffic) == (True, {second: 100})

    rolled = served.mlops("release", "rollback", "--to", "", "--reason", "So is this one.")
    assert "rollback: person@example.org rolled back: So is this one." in rolled.stdout
    assert served.decisions[-2:] == ["champion", "rollback"]
    assert (served.champion, served.endpoint.state().traffic) == (first, {first: 100})
    with pytest.raises(Refused, match="shop:2 is not promoted: it was rolled back on .*So is this one."):
        start.promote(served.controller, "no", "shop:2")

    again = served.mlops("release", "rollback", "--to", "shop:2", "--reason", " ")
    assert (again.returncode, again.stderr[:20]) == (2, "--reason is empty: s"), again.stderr
    forward = "shop:1 on local. To go forward: mlops release rollback --to shop:2"
    with pytest.raises(Misuse, match=f"nothing was in service before {forward}"):
        start.roll_back(served.controller, None, "no")
    with pytest.raises(Misuse, match="shop:1 is in service on local already"):
        start.roll_back(served.controller, "shop:1", "no")
    said = served.mlops("release", "status").stdout
    said, today = " ".join(said.split()), f"{datetime.now(UTC):%Y-%m-%d}"
    why = f"rolled back on {today}: person@example.org rolled back: So is this one."
    assert f"{second} (shop:2, {why}) healthy, no traffic. To remove it: mlops release remove {second}." in said
    way = "To go forward: mlops release rollback --to shop:2"
    assert f"rollback to no model: nothing was in service before. {way} address" in said

    served.endpoint.remove(second)
    again = served.mlops("release", "rollback", "--to", "shop:2", "--reason", "Mended.")
    slow = "it is deployed again, which takes longer. (shop:2 was rolled back on "
    assert f"redeploy: shop:2 is not running any more: {slow}" in again.stdout
    assert "rolled back: So is this one.)" in again.stdout
    assert (served.champion, served.endpoint.state().traffic) == (second, {second: 100})
    assert served.decisions[-3:] == ["rollback", "rollback", "champion"], "the way back was a redeploy"

    start.start(served.controller, served.register())
    with pytest.raises(Misuse, match="a release is open. Roll that back first"):
        start.roll_back(served.controller, "shop:1", "no")
    assert start.roll_back(served.controller, None, "A mistake.").act == "rollback"
    assert "rolled back: A mistake.)" in start.start(served.controller, "shop:3").why
    start.roll_back(served.controller, None, "Once more.")
    with pytest.raises(Misuse, match="shop:3 was not in service before on local"):
        start.roll_back(served.controller, "shop:3", "no")


def spoilt(shop: Shop, reference: str) -> str:
    """A model whose bytes are no longer those that were registered."""
    file = shop.path / ".mlops/models" / reference.replace(":", "/") / "content/model.json"
    os.chmod(file, 0o644)
    file.write_text("{}")
    return reference


@pytest.mark.parametrize(
    ("spoil", "error", "sentence"),
    [
        (lambda shop: spoilt(shop, shop.register()), Refused, r"shop:2 may not be released on local:\n  artifact: the"),
        (
            lambda shop: sign.stop("No use.", shop.platform, shop.path, shop.controller.known) and shop.register(),
            Refused,
            "person@example.org stopped the project on .*: No use",
        ),
        (
            lambda shop: shop.set("release", ladder=[{"share": 100, "requests": 1, "hours": 1e-9}]) or shop.register(),
            Misuse,
            "mlops.yaml:[0-9]+: `release.ladder` step 1 takes",
        ),
    ],
    ids=["bytes", "stop", "ladder"],
)
def test_what_may_not_be_released_is_not_deployed(
    served: Shop, spoil: Callable[[Shop], str], error: type[Exception], sentence: str
):
    reference, before = spoil(served), served.decisions
    with pytest.raises(error, match=sentence):
        start.start(served.controller, reference)
    assert (served.decisions, served.processes()) == (before, [])


def test_one_release_at_a_time_and_only_where_there_is_a_platform(served: Shop):
    start.start(served.controller, served.register())
    again = start.start(served.controller, "shop:2")
    assert (again.act, served.decisions[2:]) == ("deploy", ["release"]), "it goes on with it"
    with pytest.raises(Misuse, match="shop:2 is being released on local. Let `mlops release tick` go on with it"):
        start.start(served.controller, served.register())
    done = served.mlops("release", "start", "shop:2", "--on", "staging")
    assert (done.returncode, done.stderr.endswith("Write them with: mlops env sync staging\n")) == (2, True), (
        done.stderr
    )


def test_a_model_that_fails_its_first_requests_gets_no_other(served: Shop):
    start.start(served.controller, served.register({"throw": 1, "calm": 3}))
    done = served.tick()
    assert (done.act, done.status) == ("rollback", 1)
    assert "the smoke test failed: m" in done.why
    assert "answered 500 to rows that its contract allows" in done.why


def test_a_stopped_project_goes_on_with_nothing(served: Shop):
    start.start(served.controller, served.register())
    sign.stop("No use.", served.platform, served.path, served.controller.known)
    done = served.tick(["hold"])
    assert done.why == "the project is stopped, so it does not go on, though the smoke test passed."
    assert served.controller.tick().act == "hold"
    assert served.decisions[2:] == ["release", "hold"]
    with pytest.raises(Refused, match="nothing is promoted until its owner signs again"):
        start.promote(served.controller, "Now.")
    served.set("people", owner="person@example.org")
    sign.sign_off("shop:2", "owner", "local", served.platform, served.path, served.controller.known)
    assert served.controller.tick().act == "advance"


def test_a_stopped_project_goes_back(served: Shop):
    served.controller.tick()
    first = served.champion
    start.start(served.controller, served.register())
    served.tick(["advance"])
    start.promote(served.controller, "It is better.")
    served.endpoint.remove(first)
    sign.stop("No use.", served.platform, served.path, served.controller.known)
    assert start.roll_back(served.controller, None, "Back.").act == "redeploy"
    assert re.search(r"rollback +shop:1 +person@\S+ rolled back: Back", served.mlops("release", "history").stdout)
    served.tick(["champion"])
    assert served.champion == first


def test_beside_a_champion_that_is_ill_a_person_decides(served: Shop):
    served.controller.tick()
    champion = served.champion
    (served.path / ".mlops/endpoint" / champion / "model.json").unlink()
    served.server(champion).kill()
    eventually(lambda: served.endpoint.state().deployments[champion].state == "failed")
    start.start(served.controller, served.register())
    done = served.tick(["hold"])
    assert f"the champion {champion} is not healthy: " in done.why
    assert served.controller.tick().act == "hold"
    assert start.promote(served.controller, "It is the cure.").act == "champion"
    assert served.endpoint.state().traffic == {served.champion: 100} != {champion: 100}


def test_a_step_that_outlives_its_time_is_stale_and_rolled_back_where_nobody_called(served: Shop):
    step = {"requests": 12, "hours": 0.0004}
    served.set("release", ladder=[{"mirror": 50, **step}, {"share": 100, "requests": 0, "hours": 1}])
    started = served.mlops("release", "start", served.register())
    assert started.returncode == 0, started.stderr
    time.sleep(3600 * step["hours"])
    stale = served.mlops("release", "status", "--stale")
    assert (stale.returncode, "1 of 2: 50 % copied; 0 of 12 requests, 0 failed" in stale.stdout) == (1, True), stale
    done = served.mlops("release", "tick")
    assert (done.returncode, "rollback: the step may take" in done.stdout) == (1, True), done.stdout
    assert served.mlops("release", "status", "--stale").returncode == 0


def test_what_is_in_service_and_too_old_is_stale_until_it_is_waived(shop: Shop):
    long_ago = {"seconds": 9, "peak_mb": 300, "at": (datetime.now(UTC) - timedelta(days=400)).isoformat()}
    shop.set("gates", staleness={"most_days_of_model": 500, "reason": "It moves slowly."})
    start.start(shop.controller, shop.register(training=long_ago))
    shop.tick(["champion"])
    assert shop.mlops("release", "status", "--stale").returncode == 0
    shop.set("gates", staleness={"most_days_of_model": 365, "reason": "It does not."})
    old = shop.mlops("release", "status", "--stale")
    assert old.returncode == 1
    assert "the model was trained 400 days ago; it must be 0 to 365. Train it again" in " ".join(old.stdout.split())
    assert shop.mlops("release", "status").returncode == 0, "nobody asked"
    waiver = {"gate": "staleness", "subject": "model", "no_worse_than": 500, "who": "owner@example.org"}
    waiver |= {"reason": "The data of this year comes next month.", "until": date.today() + timedelta(days=9)}
    (shop.path / "responsible_ai" / "waivers.yaml").write_text(yaml.safe_dump({"waivers": [waiver]}))
    assert shop.mlops("release", "status", "--stale").returncode == 0


def test_nothing_is_decided_on_a_ledger_that_cannot_be_believed(served: Shop):
    entry = sorted((served.path / ".mlops/ledger/local").glob("*.json"))[-1]
    os.chmod(entry, 0o644)
    said = read_json(Path(entry))
    write_json(entry, {**said, "payload": said["payload"][:-8] + "AAAAAAA="})
    with pytest.raises(Misuse, match="Until then nothing is decided"):
        served.controller.tick()
