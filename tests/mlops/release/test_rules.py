"""What an endpoint refuses, without one."""

from collections.abc import Callable

import pytest

from mlops.errors import Refused
from mlops.platform.endpoint import Deployed, Deployment, EndpointState
from mlops.release import rules

A, B, C = "m00000000000a", "m00000000000b", "m00000000000c"
STATE = EndpointState(
    {A: Deployed("shop:1", "healthy"), B: Deployed("shop:2", "healthy"), C: Deployed("shop:3", "failed", "it died.")},
    {A: 90, B: 10},
)
FULL = EndpointState({f"m{number:012}": Deployed("shop:1", "healthy") for number in range(rules.MOST_DEPLOYMENTS)})


def deployment(name: str, model: str) -> Deployment:
    return Deployment(name, model, "image", None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        (lambda: rules.shared(STATE, {A: 90, B: 20}, {}), r"\(\w+ 90 %, \w+ 20 %\) have to sum to 100, or all to be 0"),
        (lambda: rules.shared(STATE, {A: 110, B: -10}, {}), "have to sum to 100"),
        (lambda: rules.shared(STATE, {"m1": 100}, {}), "there is no deployment m1 that could have traffic"),
        (lambda: rules.shared(STATE, {C: 100}, {}), "is failed and gets no traffic: it died."),
        (lambda: rules.shared(STATE, {A: 100}, {C: 10}), "is failed and gets no traffic"),
        (lambda: rules.shared(STATE, {A: 100}, {B: 51}), "51 % of the requests cannot be copied: it is 1 to 50."),
        (lambda: rules.shared(STATE, {A: 100}, {A: 10}), "answers 100 % of the requests and cannot have copies too"),
        (lambda: rules.shared(STATE, {}, {B: 10}), "can have copies only while another deployment answers"),
        (lambda: rules.shared(STATE, {A: 100}, {B: 10, C: 10}), "is failed"),
        (lambda: rules.removed(STATE, B), "has traffic and is not removed"),
        (lambda: rules.removed(rules.shared(STATE, {A: 100}, {B: 5}), B), "has traffic and is not removed"),
        (lambda: rules.removed(STATE, "m1"), "there is no deployment m1 to remove. There are: "),
        (lambda: rules.deployed(STATE, deployment("blue", "shop:4"), {}), "'blue' names no deployment"),
        (lambda: rules.deployed(STATE, deployment(A, "shop:4"), {A: "shop:1"}), "never used again for another model"),
        (lambda: rules.deployed(FULL, deployment(A, "shop:1"), {}), "has at most 20 deployments"),
    ],
)
def test_what_azure_refuses_is_refused_with_a_sentence(wish: Callable[[], object], sentence: str):
    with pytest.raises(Refused, match=sentence):
        wish()


def test_requests_are_copied_to_one_deployment():
    state = EndpointState({name: Deployed("shop:1", "healthy") for name in (A, B, C)})
    with pytest.raises(Refused, match=f"not to {B} and {C}. Name one"):
        rules.shared(state, {A: 100}, {B: 10, C: 10})


def test_what_is_taken_is_the_state_that_follows():
    copied = rules.shared(STATE, {A: 100, B: 0}, {B: 50})
    assert (copied.traffic, copied.mirror) == ({A: 100}, {B: 50})
    assert rules.removed(STATE, C).deployments.keys() == {A, B}
    assert rules.deployed(STATE, deployment(A, "shop:1"), {A: "shop:1"}) == STATE
    assert rules.deployed(FULL, deployment(min(FULL.deployments), "shop:1"), {}) == FULL
    new = rules.deployed(STATE, deployment("m00000000000d", "shop:4"), {})
    assert new.deployments["m00000000000d"] == Deployed("shop:4", "starting")
