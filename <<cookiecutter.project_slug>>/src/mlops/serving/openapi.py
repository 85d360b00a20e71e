"""The OpenAPI 3.1 description of `POST /score`, from the types that requests are read with."""

from typing import Any

import msgspec

from mlops.serving.request import Reader, example

ID = {
    "name": "x-ms-client-request-id",
    "in": "header",
    "schema": {"type": "string", "maxLength": 128, "pattern": "^[ -~]*$"},
}
REFUSALS = {
    "400": "The body is not JSON, or the request's id is not printable ASCII.",
    "405": "Another method.",
    "408": "The body did not arrive in time.",
    "413": "Too large a body.",
    "415": "Another media type than JSON.",
    "422": "The rows are not as the contract says, or too many.",
    "500": "The model failed on this request.",
    "503": "Too many requests wait, or the model took too long: ask again after `Retry-After` seconds.",
}


class Answer(msgspec.Struct):
    model: str
    deployment: str
    id: str
    predictions: list[dict[str, Any]]


class Error(msgspec.Struct):
    error: str
    details: list[str]


def openapi(reader: Reader, title: str) -> dict[str, Any]:
    """What callers may send and what they get."""
    kinds = (reader.request, Answer, Error)
    refs, schemas = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    request, answer, error = ({"content": {"application/json": {"schema": ref}}} for ref in refs)
    request["content"]["application/json"]["example"] = {"rows": [example(reader.contract)]}
    post = {
        "operationId": "score",
        "parameters": [ID],
        "requestBody": {"required": True, **request},
        "responses": {"200": {"description": "The answers, in the order of the rows.", **answer}}
        | {status: {"description": about, **error} for status, about in REFUSALS.items()},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "paths": {"/score": {"post": post}},
        "components": {"schemas": schemas},
    }
