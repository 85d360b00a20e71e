"""`mlops` in processes of their own, each begun anew: a fork of what has threads may never end.

An order is a line of JSON on stdin. The answer is a line with the process's id, and in the end one with its status.
"""

import json
import os
import subprocess
import sys

from requests.adapters import HTTPAdapter

from mlops import cli
from tests.mlops.platform.azure.seen import marked


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
    if len(sys.argv) > 1:
        begin(**json.loads(sys.argv[1]))
        return cli.main()
    for line in sys.stdin:
        child = subprocess.Popen([sys.executable, __file__, line])
        print(child.pid, flush=True)
        print(child.wait(), flush=True)


if __name__ == "__main__":
    main()
