"""`mlops` in processes of their own that begin with their imports done; run by an interpreter, not imported.

An order is a line of JSON on stdin. The answer is a line with the process's id, and in the end one with its status.
"""

import json
import os
import sys
from importlib import import_module

from requests.adapters import HTTPAdapter

from mlops import cli
from tests.mlops.platform.azure.seen import marked

HEAVY = (
    *("azure.ai.ml", "azure.identity", "azure.storage.blob", "azure.keyvault.keys", "polars", "numpy", "mlops.show"),
    *(f"mlops.platform.azure.{name}" for name in ("endpoint", "jobs", "ledger", "models", "schedules")),
)


def begin(arguments: list[str], folder: str, out: str, err: str, variables: dict[str, str], mark: bool) -> None:
    """Be a process that somebody started there."""
    for number, file in enumerate((os.devnull, out, err)):
        os.dup2(os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND), number)
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    sys.path.insert(0, f"{folder}/src")
    sys.argv = ["mlops", *arguments]
    if mark:
        HTTPAdapter.add_headers = marked


def main() -> None:
    for line in sys.stdin:
        if not (child := os.fork()):
            begin(**json.loads(line))
            return cli.main()
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    for name in HEAVY:
        import_module(name)
    main()
