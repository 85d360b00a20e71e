"""Calls of REST interfaces by the programs that people are signed in with: `gh` and `az`."""

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any

from mlops.errors import Misuse, Refused

DEVOPS = "499b84ac-1321-427f-aa17-267ca6975798"
"""The resource that a token for Azure DevOps is for (Microsoft, Authenticate to Azure DevOps with Microsoft Entra)."""


def github(method: str, path: str, body: Any = None) -> Any:
    """What GitHub answers, None for what is not there. Raises Refused in its words."""
    given = ["--input", "-"] if body is not None else []
    done = _run(["gh", "api", "--method", method, path, *given], "https://cli.github.com", json.dumps(body))
    if done.returncode and "(HTTP 404)" in done.stderr and method == "GET":
        return None
    return _answer("GitHub", method, path, done)


def azure_devops(method: str, path: str, body: Any = None) -> Any:
    """What Azure DevOps answers. Raises Refused in its words."""
    command = ["az", "rest", "--method", method, "--url", path, "--resource", DEVOPS]
    if body is not None:
        command += ["--headers", "Content-Type=application/json", "--body", json.dumps(body)]
    done = _run(command, "https://learn.microsoft.com/cli/azure/install-azure-cli", "")
    return _answer("Azure DevOps", method, path, done)


def _run(command: Sequence[str], where: str, given: str) -> subprocess.CompletedProcess[str]:
    if not shutil.which(command[0]):
        raise Misuse(f"`{command[0]}` is not on the PATH: install it ({where}), sign in, and repeat.")
    return subprocess.run(command, input=given, capture_output=True, encoding="utf-8")


def _answer(who: str, method: str, path: str, done: subprocess.CompletedProcess[str]) -> Any:
    if done.returncode:
        said = re.sub(r"^(gh|ERROR): ", "", done.stderr.strip())
        raise Refused(f"{who} refuses {method} {path.partition('?')[0]}: {said}")
    return json.loads(done.stdout) if done.stdout.strip() else {}
