"""Variables of Azure DevOps: what it tells a run, what a file gives, and where each is put in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.emulator.ci.azure_devops import ORGANISATION, PROJECT, REPOSITORY
from tests.workflows.documents import NotUnderstood
from tests.workflows.expressions import text
from tests.workflows.model import Event

GROUP = "mlops"
"""The one variable group of a project."""
SECRET = "System.AccessToken"
"""No script has it that does not ask for it."""
REASONS = {"push": "IndividualCI", "pull_request": "PullRequest", "schedule": "Schedule"}
MACRO = re.compile(r"\$\(([\w.]+)\)")


def told(event: Event) -> dict[str, str]:
    """The predefined variables, as far as they are asked for."""
    found = {
        "Build.Reason": REASONS.get(event.name, "Manual"),
        "Build.BuildId": event.run,
        "Build.RequestedFor": event.actor,
        "Build.RequestedForEmail": f"{event.actor}@example.org",
        "Build.Repository.Name": event.repository.rpartition("/")[2],
        "Build.Repository.ID": REPOSITORY,
        "System.CollectionUri": f"{event.server or 'https://dev.azure.com'}/{ORGANISATION}/",
        "System.TeamProject": PROJECT,
        SECRET: "a-token",
        "System.JobAttempt": "1",
        "TF_BUILD": "True",
    }
    if event.name == "pull_request":
        found |= {
            "System.PullRequest.PullRequestId": str(event.number),
            "System.PullRequest.IsFork": text(event.fork).capitalize(),
        }
    return found


@dataclass(frozen=True)
class Scope:
    """Where something is read: the variables by name, those of the group, and the machine, unless it says another."""

    where: str
    variables: Mapping[str, str]
    group: Mapping[str, str]
    pool: Mapping[str, str] | None = None

    def inside(self, section: Mapping[str, Any], where: str) -> "Scope":
        variables = {**self.variables, **self.own(section)}
        return replace(self, where=where, variables=variables, pool=section.get("pool", self.pool))

    def own(self, section: Mapping[str, Any]) -> dict[str, str]:
        """The variables of a section, those of the group among them where it names that."""
        given, found = section.get("variables", []), dict[str, str]()
        if isinstance(given, dict):
            return {name: text(each) for name, each in given.items()}
        for each in given:
            if each.get("group") == GROUP:
                found |= self.group
            elif "name" in each:
                found[each["name"]] = text(each["value"])
            else:
                raise NotUnderstood(f"{self.where}: the variables {each} are not known here.")
        return found

    @property
    def known(self) -> dict[str, Any]:
        return {"variables": self.variables}

    def environment(self) -> dict[str, str]:
        """What every script has, without the secret."""
        shown = {name: each for name, each in self.variables.items() if name != SECRET}
        return {name.upper().replace(".", "_"): self.replaced(each) for name, each in shown.items()}

    def replaced(self, value: Any) -> str:
        """A text with each `$(NAME)` in it replaced, as the agent does. What is none stays, as the agent leaves it."""
        once = MACRO.sub(lambda found: self.variables.get(found[1], found[0]), text(value))
        return once if once == value else self.replaced(once)
