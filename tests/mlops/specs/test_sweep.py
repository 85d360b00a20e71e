"""Sweeps, as jobs and as nodes: what is drawn, how often, and what is refused."""

import pytest

from mlops.specs.types import Distribution, Sweep
from tests.mlops.specs.jobs import example, node, texts

COMPONENT = """
name: fit
inputs:
  rate: {type: number, max: 10}
  depth: {type: integer, default: 3}
  kernel: {type: string, enum: [rbf, poly], default: rbf}
  rows: {type: uri_file, optional: true}
command: echo ${{inputs.rate}} ${{inputs.depth}} ${{inputs.kernel}}
"""
SPEC = """
type: pipeline
jobs:
  one:
    type: sweep
    trial: ./fit.yml
    search_space:
      rate: {type: uniform, min_value: 0, max_value: 1}
    sampling_algorithm: random
    objective: {goal: minimize, primary_metric: loss}
    limits: {max_total_trials: 3}
"""


@pytest.fixture(autouse=True)
def fit(write) -> None:
    write(COMPONENT, "fit.yml")


def sweep(of) -> Sweep:
    assert of.sweep
    return of.sweep


def test_a_sweep_job_is_one_node_whose_command_names_what_is_drawn_as_inputs() -> None:
    job = example("sweep", overrides={"depth": "5"})
    only = job.nodes[0]
    assert (job.name, only.name, only.timeout, only.variables) == ("Search", "sweep", None, {"LEVEL": "info"})
    assert texts(only.inputs) == {"depth": "5"}
    assert "search_space" not in only.command
    assert "${{inputs.kernel}}" in only.command
    found = sweep(only)
    assert (found.algorithm, found.seed, found.metric, found.goal) == ("random", 7, "loss", "minimize")
    assert (found.max_trials, found.concurrent, found.timeout, found.trial_timeout) == (6, 2, 3600, 60)
    assert "early_termination: every trial runs to its end." in job.ignored


def test_every_distribution_keeps_its_arguments_as_numbers() -> None:
    assert dict(sweep(example("sweep").nodes[0]).space) == {
        "kernel": Distribution("choice", {"values": ["rbf", 1, 0.5]}),
        "rate": Distribution("uniform", {"min_value": 0.001, "max_value": 1}),
        "a": Distribution("quniform", {"min_value": 1, "max_value": 10, "q": 2}),
        "b": Distribution("loguniform", {"min_value": -6, "max_value": -1}),
        "c": Distribution("qloguniform", {"min_value": 0, "max_value": 3, "q": 1}),
        "d": Distribution("normal", {"mu": 0, "sigma": 1}),
        "e": Distribution("qnormal", {"mu": 5, "sigma": 2.5, "q": 1}),
        "f": Distribution("lognormal", {"mu": 0, "sigma": 1}),
        "g": Distribution("qlognormal", {"mu": 0, "sigma": 1, "q": 0.5}),
        "h": Distribution("randint", {"upper": 4}),
    }


