"""The machinery that is copied into each project stays small."""

import ast
import io
import tokenize

from tests.support.project import Project

MOST = 14_500
BLANK = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER,
}  # fmt: skip


def code_lines(source: str) -> int:
    """Lines that are neither blank nor comment nor part of a docstring."""
    texts = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]
    docstrings = {line for node in texts for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    tokens = (token for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type not in BLANK)
    return len({line for token in tokens for line in range(token.start[0], token.end[0] + 1)} - docstrings)


def test_code_lines_leave_out_comments_blanks_and_docstrings():
    assert code_lines('"""What.\n\nMore.\n"""\n\n# why\nx = (\n    1\n)\n"""About x."""\n') == 3


def test_the_machinery_stays_small(reference: Project):
    files = list((reference.path / "src" / "mlops").rglob("*.py"))
    assert len(files) > 20
    assert sum(code_lines(file.read_text()) for file in files) <= MOST
