"""`az rest` for tests: sends what it is told to the server in AZ_DOUBLE, and answers as `az` does.

Exit status and streams are those of the Azure CLI (learn.microsoft.com/cli/azure/reference-index#az-rest, 2026-11).
"""

import http.client
import os
import sys
from urllib.parse import urlsplit


def main(arguments: list[str]) -> int:
    assert arguments[0] == "rest", arguments
    given = dict(zip(arguments[1::2], arguments[2::2], strict=True))
    assert given["--resource"] == "499b84ac-1321-427f-aa17-267ca6975798", "a token for Azure DevOps"
    place = urlsplit(given["--url"])
    assert place.scheme == "https" and place.hostname in ("dev.azure.com", "vssps.dev.azure.com"), given["--url"]
    assert " " not in given["--url"], given["--url"]
    headers = dict([given["--headers"].split("=", 1)]) if "--headers" in given else {}
    connection = http.client.HTTPConnection(os.environ["AZ_DOUBLE"])
    connection.request(given["--method"], f"{place.path}?{place.query}", given.get("--body"), headers)
    answer = connection.getresponse()
    said = answer.read().decode()
    if answer.status >= 400:
        print(f"ERROR: {answer.reason}({said})", file=sys.stderr)
        return 1
    sys.stdout.write(said)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
