"""Every mistake that stops a job before it starts, each with its line and the next step."""

import pytest

from tests.mlops.specs.pipeline import COMPONENT, HEAD
from tests.mlops.specs.pipeline import thing as thing


@pytest.mark.parametrize("name", ["my node", "a.b", "../../out", "9", "Train"])
def test_a_name_that_azure_ml_does_not_take_for_a_node_is_refused(refusal, name: str) -> None:
    said = refusal(f"type: pipeline\njobs:\n  '{name}': {{command: ls}}\n")
    assert said == f"job.yml:3: a node's name is of a-z, 0-9 and _, no digit first; `{name}` is not."


@pytest.mark.parametrize(
    ("rest", "sentence"),
    [
        ("      count: a lot", "job.yml:12: input `count` must be of type integer, not `a lot`."),
        ("      count: 1.5", "job.yml:12: input `count` must be of type integer, not `1.5`."),
        ("      count: true", "job.yml:12: input `count` must be of type integer, not `True`."),
        ("      count: 2020-01-01", "job.yml:12: input `one.count` is read as date, not as text or number;"),
        ("      count: [1]", "job.yml:12: input `one.count` is read as list"),
        ("      flag: 1", "job.yml:12: input `flag` must be true or false, not `1`."),
        ("      word: blue", "job.yml:12: input `word` must be one of red, green, not `blue`."),
        (
            "      word: ${{parent.inputs.table}}",
            "job.yml:12: input `word` must be of type string, not a file or folder.",
        ),
        (
            "      table: ./thing.yml",
            "job.yml:12: input `table` must be a file or folder of type uri_file, not `./thing.yml`.",
        ),
        (
            "      table: {type: uri_file, path: ./gone.csv}",
            "job.yml:12: input `one.table`: gone.csv does not exist. Name a local copy with `--input one.table=PATH`.",
        ),
        (
            "      table: {path: 'https://example.org/x.csv'}",
            "job.yml:12: input `one.table` is `https://example.org/x.csv`, not on this machine. "
            "Name a local copy with `--input one.table=PATH`, or map URIs to folders in `environments.local.paths`.",
        ),
        (
            "      table: {path: 'azureml:nowhere@latest'}",
            "job.yml:12: input `one.table` is `azureml:nowhere@latest`, not on this machine. "
            "Name a local copy with `--input one.table=PATH`, or map URIs to folders in `environments.local.paths`.",
        ),
        (
            "      table: ${{parent.inputs.tabel}}",
            "job.yml:12: `${{parent.inputs.tabel}}` names nothing here: did you mean `parent.inputs.table`?",
        ),
        (
            "      table: ${{parent.jobs.one.outputs.mad}}",
            "job.yml:12: `${{parent.jobs.one.outputs.mad}}` names nothing here: "
            "did you mean `parent.jobs.one.outputs.made`?",
        ),
        (
            "      word: a-${{parent.inputs.table}}",
            "job.yml:12: `${{parent.inputs.table}}` is no literal with a value, so it cannot be part of a text.",
        ),
        (
            "      table: ${{parent.jobs.one.outputs.made}}",
            "job.yml:8: these nodes wait for each other: `one` → `one`. Unbind one.",
        ),
        ("    outputs: {mad: ~}", "job.yml:12: component `thing` has no output `mad`: did you mean `made`?"),
        (
            "    outputs:\n      made: ${{parent.outputs.maid}}",
            "job.yml:13: `${{parent.outputs.maid}}` is no output of this pipeline: did you mean `parent.outputs.made`?",
        ),
        (
            "    outputs:\n      made: {path: 'azureml://datastores/${{store}}/paths/x'}",
            "job.yml:13: `${{store}}` names nothing here: there is `default_datastore`, `name`.",
        ),
        (
            "    outputs:\n      made: ./here",
            "job.yml:13: output `made` must be bound as `${{parent.outputs.NAME}}`, not to `./here`.",
        ),
        (
            "    outputs: &out {made: '${{parent.outputs.made}}'}\n"
            "  two: {component: ./thing.yml, inputs: {rate: 1}, outputs: *out}",
            "job.yml:12: output `made` is already written by `one`. Declare a second one.",
        ),
        ("    limits: {timeout: soon}", "job.yml:12: `timeout` must be a whole number of at least 1, not `soon`."),
        ("  two: {component: ./thing.yml}", "job.yml:12: node `two` has no value for `rate`. Bind it under `inputs:`."),
        (
            "  two: {component: ./gone.yml}",
            "job.yml:12: component: gone.yml does not exist. Name the file of a component",
        ),
        (
            "  two: {component: {command: ls, additional_includes: .}}",
            "job.yml:12: `additional_includes` must be a list",
        ),
        (
            "  two: {component: {command: ls, additional_includes: [./gone]}}",
            "job.yml:12: an include: gone does not exist. Correct the path.",
        ),
        (
            "  two: {component: {command: ls, additional_includes: [{type: artifact}]}}",
            "job.yml:12: an include is `{'type': 'artifact'}`, not on this machine.",
        ),
        ("  two: {component: 'azureml:gone:1'}", "job.yml:12: component is `azureml:gone:1`, not on this machine."),
        (
            "  two: {component: 'azureml://registries/azureml/components/x/versions/1'}",
            "job.yml:12: component is `azureml://registries/azureml/components/x/versions/1`, not on this machine. "
            "Name the file of a component in this project, or submit this file to Azure ML.",
        ),
        (
            "  two: {code: ./gone, command: ls}",
            "job.yml:12: code: gone does not exist. Name a folder beside this file.",
        ),
        ("  two: {code: 'git+https://example.org/x', command: ls}", "job.yml:12: code is `git+https://example.org/x`"),
        ("  two: {environment: 'file:gone.yml', command: ls}", "job.yml:12: environment: gone.yml does not exist."),
        ("  two: {environment: x}", "job.yml:12: there is no `command:` here. Say what is to be run."),
        ("  two: {command: 7}", "job.yml:12: there is no `command:` here."),
        ("  two: [1]", "job.yml:12: there is no `command:` here."),
        ("  two: {command: ls, inputs: [a]}", "job.yml:12: `inputs` must hold names with values, as in `name: value`."),
        (
            "  two:\n    command: |\n      first line\n      second ${{inputs.none}}",
            "job.yml:15: `${{inputs.none}}` names nothing here: there are none. Add one or remove it.",
        ),
    ],
)
def test_a_mistake_in_a_pipeline_is_said_at_its_line(rest: str, sentence: str, refusal) -> None:
    assert refusal(f"{HEAD}{rest}\n").startswith(sentence)


