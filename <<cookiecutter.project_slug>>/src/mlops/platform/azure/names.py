"""The names of what an environment has, as its stack gave them: `.mlops/env/ENV.json`, or a variable in CI."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from mlops import files
from mlops.errors import Failure, Misuse

VARIABLE = "MLOPS_ENV_{}"
"""Holds, in CI, what the file holds."""


@dataclass(frozen=True)
class Names:
    """What the stack of one environment exports. Addresses of containers have no slash at the end.

    `registry` is a name; `endpoint_identity` and `log_workspace` are ARM ids, `sign_key_id` and `log_key_id` addresses.
    """

    subscription: str
    resource_group: str
    location: str
    workspace: str
    registry: str
    image_registry: str
    endpoint_identity: str
    endpoint_client_id: str
    computes: tuple[str, ...]
    log_workspace: str
    ledger_url: str
    sign_key_id: str
    inference_log_url: str
    sensitive_log_url: str
    log_key_id: str

    @property
    def group_id(self) -> str:
        """The ARM id of the resource group."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"

    @property
    def workspace_id(self) -> str:
        return f"{self.group_id}/providers/Microsoft.MachineLearningServices/workspaces/{self.workspace}"


def read(project: Path, environment: str) -> Names:
    """Raises Misuse, with the next step, when nobody has brought the names here, or not all of them."""
    file, variable = place(project, environment), VARIABLE.format(environment.upper())
    remedy = f"Write them with: mlops env sync {environment}"
    text = os.environ.get(variable) or None
    if text is None and not file.is_file():
        what = f"the names of what {environment} has are not here. Ask who may read its stack for this file"
        raise Misuse(f"{what}. {remedy}", file)
    where = file if text is None else variable
    try:
        given: dict[str, Any] = files.read_json(file) if text is None else json.loads(text)
        return of(given)
    except (ValueError, TypeError, AttributeError):
        raise Misuse(f"does not hold the outputs of a stack. {remedy}", where) from None
    except KeyError as error:
        raise Misuse(f"lacks the output {error}: the stack is older than this project. {remedy}", where) from None


def of(outputs: dict[str, Any]) -> Names:
    """Raises KeyError for an output that is not there."""
    given = {each.name: outputs[each.name] for each in fields(Names)}
    given |= {"computes": tuple(given["computes"]), "registry": given["registry"].rpartition("/")[2]}
    return Names(**given)


def sync(project: Path, environment: str) -> Path:
    """Write what Pulumi's stack exports to the file that `read` reads; returns it.

    Raises Misuse, with the next step, when there is no such stack or it is older than this project, Failure in
    Pulumi's words when that does not answer.
    """
    stack, up = project / "infra", f"Bring it up with: make infra-up STACK={environment}"
    if not (pulumi := shutil.which("pulumi")):
        variable = VARIABLE.format(environment.upper())
        raise Misuse(f"`pulumi` is not on the PATH: install it, or set {variable} as CI does.")
    settings = stack / f"Pulumi.{environment}.yaml"
    if not settings.is_file() or ":organisation:" not in settings.read_text("utf-8"):
        raise Misuse("the project is not onboarded: docs/infrastructure.md says how it comes to be.", settings)
    ask = [pulumi, "stack", "output", "--json", "--stack", environment, "--non-interactive", "--color", "never"]
    done = subprocess.run(ask, cwd=stack, capture_output=True, encoding="utf-8", stdin=subprocess.DEVNULL)
    if "no stack named" in done.stderr:
        raise Misuse(f"{environment} has no stack yet. {up}")
    if done.returncode:
        why = done.stderr.strip().partition("\n")[0].removeprefix("error: ")
        remedy = "Log in with `az login`, and set PULUMI_BACKEND_URL as docs/infrastructure.md says."
        raise Failure(f"pulumi could not read the stack of {environment}: {why}. {remedy}")
    outputs = json.loads(done.stdout)
    try:
        of(outputs)
    except KeyError as error:
        raise Misuse(f"the stack of {environment} has no output {error}. {up}") from None
    files.write_json(place(project, environment), outputs)
    return place(project, environment)


def place(project: Path, environment: str) -> Path:
    return project / ".mlops" / "env" / f"{environment}.json"
