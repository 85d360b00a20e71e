"""An endpoint of which Azure refuses something, whose model dies, or whose command was interrupted."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from mlops.errors import Refused
from mlops.platform.endpoint import Unhealthy
from tests.emulator.access import ASSIGNMENTS
from tests.emulator.https.cloud import Cloud
from tests.emulator.ids import Id
from tests.emulator.world import IDENTITY, REGISTRY, WORKSPACE
from tests.mlops.platform.azure.online import Online
from tests.mlops.platform.azure.online import online as online
from tests.mlops.platform.azure.online import person as person
from tests.mlops.platform.azure.seen import Seen


def test_one_that_never_becomes_healthy_is_said_with_its_log(online: Online, seen: Seen) -> None:
    bad = online.version(dies=True)
    words = r"(?s)did not become healthy: .*last lines of its log:.*this model dies at start"
    with seen.fails("a deployment that never becomes healthy", words, Unhealthy):
        online.endpoint.deploy(bad)
    assert online.endpoint.state().deployments[bad.name].state == "failed"
    with pytest.raises(Refused, match="is failed and gets no traffic"):
        online.endpoint.traffic({bad.name: 100}, {})
    online.endpoint.remove(bad.name)
    assert online.endpoint.state().deployments == {}


def cores(cloud: Cloud) -> Callable[[], None]:
    cloud.arm.cores, was = 3, cloud.arm.cores
    return lambda: setattr(cloud.arm, "cores", was)


def network(cloud: Cloud) -> Callable[[], None]:
    was = cloud.arm.networks.pop(Id(WORKSPACE).key)
    return lambda: cloud.arm.networks.update({Id(WORKSPACE).key: was})


def _without(cloud: Cloud, principal: str, scope: str) -> Callable[[], None]:
    documents = cloud.arm.store.documents
    held = {id: it for id, it in documents.items() if Id(id).kind == ASSIGNMENTS}
    gone = {
        id: it
        for id, it in held.items()
        if it["properties"]["principalId"] == principal and id.startswith(scope.lower())
    }
    assert gone
    for id in gone:
        del documents[id]
    return lambda: documents.update(gone)


def role_of_the_image(cloud: Cloud) -> Callable[[], None]:
    identity = cloud.arm.store.documents[IDENTITY]["properties"]["principalId"]
    return _without(cloud, identity, REGISTRY)


def model(cloud: Cloud) -> Callable[[], None]:
    place = f"{WORKSPACE}/models/shop/versions/1"
    was = cloud.arm.store.documents.pop(place.lower())
    return lambda: cloud.arm.store.documents.update({place: was})


LACKS = {
    cores: "quota",
    network: "network",
    role_of_the_image: "the identity …/userAssignedIdentities/id-lend may not do .*/pull/read on …/registries/",
    model: "dev does not have …/workspaces/mlw-lend/models/shop/versions/1. `mlops models list --on dev`",
}


@pytest.mark.parametrize(("break_", "words"), LACKS.items(), ids=[break_.__name__ for break_ in LACKS])
def test_what_azure_refuses_leaves_nothing_and_is_safe_to_repeat(
    online: Online, break_: Callable[[Cloud], Callable[[], None]], words: str, seen: Seen
) -> None:
    new = online.version()
    mend = break_(online.cloud)
    try:
        with seen.fails(f"a deployment without its {break_.__name__.replace('_', ' ')}", words) as caught:
            online.endpoint.deploy(new)
        assert not isinstance(caught.value, Unhealthy), "it would be rolled back, though nothing is wrong with it"
        assert online.endpoint.state().deployments == {}
    finally:
        mend()
    online.endpoint.deploy(new)
    assert online.endpoint.state().deployments[new.name].state == "healthy"


class Interrupted(BaseException):
    """As Ctrl-C is."""


def interrupt(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Once, when so many requests that change something were answered."""
    send, left = requests.Session.send, [after]

    def sent(self: requests.Session, request: requests.PreparedRequest, **how: Any) -> requests.Response:
        answer = send(self, request, **how)
        if request.method in ("PUT", "DELETE"):
            left[0] -= 1
            if left[0] == 0:
                raise Interrupted
        return answer

    monkeypatch.setattr(requests.Session, "send", sent)


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_deployment_that_was_interrupted_is_taken_up(
    online: Online, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = online.version()
    with monkeypatch.context() as patch:
        interrupt(patch, after)
        with pytest.raises(Interrupted):
            online.endpoint.deploy(new)
    online.endpoint.deploy(new)
    online.endpoint.traffic({new.name: 100}, {})
    assert online.ask() == [(200, new.name)]
    assert [line["DeploymentName"] for _, _, line in online.cloud.lines] == [new.name], (
        "its log goes to one place, once"
    )


@pytest.mark.parametrize("after", [1, 2])
def test_shares_that_were_interrupted_are_taken_up(online: Online, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = online.version(), online.version(shift=0.1)
    for each in (old, new):
        online.endpoint.deploy(each)
    online.endpoint.traffic({old.name: 100}, {})
    online.endpoint.traffic({old.name: 100}, {new.name: 50})
    with monkeypatch.context() as patch:
        interrupt(patch, after)
        with pytest.raises(Interrupted):
            online.endpoint.traffic({old.name: 90, new.name: 10}, {})
    online.endpoint.traffic({old.name: 90, new.name: 10}, {})
    state = online.endpoint.state()
    assert (state.traffic, state.mirror) == ({old.name: 90, new.name: 10}, {})
