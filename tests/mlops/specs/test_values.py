"""Literals of every form: what they print, what they are set to by hand, and what they go into."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mlops.specs.expressions import render
from mlops.specs.load import Item
from mlops.specs.types import Asset, Literal, Place, Port
from mlops.specs.values import literal, typed
from tests.mlops.specs.jobs import DATA, EXAMPLES, example, node, texts


def test_literals_print_what_the_official_client_sends() -> None:
    assert texts(example("values").inputs) == {
        "text_exponent": "1e-3",
        "exponent": "0.001",
        "small": "1e-05",
        "large": "1e+17",
        "octal": "15",
        "hexadecimal": "31",
        "sexagesimal": "90",
        "truth": "True",
        "quoted": "true",
        "whole": "4",
        "name": "hello",
        "wrapped": "5",
    }


def test_defaults_are_brought_to_their_declared_type() -> None:
    defaults = node(example("values"), "defaults")
    assert texts(defaults.inputs) == {"number": "1.0", "count": "3", "flag": "True", "word": "red"}
    command = render(defaults.command, texts(defaults.inputs), {"made": "/made"})
    assert command.split() == ["bash", "run.sh", "1.0", "3", "True", "red", "/made"]


def test_bindings_carry_values_whole_inside_text_and_inside_a_path() -> None:
    bound = node(example("values"), "bound")
    assert bound.inputs["number"] == Literal("0.001", "number")
    assert bound.inputs["flag"] == Literal("True", "boolean")
    assert bound.inputs["note"] == Literal("run-hello-4", "string")
    assert bound.inputs["table"] == Asset(DATA / "rows.csv", "uri_file", "../data/rows.csv")


def test_a_literal_set_by_hand_has_the_type_that_its_consumer_declares() -> None:
    job = example("values", overrides={"exponent": "5", "truth": "FALSE", "whole": "7", "name": " x "})
    assert job.inputs["exponent"] == Literal("5", "number")
    assert job.inputs["truth"] == Literal("False", "boolean")
    assert job.inputs["whole"] == Literal("7", "integer")
    assert node(job, "bound").inputs["note"] == Literal("run- x -7", "string")


def test_an_integer_that_feeds_a_number_may_be_set_to_a_fraction(write, bound) -> None:
    component = (
        (EXAMPLES / "components" / "typed.yml").read_text().replace("../code", ".").replace("file:", "azureml:e@")
    )
    write(component.replace("azureml:e@../environments/slim.yml", "azureml:e@latest"), "typed.yml")
    spec = """
        type: pipeline
        inputs: {rate: 1}
        jobs:
          only: {component: ./typed.yml, inputs: {number: "${{parent.inputs.rate}}"}}
    """
    assert bound(spec, overrides={"rate": "0.5"}).nodes[0].inputs["number"] == Literal("0.5", "number")


PLACE = Place(Path("job.yml"), 1)


@given(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.text()))
def test_a_literal_typed_by_hand_reads_back_as_the_value_that_yaml_gave(value) -> None:
    type_ = {int: "integer", float: "number", bool: "boolean", str: "string"}[type(value)]
    port, item = Port("x", type_), Item(value, PLACE)
    printed = literal(value, port, item)
    assert printed.text == str(value)
    assert literal(typed(printed.text, type_), port, item) == printed
