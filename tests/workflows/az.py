"""`az`, as far as a job's commands ask it for tokens, after a login by an assertion of the CI system.

It asks the directory once for each resource and keeps the answer; what the directory says of an assertion that is too
old is what the job hears, since nothing renews one: github.com/Azure/azure-cli/issues/28708 (open, 2026-11).
"""

import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

SESSION, TOKENS = "session.json", "tokens.json"
DIRECTORY = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"


def home() -> Path:
    return Path(os.environ.get("AZURE_CONFIG_DIR") or Path(os.environ["HOME"], ".azure"))


def log_in(folder: Path, tenant: str, client: str, assertion: str) -> None:
    """A session of its own, which knows nothing of the one before."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SESSION).write_text(json.dumps({"tenant": tenant, "client": client, "assertion": assertion}))
    (folder / TOKENS).unlink(missing_ok=True)


def token(resource: str) -> dict[str, object]:
    """Raises OSError in words where nobody is signed in, or not any more."""
    if not (home() / SESSION).is_file():
        raise OSError("Please run 'az login' to setup account.")
    session, kept = json.loads((home() / SESSION).read_text()), home() / TOKENS
    known = json.loads(kept.read_text()) if kept.is_file() else {}
    if resource not in known:
        known[resource] = asked(session, resource)
        draft = kept.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(known))
        draft.rename(kept)
    return known[resource]


def asked(session: dict[str, str], resource: str) -> dict[str, object]:
    form = {
        "grant_type": "client_credentials",
        "client_id": session["client"],
        "client_assertion": session["assertion"],
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "scope": f"{resource}/.default",
    }
    request = urllib.request.Request(DIRECTORY.format(**session), urllib.parse.urlencode(form).encode())
    context = ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"])
    try:
        with urllib.request.urlopen(request, context=context, timeout=30) as answer:
            found = json.load(answer)
    except urllib.error.HTTPError as refusal:
        raise OSError(json.load(refusal)["error_description"]) from None
    ends = int(time.time()) + found["expires_in"]
    when = time.strftime("%Y-%m-%d %H:%M:%S.000000", time.localtime(ends))
    return {"accessToken": found["access_token"], "expires_on": ends, "expiresOn": when, "tokenType": "Bearer"}


def main(*arguments: str) -> int:
    try:
        match arguments:
            case "account", "get-access-token", *options:
                print(json.dumps(token(options[options.index("--resource") + 1])))
            case _:
                raise OSError(f"'{' '.join(arguments)}' is not known here.")
    except OSError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
