"""How many small mistakes in prepare.py and features.py of the reference project its own tests find."""

import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from os.path import commonprefix
from pathlib import Path

from measure import machine, report
from pipelines import generate

FILES = "prepare.py", "features.py"
TESTS = (
    ("tests/reference/test_data.py", "tests/reference/test_features.py", "tests/data"),
    ("tests/model", "tests/reference"),
)
"""Those that train nothing first."""
OTHER: dict[type, tuple[type, ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
}


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        project = generate(Path(scratch))
        shutil.rmtree(project / ".git")
        package = next(project.glob("src/*/contract.py")).parent
        assert found(project) == "", "the tests fail before anything is changed"
        results = []
        for name in FILES:
            file = package / name
            sound = file.read_text("utf-8")
            for what, mutant in mutants(sound):
                file.write_text(mutant, "utf-8")
                by = found(project)
                results.append(bool(by))
                print(f"{name}: {what:<80} {by or 'NOT FOUND'}", flush=True)
            file.write_text(sound, "utf-8")
    print(machine("pytest"))
    share = 100 * sum(results) / len(results)
    report(f"{len(results)} mistakes", [("found by the project's own tests", share, "%", "at least 90")])


def found(project: Path) -> str:
    """The first test that fails."""
    variables = os.environ | {"PYTHONPATH": str(project / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    for tests in TESTS:
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
        done = subprocess.run(command, cwd=project, env=variables, capture_output=True, text=True)
        if done.returncode:
            failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
            return failed[0].split(" - ")[0] if failed else done.stdout[-300:]
    return ""


class Put(ast.NodeTransformer):
    """Another node in the place of one."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """Each with one change, and what that is."""
    tree = ast.parse(source)
    texts = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    names = [each.id for each in ast.walk(tree) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)]
    for place, node in enumerate(ast.walk(tree)):
        for new in () if id(node) in texts else variants(node, names):
            copy = deepcopy(tree)
            mutant = Put([*ast.walk(copy)][place], new).visit(copy)
            before, after = ast.unparse(tree), ast.unparse(mutant)
            same = len(commonprefix([before, after]))
            start = max(before.rfind("\n", 0, same) + 1, same - 20)
            yield f"{before[start : same + 10]!r} -> {after[start : same + 10]!r}", after


def variants(node: ast.AST, names: list[str]) -> Iterator[ast.AST]:
    """What may stand in the place of a node; `names` are those that the file gives to values."""

    def other(**fields: object) -> ast.AST:
        return type(node)(**{**{name: getattr(node, name) for name in node._fields}, **fields})

    match node:
        case ast.Compare(ops=[op]):
            yield from (other(ops=[each()]) for each in OTHER.get(type(op), ()))
        case ast.BinOp(op=op):
            yield from (other(op=each()) for each in OTHER.get(type(op), ()))
        case ast.Constant(value=int(value)):
            yield from (other(value=value + 1), other(value=value - 1))
        case ast.Constant(value=str(value)):
            yield other(value=f"{value}_")
        case ast.Dict(keys=keys, values=values):
            for place in range(len(keys)):
                yield other(keys=without(keys, place), values=without(values, place))
        case ast.Name(id=name, ctx=ast.Load()) if name in names:
            yield other(id=names[(names.index(name) + 1) % len(names)])
        case ast.Call(func=func, args=args, keywords=keywords):
            if isinstance(func, ast.Attribute) and not isinstance(func.value, ast.Name):
                yield func.value
            for place in range(len(args) - 1):
                yield other(args=[*args[:place], args[place + 1], args[place], *args[place + 2 :]])
            for place in range(len(keywords)):
                yield other(keywords=without(keywords, place))


def without(items: list, place: int) -> list:
    return items[:place] + items[place + 1 :]


if __name__ == "__main__":
    main()
