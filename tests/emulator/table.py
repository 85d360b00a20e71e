"""The table of rules in the README, from the rules' docstrings and the tests that trigger them.

`python -m tests.emulator.table` writes it there.
"""

import ast
import inspect
from functools import cache
from pathlib import Path

from tests.emulator.rules import RULES

HERE = Path(__file__).parent
README, START, END = HERE / "README.md", "<!-- rules -->\n", "<!-- end of rules -->\n"


@cache
def tests() -> dict[str, list[str]]:
    """Test functions by the rule that each names."""
    names, found = {rule.name for rule in RULES}, dict[str, list[str]]()
    for file in sorted(HERE.glob("test_*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                texts = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
                for name in sorted(names & {text for text in texts if isinstance(text, str)}):
                    found.setdefault(name, []).append(f"{file.name}::{node.name}")
    return found


def source(rule: str) -> str:
    """What the rule rests on: `Source: …` or `Assumed…`, to the end of its docstring."""
    text = " ".join((inspect.getdoc(next(r.check for r in RULES if r.name == rule)) or "").split())
    starts = [at for word in ("Source: ", "Assumed") if (at := text.find(word)) >= 0]
    return text[min(starts) :].removeprefix("Source: ") if starts else ""


def rows() -> list[str]:
    triggered = tests()
    lines = ["| rule | what Azure refuses, or asks for | source | test |", "|---|---|---|---|"]
    for rule in RULES:
        what = (inspect.getdoc(rule.check) or "").partition("\n\n")[0].replace("\n", " ")
        test = triggered.get(rule.name, [""])[0].replace("::", " ")
        lines.append(f"| `{rule.name}` | {what} | {source(rule.name)} | {test} |".replace("\\", "\\\\"))
    return lines


def written() -> str:
    """The README as it should be."""
    before, _, rest = README.read_text(encoding="utf-8").partition(START)
    return before + START + "\n" + "\n".join(rows()) + "\n\n" + END + rest.partition(END)[2]


if __name__ == "__main__":
    README.write_text(written(), encoding="utf-8")
