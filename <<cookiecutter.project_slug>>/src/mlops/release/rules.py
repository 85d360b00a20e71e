"""What an endpoint refuses, here as in Azure: a state, a wish, and the state that follows.

From Azure ML's pages on managed online endpoints, read in November 2026: "Safe rollout for online endpoints" (shares,
mirroring), "Manage resources and quotas" (deployments of an endpoint). That a name keeps its bytes is a rule of ours.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from mlops.errors import Refused
from mlops.platform.endpoint import Deployed, Deployment, EndpointState

MOST_DEPLOYMENTS = 20
MOST_COPIED = 50
"""Percent."""
NAME = re.compile(r"m[0-9a-f]{12}")


def deployed(state: EndpointState, wish: Deployment, used: Mapping[str, str]) -> EndpointState:
    """`used` are the models of all names that ever were. The same model again changes nothing."""
    name, model = wish.name, used.get(wish.name, wish.model)
    if not NAME.fullmatch(name):
        raise Refused(f"'{name}' names no deployment: write m and the first 12 digits of the model's digest.")
    if model != wish.model:
        raise Refused(f"{name} was {model}, and a name is never used again for another model. Use that of its digest.")
    if name not in state.deployments and len(state.deployments) >= MOST_DEPLOYMENTS:
        raise Refused(f"an endpoint has at most {MOST_DEPLOYMENTS} deployments. Remove one that has no traffic.")
    return replace(state, deployments={name: Deployed(model, "starting"), **state.deployments})


def shared(state: EndpointState, shares: Mapping[str, int], mirror: Mapping[str, int]) -> EndpointState:
    live, copied = ({name: share for name, share in each.items() if share} for each in (shares, mirror))
    for name in (*live, *copied):
        if name not in state.deployments:
            raise Refused(f"there is no deployment {name} that could have traffic. Deploy it first.")
        if state.deployments[name].state != "healthy":
            found = state.deployments[name]
            raise Refused(f"{name} is {found.state} and gets no traffic: {found.why or 'wait until it is healthy.'}")
    if sum(live.values()) not in (0, 100) or min(live.values(), default=1) < 0:
        said = ", ".join(f"{name} {share} %" for name, share in live.items())
        raise Refused(f"the shares of live traffic ({said}) have to sum to 100, or all to be 0.")
    if len(copied) > 1:
        raise Refused(f"requests are copied to one deployment, not to {' and '.join(copied)}. Name one.")
    for name, share in copied.items():
        if not 1 <= share <= MOST_COPIED:
            raise Refused(f"{share} % of the requests cannot be copied: it is 1 to {MOST_COPIED}.")
        if name in live:
            raise Refused(f"{name} answers {live[name]} % of the requests and cannot have copies too. Choose one.")
        if not live:
            raise Refused(f"{name} can have copies only while another deployment answers. Give that one a share.")
    return replace(state, traffic=live, mirror=copied)


def removed(state: EndpointState, name: str) -> EndpointState:
    if name not in state.deployments:
        raise Refused(f"there is no deployment {name} to remove. There are: {', '.join(state.deployments) or 'none'}.")
    if name in state.traffic or name in state.mirror:
        raise Refused(f"{name} has traffic and is not removed. Give its share to another deployment first.")
    return replace(state, deployments={each: it for each, it in state.deployments.items() if each != name})
