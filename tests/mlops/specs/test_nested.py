"""Pipelines inside pipelines, resolved to the nodes that run."""

import pytest

from mlops.specs.types import Asset, FromNode, Literal
from tests.mlops.specs.jobs import DATA, EXAMPLES, example, node, texts

INNER = """
type: pipeline
name: inner
inputs:
  text: {type: string}
  extra: {type: string, optional: true}
outputs:
  made: {type: uri_file}
jobs:
  a:
    command: echo ${{inputs.text}} $[[${{inputs.extra}}]] > ${{outputs.made}}
    inputs:
      text: ${{parent.inputs.text}}
      extra: ${{parent.inputs.extra}}
    outputs:
      made: ${{parent.outputs.made}}
"""
OUTER = "type: pipeline\njobs:\n  one:\n    type: pipeline\n    component: ./inner.yml\n    inputs: {text: x}\n"


def test_inner_nodes_are_named_after_the_nodes_around_them() -> None:
    names = {node.name for node in example("nested").nodes}
    assert names == {"after", "outer.one.first", "outer.one.last", "outer.two.first", "outer.two.last"}


def test_bindings_through_pipelines_lead_to_the_node_that_writes() -> None:
    job = example("nested")
    written = FromNode("outer.one.last", "total", "uri_file")
    assert node(job, "after").inputs == {"left": written}
    assert node(job, "outer.two.first").inputs["table"] == written
    assert job.outputs == {"best": FromNode("outer.two.last", "total", "uri_file")}
    order = [node.name for node in job.nodes]
    assert order.index("outer.one.first") < order.index("outer.one.last") < order.index("outer.two.first")


def test_values_reach_inner_nodes_by_default_binding_and_not_at_all() -> None:
    job = example("nested")
    first = node(job, "outer.one.first")
    assert first.inputs["table"] == Asset(DATA / "rows.csv", "uri_file", "../data/rows.csv")
    assert texts(first.inputs)["count"] == "2"
    assert "note" not in first.inputs
    assert texts(node(job, "outer.two.first").inputs)["count"] == "5"


def test_paths_in_an_inner_pipeline_are_relative_to_its_own_file() -> None:
    assert node(example("nested"), "outer.one.last").code == EXAMPLES / "code"


def test_a_job_that_is_a_component_has_the_nodes_and_inputs_of_the_component() -> None:
    job = example("component-job", overrides={"times": "7", "note": "hello"})
    assert [node.name for node in job.nodes] == ["first", "last"]
    assert job.inputs["times"] == Literal("7", "integer")
    assert texts(job.nodes[0].inputs)["note"] == "hello"
    assert job.outputs == {"total": FromNode("last", "total", "uri_file")}
    assert "note" not in example("component-job").nodes[0].inputs


def test_a_node_without_a_type_is_what_its_component_is(write, bound) -> None:
    write(INNER, "inner.yml")
    assert [node.name for node in bound(OUTER.replace("    type: pipeline\n", "")).nodes] == ["one.a"]


def test_a_local_file_is_named_by_the_way_to_the_input(write, bound, tmp_path) -> None:
    text = INNER.replace("text: ${{parent.inputs.text}}", "text: {path: 'https://example.org/x'}")
    write(text, "inner.yml")
    job = bound(OUTER, inputs={"one.a.text": tmp_path})
    assert job.nodes[0].inputs["text"] == Asset(tmp_path, "uri_folder", "https://example.org/x")


def test_an_optional_input_that_a_pipeline_leaves_unbound_may_be_given_by_hand(tmp_path) -> None:
    assert node(example("asked"), "includes").inputs == {}
    bound = node(example("asked", inputs={"includes.champion": tmp_path}), "includes")
    assert bound.inputs == {"champion": Asset(tmp_path, "uri_folder", str(tmp_path))}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "text: ${{parent.inputs.text}}",
            "text: ${{parent.inputs.txt}}",
            "inner.yml:12: `${{parent.inputs.txt}}` names",
        ),
        ("made: ${{parent.outputs.made}}", "made: ~", "inner.yml:7: no node writes output `made`. Bind one to"),
        (
            "made: ${{parent.outputs.made}}",
            "made: ${{parent.outputs.x}}",
            "inner.yml:15: `${{parent.outputs.x}}` is no",
        ),
        ("text: {type: string}", "text: {type: integer}", "job.yml:6: input `text` must be of type integer, not `x`."),
        ("text: {type: string}", "more: {type: string}", "job.yml:3: node `one` has no value for `more`. Bind it"),
        (
            "$[[${{inputs.extra}}]]",
            "${{inputs.extra}}",
            "inner.yml:10: `${{inputs.extra}}` has no value in node `one.a`",
        ),
        ("type: pipeline\nname: inner", "type: parallel\nname: inner", "job.yml:3: `one` is of type `pipeline`, its"),
        ("jobs:\n  a:", "jobs: {}\nmore:\n  a:", "inner.yml:1: there are no nodes under `jobs:`. List them there."),
        (
            "  a:\n    command",
            "  a:\n    component: ./gone.yml\n    command",
            "inner.yml:10: component: gone.yml does not",
        ),
        (
            "  a:\n",
            "  b: {type: pipeline, component: ./inner.yml}\n  a:\n",
            "inner.yml:9: `one.b` is a pipeline inside",
        ),
        (
            "  a:\n",
            "  b: {type: pipeline, jobs: {c: {command: ls}}}\n  a:\n",
            "inner.yml:9: `one.b` is a pipeline inside",
        ),
        (
            "  a:\n",
            "  b: {type: automl}\n  a:\n",
            "inner.yml:9: `one.b` is of type `automl`, which is not run locally.",
        ),
    ],
)
def test_a_mistake_in_an_inner_pipeline_is_said_in_the_right_file(old, new, sentence, write, refusal) -> None:
    assert old in INNER
    write(INNER.lstrip().replace(old, new), "inner.yml")
    assert refusal(OUTER).startswith(sentence)


def test_a_circle_inside_a_pipeline_is_named_in_its_file(write, refusal) -> None:
    text = INNER.lstrip().replace("extra: ${{parent.inputs.extra}}", "extra: ${{parent.jobs.a.outputs.made}}")
    write(text, "inner.yml")
    assert refusal(OUTER) == "inner.yml:9: these nodes wait for each other: `one.a` → `one.a`. Unbind one."
