"""Random pipelines give what a plain sequential evaluation in Python gives."""

import hashlib
import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops.specs.types import Node
from tests.mlops.platform.lab import Lab, asset, folder, node, text

OUT = {"out": "uri_folder", "file": "uri_file"}
EXAMPLES = int(os.environ.get("RANDOM_PIPELINES_EXAMPLES", "5"))
WORD = st.text("abcXYZ 019.,:=/-%", min_size=1, max_size=8)


Drawn = tuple[tuple[int, ...], str, str, bool]
"""Of a node: the nodes before it, a word, which output of those nodes it reads, and whether it reads a file."""


@st.composite
def pipelines(draw: st.DrawFn) -> list[Drawn]:
    return [
        (
            tuple(draw(st.lists(st.integers(0, number - 1), unique=True, max_size=3))) if number else (),
            draw(WORD),
            draw(st.sampled_from(["out", "file"])),
            draw(st.booleans()),
        )
        for number in range(draw(st.integers(1, 7)))
    ]


def as_node(number: int, drawn: Drawn, data: Path) -> Node:
    before, word, output, reads = drawn
    inputs = {f"n{each}": folder(f"n{each}", output) for each in before} | {"word": text(word)}
    inputs |= {"data": asset(data)} if reads else {}
    below = "/rows" if output == "out" else ""
    parts = " ".join(f"${{{{inputs.n{each}}}}}{below}" for each in before)
    rows = f"printf '%s\\n' '${{{{inputs.word}}}}' | cat - {parts} $[[${{{{inputs.data}}}}]]"
    write = f"{rows} > ${{{{outputs.out}}}}/rows"
    hash_it = "sha256sum < ${{outputs.out}}/rows | cut -c1-64 > ${{outputs.file}}"
    return node(f"n{number}", f"{write}\n{hash_it}", inputs=inputs, outputs=OUT)


def in_sequence(pipeline: list[Drawn], data: str) -> list[tuple[str, str]]:
    """What each node writes into its folder and into its file."""
    done: list[tuple[str, str]] = []
    for before, word, output, reads in pipeline:
        rows = f"{word}\n" + "".join(done[each][output == "file"] for each in before) + (data if reads else "")
        done.append((rows, hashlib.sha256(rows.encode()).hexdigest() + "\n"))
    return done


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pipelines(), st.randoms(use_true_random=False))
def test_a_random_pipeline_gives_what_its_evaluation_in_sequence_gives(with_database, pipeline, shuffle) -> None:
    expected = in_sequence(pipeline, "7\n")
    with tempfile.TemporaryDirectory() as place:
        lab = Lab(Path(place) / "project", with_database)
        data = lab.write("data.txt", "7\n")
        nodes = [as_node(number, each, data) for number, each in enumerate(pipeline)]
        shuffle.shuffle(nodes)
        done, again = lab.run(*nodes), lab.run(*nodes)
        assert done.status == 0, done.events
        for number, (rows, hashed) in enumerate(expected):
            assert (lab.output(done, f"n{number}") / "rows").read_text() == rows
            assert lab.output(again, f"n{number}", "file").read_text() == hashed
        assert set(again.states.values()) == {"reused"}
