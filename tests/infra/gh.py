"""`gh api` for tests: sends what it is told to the server in GH_DOUBLE, and answers as `gh` does.

Exit status, streams and the sentence about HTTP are those of gh 2 (cli.github.com/manual/gh_api, 2026-11).
"""

import http.client
import json
import os
import sys


def main(arguments: list[str]) -> int:
    if not os.environ.get("GH_TOKEN"):
        print("To get started with GitHub CLI, please run:  gh auth login", file=sys.stderr)
        return 4
    assert arguments[:2] == ["api", "--method"], arguments
    method, path, *rest = arguments[2:]
    assert rest in ([], ["--input", "-"]), rest
    headers = {"authorization": "token a", "user-agent": "gh", "content-type": "application/json"}
    connection = http.client.HTTPConnection(os.environ["GH_DOUBLE"])
    connection.request(method, f"/{path}", sys.stdin.buffer.read() if rest else None, headers)
    answer = connection.getresponse()
    said = answer.read().decode()
    sys.stdout.write(said)
    if answer.status >= 400:
        print(f"gh: {json.loads(said)['message']} (HTTP {answer.status})", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
