"""`make bootstrap`: make the organisation's store and key, and move the state of this program into them.

The store cannot hold the state of the program that makes it, so the state begins in a folder beside this file. As long
as that folder is there it holds the truth, and every step may be repeated; when it is gone, the state is in the store.
"""

import os
import secrets
import shutil
import sys
from pathlib import Path

import yaml
from organisation.engine import LOCAL, PROJECTS, STACK, Engine, ready
from organisation.names import Names

from mlops.errors import Misuse, MlopsError


def bootstrap(projects: Path, local: Path, approve: bool) -> None:
    """Bring the organisation's platform up. Raises MlopsError where it stopped; repeat it then."""
    names = Names(ready(projects))
    folder, backend, provider = local.parent, names.own_backend, names.own_secrets_provider
    if not local.exists() and encrypted_by(folder) == provider:
        say(f"Nothing to do: the state is in {backend}. Go on with make organisation-preview and up.")
        return
    store = Engine(backend, folder=folder)
    beside = Engine(f"file://{local}", variables=passphrase(local, provider), folder=folder)

    say("1 of 4: make store, vault and everything else, with the state in a folder beside this program.")
    beside.run("stack", "select", STACK, "--create", "--secrets-provider", "passphrase")
    beside.run("up", "--stack", STACK, *(["--yes"] if approve else []))

    say(f"2 of 4: encrypt the state's secrets with {provider}.")
    if encrypted_by(folder) != provider:
        beside.run("stack", "change-secrets-provider", provider, "--stack", STACK)

    say(f"3 of 4: copy the state to {backend}.")
    copy = local / "main.json"
    beside.run("stack", "export", "--stack", STACK, "--file", str(copy))
    store.run("stack", "select", STACK, "--create", "--secrets-provider", provider)
    store.run("stack", "import", "--stack", STACK, "--file", str(copy))

    say("4 of 4: compare both, and remove the folder.")
    if urns(store) != urns(beside):
        raise Misuse(f"{backend} does not hold what {local} holds. Nothing was removed: repeat `make bootstrap`.")
    shutil.rmtree(local)
    say(f"Done. Commit {folder / f'Pulumi.{STACK}.yaml'}; then: make onboarded PROJECT=… STACK=…")


def passphrase(local: Path, provider: str) -> dict[str, str]:
    """What encrypts the state while it is in the folder: the user's passphrase if it stays one, else one made up."""
    if provider == "passphrase":
        if not {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} & set(os.environ):
            raise Misuse("the secrets provider is a passphrase: set PULUMI_CONFIG_PASSPHRASE, and keep it.")
        local.mkdir(exist_ok=True)
        return {}
    local.mkdir(mode=0o700, exist_ok=True)
    file = local / "passphrase"
    if not file.exists():
        whole = file.with_suffix(".new")
        whole.write_text(secrets.token_urlsafe(32))
        whole.rename(file)
    return {"PULUMI_CONFIG_PASSPHRASE": file.read_text()}


def say(what: str) -> None:
    """Before what the engine says next, also where output is not a terminal."""
    print(what, flush=True)


def encrypted_by(folder: Path) -> str | None:
    """What encrypts the stack's secrets, as its file says; None before the first start."""
    found = yaml.safe_load((folder / f"Pulumi.{STACK}.yaml").read_text("utf-8")) or {}
    return found.get("secretsprovider") or ("passphrase" if "encryptionsalt" in found else None)


def urns(engine: Engine) -> list[str]:
    return sorted(resource["urn"] for resource in engine.resources())


if __name__ == "__main__":
    try:
        bootstrap(PROJECTS, LOCAL, approve="--yes" in sys.argv[1:])
    except MlopsError as mistake:
        print(mistake, "It is safe to repeat `make bootstrap`.", sep="\n", file=sys.stderr)
        sys.exit(mistake.status)
    except KeyboardInterrupt:
        sys.exit(130)
