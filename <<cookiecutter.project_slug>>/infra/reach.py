"""What the acceptance run asks of Azure by itself, in the project's own environment, where `mlops` runs too.

`ready dev KEY` prints who answers, the public key of the environment and versions, as JSON; `call dev SECONDS` lets
callers ask the endpoint, as many as `service.online` promises; `remove dev` deletes every endpoint, not in prod. Exit
status: as that of `mlops`.
"""

import asyncio
import json
import ssl
import sys
from dataclasses import fields
from http.client import HTTPSConnection
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from mlops import platform, settings
from mlops.errors import Failure, Misuse, exits
from mlops.platform.azure import client, keys, reach
from mlops.platform.azure.names import Names
from mlops.platform.azure.scale import unscale
from mlops.platform.azure.sentences import said
from mlops.platform.endpoint import Door

PROJECT = Path(__file__).resolve().parents[1]
HOST = "management.azure.com"
PATIENCE_SECONDS, MOST_SECONDS = 5.0, 1800.0
USAGE = "use it as: reach.py ready ENV KEY, reach.py call ENV SECONDS, or reach.py remove ENV."


def ready(environment: str, key: str) -> dict[str, Any]:
    """Raises Failure where nobody is signed in who may read the key."""
    nothing: dict[str, Any] = dict.fromkeys((each.name for each in fields(Names)), "")
    names = Names(**nothing | {"sign_key_id": key, "computes": ()})
    public = keys.signer(client.Azure(names, environment)).public_key
    trust = {"id": public.keyid, "text": public.keyval["public"]}
    return {"key": trust, "answered": answered(), "azure-ai-ml": version("azure-ai-ml")}


def answered() -> dict[str, Any]:
    """Who answers for Azure on the way that its clients take; `by` is empty where no public authority vouches for it,
    whatever this machine was told to trust."""
    proxy = urlsplit("" if proxy_bypass(HOST) else getproxies().get("https", ""))
    context = ssl.create_default_context(cafile=import_module("certifi").where())
    door = HTTPSConnection(proxy.hostname or HOST, proxy.port or 443, context=context, timeout=30)
    if proxy.hostname:
        door.set_tunnel(HOST, 443)
    try:
        door.connect()
        issuer: Any = (door.sock.getpeercert() or {}).get("issuer", ())
        return {"host": HOST, "by": ", ".join(text for part in issuer for _, text in part)}
    except ssl.SSLError:
        return {"host": HOST, "by": ""}
    except OSError as error:
        raise Failure(f"{HOST} cannot be reached: {error}. Mend the connection, then repeat.") from error
    finally:
        door.close()


def call(environment: str, seconds: float) -> str:
    """Raises Failure when no request is answered."""
    from mlops.release import smoke
    from mlops.release.load import Load

    here, known = platform.open(environment, PROJECT), settings.load(PROJECT / "mlops.yaml")
    assert known.service.online
    request = here.models.get(known.model.name).lineage["evaluation"]["request"]
    bodies = [json.dumps({"rows": [row]}).encode() for row in smoke.rows(request, 0)]
    door, rate = here.endpoint.door(""), known.service.online.requests_per_second
    of_all = Door(door.url, {name: text for name, text in door.headers.items() if text})
    load = Load(of_all, bodies, PATIENCE_SECONDS)
    asyncio.run(load.by_the_clock([number / rate for number in range(round(rate * seconds))]))
    answers = sum(each is not None for each in load.heard)
    if not answers:
        raise Failure(f"{door.url} answered none of {len(load.heard):,} requests: {dict(load.failed)}.")
    return f"{answers:,} of {len(load.heard):,} requests were answered"


def remove(environment: str) -> str:
    """With their deployments, and what scales those. Raises Misuse for prod."""
    if environment not in ("dev", "staging"):
        raise Misuse("only dev and staging are emptied from here; docs/infrastructure.md says how prod goes.")
    from mlops.platform.azure.endpoint import VERSION

    azure, gone = reach(environment, PROJECT), list[str]()
    ml = azure.ml
    with said(environment):
        for endpoint in ml.online_endpoints.list():
            for each in azure.listed(f"{endpoint.id}/deployments?api-version={VERSION}"):
                unscale(azure, each["id"])
        for operations in (ml.online_endpoints, ml.batch_endpoints):
            for name in [each.name for each in operations.list()]:
                operations.begin_delete(name).result(MOST_SECONDS)
                gone.append(name)
    return f"deleted: {', '.join(gone) or 'nothing, there is no endpoint'}"


def act(*arguments: str) -> None:
    match arguments:
        case "ready", environment, key:
            print(json.dumps(ready(environment, key)))
        case "call", environment, seconds if seconds.replace(".", "", 1).isdecimal():
            print(call(environment, float(seconds)))
        case "remove", environment:
            print(remove(environment))
        case _:
            raise Misuse(USAGE)


if __name__ == "__main__":
    with exits():
        act(*sys.argv[1:])
