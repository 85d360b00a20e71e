"""What Azure refuses, and what goes wrong on the way to it, as one sentence with the next step."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from mlops.errors import Failure, MlopsError

AGAIN = "Repeat the same command: what is done already is found again."
LONG = re.compile(r"/subscriptions/[^\s'\"]*/providers/[^/\s'\"]+")
"""How the id of a resource begins."""
SHOWN = 300
"""Letters of Azure's own words that are shown."""
KNOWN = Path(__file__).with_name("sentences.yml")


@contextmanager
def said(environment: str) -> Iterator[None]:
    """Turn what the block raises into a Failure of one sentence. What is a sentence already passes."""
    from azure.core.exceptions import AzureError

    try:
        yield
    except MlopsError:
        raise
    except AzureError as error:
        fails = (getattr(error, "status_code", None) or 0) >= 500
        raise Failure(sentence(str(error), environment, AGAIN if fails else "")) from error


def sentence(message: str, environment: str, advice: str = "") -> str:
    """One sentence about a refusal; Azure's own words, and the advice, where it is none of those that are known."""
    message = LONG.sub("…", message)
    words = " ".join(message.split())[:SHOWN]
    for known in yaml.safe_load(KNOWN.read_text("utf-8")):
        if found := re.search(known["when"], message):
            return known["say"].format(env=environment, said=words, **found.groupdict())
    return f"{environment}: {words} {advice}".rstrip()
