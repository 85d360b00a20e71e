"""What is wrong with a request is said by row and field, and never looks like a fault of the server."""

import json
from datetime import UTC, datetime
from http.client import HTTPConnection

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from mlops.contract import synthetic
from mlops.contract.encode import encode
from mlops.contract.types import Column, Contract
from mlops.serving.request import Reader, Rejected, example
from tests.mlops.serving.models.wards.contract import ROW as WARDS
from tests.mlops.serving.servers import ROW, Server

JSON = "application/json"
WARD = "one of 'north', 'south side'"
MISTAKES = {
    "missing": ("age", None, "row 2, age: is missing. Send a number from 0 to 120 (years)"),
    "too small": ("age", -1, "row 2, age: -1 is not a number from 0 to 120 (years)"),
    "too large": ("age", 121.5, "row 2, age: 121.5 is not a number from 0 to 120 (years)"),
    "text for a number": ("age", "30", "row 2, age: '30' is not a number from 0 to 120 (years)"),
    "true for a number": ("age", True, "row 2, age: True is not a number from 0 to 120 (years)"),
    "an object for a number": ("heat", {"c": 37}, "row 2, heat: its value is not a number, or null"),
    "an unknown number": ("age", "null", "row 2, age: null is not a number from 0 to 120 (years)"),
    "refused category": ("ward", "west", f"row 2, ward: its value is not {WARD}"),
    "code of a category": ("ward", 0, f"row 2, ward: its value is not {WARD}"),
    "number for a free category": ("job", 7, "row 2, job: 7 is not text ('clerk', 'cook', or another), or null"),
    "number for a flag": ("smoker", 1, "row 2, smoker: 1 is not true or false, or null"),
    "no time": ("since", "soon", "row 2, since: 'soon' is not a time such as 2024-05-17T09:30:00Z, or null"),
    "number for text": ("note", 5, "row 2, note: its value is not text, or null"),
    "unknown feature": ("agee", 30, "row 2, 'agee': is no feature of the model. Leave it out"),
    "a column that is no feature": ("sex", "f", "row 2, 'sex': is no feature of the model. Leave it out"),
    "an id of another type": ("case", 17, "row 2, case: its value is not text"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_by_row_and_field(server: Server, mistake: str):
    name, value, sentence = MISTAKES[mistake]
    row = ROW | {name: None if value == "null" else value}
    if value is None:
        del row[name]
    answer = server.score(ROW, row)
    assert (answer.status, answer.json["details"]) == (422, [sentence])
    assert answer.json["error"] == "The rows are not as the contract says: correct what `details` lists."


def test_all_mistakes_are_named_as_far_as_they_can_be_read(server: Server):
    assert len(server.score(ROW | {"age": -1, "ward": None}, 7, []).json["details"]) == 4
    details = server.score(*[ROW | {"age": -1}] * 30).json["details"]
    assert (len(details), details[-1]) == (21, "and more")


BODIES = {
    "no JSON": (400, "{rows}", "The body cannot be read as JSON: "),
    "empty": (400, "", "The body cannot be read as JSON: "),
    "not UTF-8": (400, b'{"rows": ["\xff"]}', "The body cannot be read as JSON: "),
    "endlessly nested": (400, "[" * 100_000, "The body cannot be read as JSON: "),
    "NaN": (400, '{"rows": [{"age": NaN}]}', "The body cannot be read as JSON: "),
    "no object": (422, "[]", "The body is not {"),
    "no rows": (422, "{}", "The body is not {"),
    "rows of another kind": (422, '{"rows": 3}', "The body is not {"),
    "unknown key": (422, '{"rows": [], "row": 1}', "The body is not {"),
    "reasons of another kind": (422, '{"rows": [], "reasons": "yes"}', "The body is not {"),
    "a number beyond all": (422, '{"rows": [{"age": 1e999}]}', "The body is not {"),
    "empty rows": (422, '{"rows": []}', "The body is not {"),
    "too many rows": (422, json.dumps({"rows": [ROW] * 51}), "There are 51 rows, and a request has at most 50 rows"),
    "too large": (413, " " * 1_000_001, "The body is larger than 1,000,000 bytes: send fewer rows at once."),
    "far too large": (413, " " * 7_000_000, "The body is larger than 1,000,000 bytes: send fewer rows at once."),
}


@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_holds_no_rows_is_refused(server: Server, body: str):
    status, text, start = BODIES[body]
    answer = server.call("POST", "/score", text, content_type=JSON, x_ms_client_request_id="letter 7")
    assert (answer.status, answer.json["details"], answer.json["id"]) == (status, [], "letter 7")
    assert answer.json["error"].startswith(start)


def test_a_body_may_come_in_pieces(server: Server):
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    body = json.dumps({"rows": [ROW] * 50}).encode()
    pieces = (body[start : start + 1000] for start in range(0, len(body), 1000))
    connection.request("POST", "/score", pieces, {"Content-Type": JSON}, encode_chunked=True)
    assert len(json.loads(connection.getresponse().read())["predictions"]) == 50
    connection.close()


def test_only_json_is_taken(server: Server):
    for media in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = server.score(ROW, content_type=media)
        assert (answer.status, answer.json["details"]) == (415, [])
        assert answer.json["error"] == "Send JSON, and say so with the header Content-Type: application/json."
    assert server.score(ROW, content_type="Application/JSON; charset=utf-8").status == 200


def test_an_id_is_short_and_plain(server: Server):
    assert server.score(ROW, x_ms_client_request_id="a" * 128).status == 200
    for id in ("a" * 129, "caf\xe9"):
        answer = server.score(ROW, x_ms_client_request_id=id)
        assert (answer.status, answer.json["details"]) == (400, [])
        assert answer.json["id"] == answer.headers["x-ms-client-request-id"] and id not in answer.json["id"]


def test_other_routes_and_methods_are_refused(server: Server):
    for method, path in (("GET", "/score"), ("DELETE", "/score"), ("POST", "/live"), ("HEAD", "/metrics")):
        answer = server.call(method, path)
        assert (answer.status, answer.headers["allow"]) == (405, "POST" if path == "/score" else "GET")
    assert server.get("/scores").status == server.get("/").status == 404


EVERY = Contract(
    Column("number", "number", nullable=True),
    Column("level", "number", range=(1, 16)),
    Column("rest", "number", range=(0, float("inf"))),
    Column("open", "category", categories=("a", "b"), nullable=True, unseen="accept"),
    Column("closed", "category", categories=("a", "b c", "ü")),
    Column("flag", "flag", nullable=True),
    Column("time", "time", nullable=True),
    Column("text", "text"),
)
VALUES = some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False, allow_infinity=False)
JSONS = some.recursive(
    VALUES | some.text(), lambda more: some.lists(more) | some.dictionaries(some.text(), more), max_leaves=5
)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(
    some.sampled_from([column.name for column in EVERY] + ["other"]), JSONS | some.sampled_from(["a", "b c", 3, 1.5])
)
def test_whatever_the_value_the_request_is_read_or_the_field_is_named(name: str, value: object):
    body = json.dumps({"rows": [example(EVERY), example(EVERY) | {name: value}]}).encode()
    reader = Reader(EVERY, 10)
    try:
        columns = reader.columns(reader.read(body).rows)
    except Rejected as refusal:
        assert refusal.status == 422
        assert refusal.details[0].startswith((f"row 2, {name}: ", "row 2, 'other': ")), refusal.details
    else:
        assert [len(values) for values in columns.values()] == [2] * 8


@pytest.mark.parametrize("contract", [WARDS, EVERY], ids=["wards", "every"])
def test_rows_are_read_as_training_reads_them(contract: Contract):
    table = synthetic.rows(contract, 200).select(column.name for column in contract.features)
    times = [column.name for column in contract.features if column.dtype == "time"]
    sent = table.with_columns(pl.col(times).dt.strftime("%FT%T%.6fZ")).to_dicts()
    reader = Reader(contract, 200)
    found = reader.columns(reader.read(json.dumps({"rows": sent}).encode()).rows)
    wanted = encode(table, contract.features)
    assert list(found) == list(wanted)
    for name, values in wanted.items():
        assert found[name].dtype == values.dtype
        np.testing.assert_array_equal(found[name], values, name)


def test_times_are_utc_where_they_have_no_zone():
    reader = Reader(Contract(Column("since", "time")), 3)
    texts = ("2024-05-17T09:30:00", "2024-05-17T09:30:00Z", "2024-05-17T11:30:00+02:00")
    rows = reader.read(json.dumps({"rows": [{"since": text} for text in texts]}).encode()).rows
    assert set(reader.columns(rows)["since"]) == {datetime(2024, 5, 17, 9, 30, tzinfo=UTC).timestamp()}
