"""The OpenAPI 3.1 description of `POST /score`: `openapi.json`, and in it the types that requests are read with."""

from pathlib import Path
from typing import Any

import msgspec

from mlops.serving.request import Reader, example

FILE = Path(__file__).with_suffix(".json")


def openapi(reader: Reader, title: str) -> dict[str, Any]:
    """What callers may send and what they get."""
    page = msgspec.json.decode(FILE.read_bytes())
    _, schemas = msgspec.json.schema_components([reader.request], ref_template="#/components/schemas/{name}")
    page["info"]["title"] = title
    page["components"]["schemas"] |= schemas
    body = page["paths"]["/score"]["post"]["requestBody"]
    body["content"]["application/json"]["example"] = {"rows": [example(reader.contract)]}
    return page