def test_a_component_that_is_malformed_is_refused_at_its_own_line(write, refusal) -> None:
    write("name: p\ncommand: [ls\n", "broken.yml")
    assert refusal(f"{HEAD}  two: {{component: ./broken.yml}}\n").startswith("broken.yml:3: is not valid YAML:")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "type: number",
            "type: nmuber",
            "thing.yml:4: `rate` is of type `nmuber`, which cannot be used here: did you mean",
        ),
        ("{type: boolean,", "{", "thing.yml:7: `flag` is of type `None`, which cannot be used here"),
        ("made: {type: uri_folder}", "made: {type: integer}", "thing.yml:10: `made` is of type `integer`"),
        ("default: 1}", "default: many}", "thing.yml:5: the default of `count` must be of type integer, not `many`."),
        ("default: red", "default: blue", "thing.yml:6: the default of `word` must be one of red, green, not `blue`."),
        ("min: 0", "min: low", "thing.yml:4: `min` must be a number."),
        ("enum: [red, green]", "enum: red", "thing.yml:6: `enum` must be a list, as in `[a, b]`."),
        (
            "optional: true",
            "default: x",
            "thing.yml:8: the default of `table` must be a file or folder of type uri_file",
        ),
        ("optional: true", "optional: 'yes'", "thing.yml:8: `optional` must be true or false."),
        (
            "$[[${{inputs.table}}]]",
            "${{inputs.table}}",
            "thing.yml:11: `${{inputs.table}}` has no value in node `one`. Write `$[[ ]]` around its part.",
        ),
        ("$[[${{inputs.table}}]]", "$[[${{inputs.tabel}}]]", "thing.yml:11: `${{inputs.tabel}}` names nothing here"),
        ("name: thing", "name: [x]", "thing.yml:2: `name` must be text; write it in quotes."),
    ],
)
def test_a_mistake_in_a_component_is_said_at_its_own_line(old: str, new: str, sentence: str, write, refusal) -> None:
    assert old in COMPONENT
    write(COMPONENT.replace(old, new), "thing.yml")
    assert refusal(HEAD).startswith(sentence)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("type: parallel\n", "job.yml:1: is a parallel job, and Azure ML runs those in pipelines only. Make it a node"),
        ("type: command\n", "job.yml:1: there is no `command:` here. Say what is to be run."),
        ("jobs: {a: {command: ls}}\n", "job.yml:1: has `jobs:` but no `type: pipeline`. Add it:"),
        ("type: pipeline\njobs: {}\n", "job.yml:1: there are no nodes under `jobs:`. List them there."),
        ("type: pipeline\ncomponent: ./p.yml\n", "job.yml:2: component: p.yml does not exist."),
        ("type: 7\ncommand: ls\n", "job.yml:1: `type` must be text; write it in quotes."),
        (
            "$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json\ncommand: ls\n",
            "job.yml:1: is a component, not a job. Refer to it from a job.",
        ),
        ("command: ls ${{inputs.x}}\n", "job.yml:1: `${{inputs.x}}` names nothing here: there are none."),
        ("command: ls\ninputs:\n  x:\n", "job.yml:3: input `x` has no value. Use `--set x=VALUE`, or for data"),
        ("command: ls\ninputs:\n  x: {type: uri_file}\n", "job.yml:3: input `x` has no value."),
        ("command: ls\ninputs:\n  x: 2020-01-01\n", "job.yml:3: input `x` is read as date"),
        ("command: ls\ninputs:\n  x: .inf\n", "job.yml:3: input `x` must be of type number, not `inf`."),
        ("command: ls\ninputs:\n  x: ./${{name}}\n", "job.yml:3: `${{name}}` names nothing here"),
    ],
)
def test_a_mistake_in_a_job_is_said_at_its_line(text: str, sentence: str, refusal) -> None:
    assert refusal(text).startswith(sentence)


