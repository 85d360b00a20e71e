"""A component, and a pipeline of one node of it to write mistakes into."""

import pytest

COMPONENT = """
    type: command
    name: thing
    inputs:
      rate: {type: number, min: 0, max: 1}
      count: {type: integer, default: 1}
      word: {type: string, enum: [red, green], default: red}
      flag: {type: boolean, default: false}
      table: {type: uri_file, optional: true}
    outputs:
      made: {type: uri_folder}
    command: echo ${{inputs.rate}} ${{inputs.count}} $[[${{inputs.table}}]] ${{outputs.made}}
"""
HEAD = """
type: pipeline
inputs:
  rate: 0.5
  table: {type: uri_file, path: ./thing.yml}
outputs:
  made: {type: uri_folder}
jobs:
  one:
    component: ./thing.yml
    inputs:
      rate: ${{parent.inputs.rate}}
"""


@pytest.fixture(autouse=True)
def thing(write) -> None:
    write(COMPONENT, "thing.yml")