def test_a_sweep_node_draws_inputs_of_its_component_and_gives_its_outputs_on() -> None:
    job = example("sweep-node")
    search = node(job, "search")
    assert texts(search.inputs) == {"count": "4", "flag": "True"}
    assert list(sweep(search).space) == ["number", "word"]
    assert list(search.outputs) == ["made"]
    inline = node(job, "inline")
    assert inline.needs == {"search"}
    assert inline.command == "echo ${{inputs.size}} ${{inputs.found}}"
    assert sweep(inline).algorithm == "grid"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "rate: {type: uniform, min_value: 0, max_value: 1}",
            "rate: {}",
            "7: the type of `rate` cannot be `{}`: there is",
        ),
        ("type: uniform", "type: unifrom", "7: the type of `rate` cannot be `unifrom`: did you mean `uniform`?"),
        ("min_value: 0", "min: 0", "7: `uniform` takes no `min`: there is `max_value`, `min_value`."),
        ("min_value: 0, ", "", "7: `min_value` must be a number."),
        ("min_value: 0", "min_value: low", "7: `min_value` must be a number."),
        ("min_value: 0", "min_value: .nan", "7: `min_value` must be a number."),
        ("min_value: 0", "min_value: 2", "7: `max_value` of `rate` must be over 2, not 1."),
        ("max_value: 1", "max_value: 11", "7: input `rate` must be in [-inf, 10], not `11`."),
        (
            "uniform, min_value: 0, max_value: 1",
            "normal, mu: 0, sigma: 0",
            "7: `sigma` of `rate` must be over 0, not 0.",
        ),
        ("uniform, min_value: 0", "quniform, q: 0, min_value: 0", "7: `q` of `rate` must be over 0, not 0."),
        ("uniform, min_value: 0, max_value: 1", "randint, upper: 1.5", "7: `upper` must be a whole number."),
        ("uniform, min_value: 0, max_value: 1", "randint, upper: 0", "7: `upper` of `rate` must be over 0, not 0."),
        (
            "uniform, min_value: 0, max_value: 1",
            "choice, values: []",
            "7: `values` must be a list of texts, numbers or",
        ),
        (
            "uniform, min_value: 0, max_value: 1",
            "choice, values: [[1]]",
            "7: `values` must be a list of texts, numbers",
        ),
        (
            "uniform, min_value: 0, max_value: 1",
            "choice, values: [fast]",
            "7: input `rate` must be of type number, not",
        ),
        ("rate: {type", "rat: {type", "3: node `one` has no value for `rate`. Bind it under `inputs:`."),
        ("rate: {type", "kernel: {type", "3: node `one` has no value for `rate`."),
        (
            "    search",
            "    inputs: {rate: 1}\n    search",
            "8: `rate` is an input with a value and drawn as well. Keep one.",
        ),
        (
            "    search_space:\n",
            "    inputs: {rate: 1}\n    search_space:\n      x: {type: randint, upper: 2}\n      #",
            "8: `fit` has",
        ),
        (
            "      rate: {",
            "      depth: {type: uniform, min_value: 1, max_value: 3}\n      rate: {",
            "7: `depth` is of type integer",
        ),
        (
            "      rate: {",
            "      rows: {type: choice, values: [a]}\n      rate: {",
            "7: input `rows` must be a file or folder",
        ),
        ("algorithm: random", "algorithm: rando", "8: `sampling_algorithm` cannot be `rando`: did you mean `random`?"),
        ("algorithm: random", "algorithm: {type: rando}", "8: `sampling_algorithm` cannot be `rando`"),
        ("algorithm: random", "algorithm: grid", "7: grid sampling does not draw from `uniform`: there is `choice`."),
        ("goal: minimize", "goal: smallest", "9: the `goal` cannot be `smallest`: there is `maximize`, `minimize`."),
        (", primary_metric: loss", "", "9: `objective` must have a `goal` and a `primary_metric`."),
        ("    objective: {goal: minimize, primary_metric: loss}\n", "", "3: `objective` must have a `goal`"),
        ("max_total_trials: 3", "timeout: 3", "10: `limits` must have `max_total_trials`."),
        ("max_total_trials: 3", "max_total_trials: few", "10: `max_total_trials` must be a whole number of at least 1"),
        ("trial: ./fit.yml", "trial: ./gone.yml", "5: component: gone.yml does not exist."),
    ],
)
def test_a_mistake_in_a_sweep_is_said_at_its_line(old: str, new: str, sentence: str, refusal) -> None:
    assert old in SPEC
    assert refusal(SPEC.lstrip().replace(old, new)).startswith(f"job.yml:{sentence}")


def test_how_points_are_drawn_is_not_obeyed_and_said(bound) -> None:
    asked = "sampling_algorithm: {type: random, rule: sobol, logbase: 10}"
    job = bound(SPEC.lstrip().replace("sampling_algorithm: random", asked))
    assert job.ignored == (
        "sampling_algorithm.rule: trials are drawn independently of each other.",
        "sampling_algorithm.logbase: logarithms are natural ones.",
    )


def test_a_trial_that_names_what_is_not_drawn_is_refused(refusal) -> None:
    said = refusal("""
        type: sweep
        trial:
          command: echo ${{search_space.rat}}
        search_space: {rate: {type: randint, upper: 3}}
        objective: {goal: minimize, primary_metric: loss}
        limits: {max_total_trials: 3}
    """)
    assert said.startswith("job.yml:3: `${{search_space.rat}}` names nothing here: did you mean `search_space.rate`?")


def test_a_sweep_without_a_space_is_refused(refusal) -> None:
    said = refusal("type: sweep\ntrial: {command: ls}\n")
    assert said == "job.yml:1: there is no `search_space:` here. Say what the sweep may draw."