def test_a_circle_of_nodes_is_named(refusal) -> None:
    said = refusal("""
        type: pipeline
        jobs:
          a: {command: ls, inputs: {x: "${{parent.jobs.c.outputs.o}}"}, outputs: {o: }}
          b: {command: ls, inputs: {x: "${{parent.jobs.a.outputs.o}}"}, outputs: {o: }}
          c: {command: ls, inputs: {x: "${{parent.jobs.b.outputs.o}}"}, outputs: {o: }}
    """)
    assert "these nodes wait for each other: " in said
    assert said.count("→") == 3


def test_all_missing_inputs_of_a_node_are_named_together(write, refusal) -> None:
    write("name: t\ninputs: {a: {type: string}, b: {type: uri_file}}\ncommand: ls\n", "thing.yml")
    said = refusal("type: pipeline\njobs:\n  one: {component: ./thing.yml}\n")
    assert said == "job.yml:3: node `one` has no value for `a`, `b`. Bind it under `inputs:`."


@pytest.mark.parametrize("name", ["a/b", "a b", ".a", ".."])
@pytest.mark.parametrize("section", ["inputs", "outputs"])
def test_a_name_that_cannot_be_that_of_a_file_is_refused(refusal, name: str, section: str) -> None:
    said = refusal(f"command: ls\n{section}:\n  {name}: {{type: uri_file}}\n")
    assert said == f"job.yml:3: `{name}` cannot be a name in `{section}`: use letters, digits and _."
